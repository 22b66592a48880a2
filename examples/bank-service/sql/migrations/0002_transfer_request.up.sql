-- Lets a client repeat a transfer whose answer it did not get: the same request moves money once.

ALTER TABLE transfers ADD COLUMN request TEXT;

CREATE UNIQUE INDEX transfers_by_request ON transfers (request);
