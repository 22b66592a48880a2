-- name: get :opt
-- One customer by key.
SELECT id, name, email, country, preferences, created_at
FROM customers
WHERE id = :id;

-- name: by_country :many
-- Customers of a country, by name.
-- allow: full_scan
SELECT id, name, email
FROM customers
WHERE country = :country
ORDER BY name, email;

-- name: create :one
-- Opens a customer record and answers with its key.
INSERT INTO customers (name, email, country, preferences)
VALUES (:name, :email, :country, :preferences)
RETURNING id;

-- name: import :batch
-- Opens many customer records; those whose address is known already stay as they are.
INSERT INTO customers (name, email, country)
VALUES (:name, lower(:email), :country)
ON CONFLICT (email) DO NOTHING;
