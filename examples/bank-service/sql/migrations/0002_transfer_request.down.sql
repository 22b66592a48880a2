ALTER TABLE transfers DROP COLUMN request;
