-- The service logs in with a certificate, and owns its database.
CREATE USER IF NOT EXISTS bank;
CREATE DATABASE IF NOT EXISTS bank OWNER bank;
-- Without CREATE on PUBLIC for others, only the owner makes tables.
REVOKE CREATE ON SCHEMA bank.public FROM public;
GRANT ALL ON SCHEMA bank.public TO bank;
