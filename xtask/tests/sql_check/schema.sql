CREATE TABLE accounts (
    id UUID PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    customer_id UUID NOT NULL,
    balance DECIMAL NOT NULL
);
