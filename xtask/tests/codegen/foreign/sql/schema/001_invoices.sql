CREATE TYPE state AS ENUM ('open', 'partly paid', 'paid');

CREATE TABLE invoices (
    id UUID PRIMARY KEY,
    number INT8 NOT NULL UNIQUE,
    state state NOT NULL,
    total DECIMAL(19, 4) NOT NULL,
    labels TEXT[] NOT NULL,
    due TIMESTAMPTZ,
    grace INTERVAL NOT NULL,
    lines JSONB NOT NULL
);

CREATE TABLE payments (
    id UUID PRIMARY KEY,
    invoice UUID NOT NULL REFERENCES invoices (id),
    amount DECIMAL(19, 4) NOT NULL
);

CREATE INDEX payments_by_invoice ON payments (invoice);
