-- name: open :one
-- Opens an account without money in it.
-- row: Account
INSERT INTO accounts (number, customer_id)
VALUES (:number, :customer_id)
RETURNING number, customer_id, balance, opened_at, closed_at;

-- name: get :opt
-- One account by its number.
-- row: Account
-- retry: safe
SELECT number, customer_id, balance, opened_at, closed_at
FROM accounts
WHERE number = :number;

-- name: search :many
-- Open accounts, narrowed down and ordered as the caller likes.
-- row: Found
-- template: select
-- param country: TEXT optional -- where the customer lives
-- param least: INT8 optional -- the smallest balance
-- ident sort: number | balance | opened_at
-- flag descending: largest or latest first
-- allow: full_scan
SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
FROM accounts
JOIN customers ON customers.id = accounts.customer_id
WHERE accounts.closed_at IS NULL
{% if country %}  AND customers.country = :country
{% endif %}{% if least %}  AND accounts.balance >= :least
{% endif %}ORDER BY accounts.{{ sort }}{% if descending %} DESC{% endif %}, accounts.number
LIMIT :count;

-- name: withdraw :execrows
-- Takes an amount from an open account that covers it; no row is changed otherwise.
UPDATE accounts
SET balance = balance - :amount
WHERE number = :number AND balance >= :amount AND closed_at IS NULL;

-- name: deposit :execrows
-- Adds an amount to an open account.
UPDATE accounts
SET balance = balance + :amount
WHERE number = :number AND closed_at IS NULL;

-- name: close :execrows
-- Closes an account that is open and empty.
UPDATE accounts
SET closed_at = now()
WHERE number = :number AND balance = 0 AND closed_at IS NULL;
