-- Every statement runs on CockroachDB and on PostgreSQL. Money is in cents.

CREATE TABLE customers (
    id         UUID        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    name       TEXT        NOT NULL,
    email      TEXT        NOT NULL UNIQUE,
    country    TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE accounts (
    number      TEXT        NOT NULL PRIMARY KEY,
    customer_id UUID        NOT NULL REFERENCES customers (id),
    balance     INT8        NOT NULL DEFAULT 0 CHECK (balance >= 0),
    opened_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    closed_at   TIMESTAMPTZ
);

CREATE INDEX accounts_by_customer ON accounts (customer_id);

CREATE TABLE transfers (
    id        UUID        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    source    TEXT        NOT NULL REFERENCES accounts (number),
    target    TEXT        NOT NULL REFERENCES accounts (number),
    amount    INT8        NOT NULL CHECK (amount > 0),
    note      TEXT,
    made_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (source <> target)
);

CREATE INDEX transfers_by_source ON transfers (source, made_at);
CREATE INDEX transfers_by_target ON transfers (target, made_at);
