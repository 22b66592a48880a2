-- name: balances_by_country :many
-- How much money the customers of each country hold.
-- timeout: 5s
-- allow: full_scan
SELECT customers.country, count(DISTINCT customers.id) AS customers, count(accounts.id) AS accounts,
       sum(accounts.balance) AS total
FROM customers
JOIN accounts ON accounts.customer_id = customers.id
GROUP BY customers.country
ORDER BY total DESC;

-- name: busiest_accounts :many
-- The accounts with most outgoing transfers.
-- timeout: 5s
-- allow: full_scan
SELECT accounts.number, customers.name, count(*) AS transfers, sum(transfers.amount) AS moved
FROM transfers
JOIN accounts ON accounts.id = transfers.from_account
JOIN customers ON customers.id = accounts.customer_id
GROUP BY accounts.number, customers.name
ORDER BY moved DESC, accounts.number
LIMIT :count;
