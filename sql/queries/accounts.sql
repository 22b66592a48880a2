-- name: get :one
-- One account by its number.
SELECT id, number, customer_id, kind, currency, balance, opened_at, closed_at
FROM accounts
WHERE number = :number;

-- name: numbers :many
-- The first account numbers, in order.
SELECT number
FROM accounts
ORDER BY number
LIMIT :count;

-- name: total :one
-- The sum of all balances, which transfers conserve.
-- allow: full_scan
SELECT sum(balance) AS total, count(*) AS accounts
FROM accounts;

-- name: balance :one
-- The balance of an account, as the running transaction sees it.
-- retry: safe
SELECT balance
FROM accounts
WHERE number = :number;

-- name: withdraw :execrows
-- Takes an amount from an account that covers it; no row is changed otherwise.
UPDATE accounts
SET balance = balance - :amount
WHERE number = :number AND balance >= :amount;

-- name: deposit :execrows
-- Adds an amount to an account.
UPDATE accounts
SET balance = balance + :amount
WHERE number = :number;

-- name: search :many
-- Open accounts, narrowed down and ordered as the caller likes.
-- template: select
-- param country: STRING optional -- where the customer lives
-- param least: DECIMAL optional -- the smallest balance
-- ident sort: number | balance | opened_at
-- flag descending: largest or latest first
-- allow: full_scan
SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
FROM accounts
JOIN customers ON customers.id = accounts.customer_id
WHERE accounts.closed_at IS NULL
{%- if country %} AND customers.country = :country {%- endif %}
{%- if least %} AND accounts.balance >= :least {%- endif %}
ORDER BY accounts.{{ sort }} {%- if descending %} DESC {%- endif %}, accounts.number
LIMIT :count;
