-- The owner migrates; the service works with the rows of what the owner has made and will make. Run as an administrator, before the first
-- migration.
CREATE USER IF NOT EXISTS bank_owner;
CREATE USER IF NOT EXISTS bank;
CREATE DATABASE IF NOT EXISTS bank OWNER bank_owner;
USE bank;
REVOKE CREATE ON SCHEMA public FROM public;
GRANT ALL ON SCHEMA public TO bank_owner;
GRANT USAGE ON SCHEMA public TO bank;
ALTER DEFAULT PRIVILEGES FOR ROLE bank_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bank;
