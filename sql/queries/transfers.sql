-- name: record :exec
-- Records a transfer between two accounts named by their numbers.
-- param note: STRING null -- what it is for
INSERT INTO transfers (from_account, to_account, amount, note)
SELECT source.id, target.id, :amount::DECIMAL, :note::TEXT
FROM accounts AS source, accounts AS target
WHERE source.number = :from_number AND target.number = :to_number;

-- name: latest :many
-- The latest transfers of an account, newest first.
SELECT transfers.id, source.number AS from_number, target.number AS to_number, transfers.amount, transfers.note,
       transfers.made_at
FROM transfers
JOIN accounts AS source ON source.id = transfers.from_account
JOIN accounts AS target ON target.id = transfers.to_account
WHERE source.number = :number OR target.number = :number
ORDER BY transfers.made_at DESC
LIMIT :count;
