-- name: now :one
-- column now: TIMESTAMPTZ not null
SELECT now() AS now;

-- name: utc :batch
-- param a: TIMESTAMPTZ
-- param b: TEXT
INSERT INTO t (a, b) VALUES (:a, :b);
