-- name: usize :batch
-- param chunk: TEXT
INSERT INTO t (a) VALUES (:chunk);
