-- A small bank. Every statement runs on CockroachDB and on PostgreSQL.

CREATE TYPE account_kind AS ENUM ('checking', 'savings', 'settlement');

CREATE TABLE customers (
    id          UUID        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    name        TEXT        NOT NULL,
    email       TEXT        NOT NULL UNIQUE,
    country     TEXT        NOT NULL,
    preferences JSONB       NOT NULL DEFAULT '{}',
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE accounts (
    id          UUID           NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    number      TEXT           NOT NULL UNIQUE,
    customer_id UUID           NOT NULL REFERENCES customers (id),
    kind        account_kind   NOT NULL,
    currency    TEXT           NOT NULL DEFAULT 'EUR',
    balance     DECIMAL(19, 2) NOT NULL CHECK (balance >= 0),
    opened_at   TIMESTAMPTZ    NOT NULL DEFAULT now(),
    closed_at   TIMESTAMPTZ
);

CREATE INDEX accounts_by_customer ON accounts (customer_id);

CREATE TABLE transfers (
    id           UUID           NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    from_account UUID           NOT NULL REFERENCES accounts (id),
    to_account   UUID           NOT NULL REFERENCES accounts (id),
    amount       DECIMAL(19, 2) NOT NULL CHECK (amount > 0),
    note         TEXT,
    made_at      TIMESTAMPTZ    NOT NULL DEFAULT now(),
    CHECK (from_account <> to_account)
);

CREATE INDEX transfers_by_source ON transfers (from_account, made_at);
CREATE INDEX transfers_by_target ON transfers (to_account, made_at);
