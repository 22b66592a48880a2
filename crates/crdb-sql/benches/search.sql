-- name: search :many
-- template: select
-- param country: STRING optional
-- param least: DECIMAL optional
-- ident sort: number | balance | opened_at
-- flag descending: largest first
SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
FROM accounts JOIN customers ON customers.id = accounts.customer_id
WHERE accounts.closed_at IS NULL
{% if country %} AND customers.country = :country {% endif %}
{% if least %} AND accounts.balance >= :least {% endif %}
ORDER BY accounts.{{ sort }} {% if descending %} DESC {% endif %}, accounts.number
LIMIT :count
