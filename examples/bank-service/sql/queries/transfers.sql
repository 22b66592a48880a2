-- name: record :opt
-- Records a transfer. Gives no row where one with the same request is there already.
-- row: Transfer
-- param note: TEXT null -- what it is for
-- param request: TEXT null -- the client's own key for it
INSERT INTO transfers (source, target, amount, note, request)
VALUES (:source, :target, :amount, :note, :request)
ON CONFLICT (request) DO NOTHING
RETURNING id, source, target, amount, note, made_at;

-- name: by_request :opt
-- The transfer that a client asked for under this key.
-- row: Transfer
-- retry: safe
SELECT id, source, target, amount, note, made_at
FROM transfers
WHERE request = :request;

-- name: latest :many
-- The latest transfers of an account, newest first.
-- row: Transfer
-- retry: safe
SELECT id, source, target, amount, note, made_at
FROM transfers
WHERE source = :number OR target = :number
ORDER BY made_at DESC
LIMIT :count;
