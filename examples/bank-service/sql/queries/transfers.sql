-- name: record :one
-- Records a transfer.
-- row: Transfer
-- param note: TEXT null -- what it is for
INSERT INTO transfers (source, target, amount, note)
VALUES (:source, :target, :amount, :note)
RETURNING id, source, target, amount, note, made_at;

-- name: latest :many
-- The latest transfers of an account, newest first.
-- row: Transfer
-- retry: safe
SELECT id, source, target, amount, note, made_at
FROM transfers
WHERE source = :number OR target = :number
ORDER BY made_at DESC
LIMIT :count;
