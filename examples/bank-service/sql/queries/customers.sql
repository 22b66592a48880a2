-- name: create :one
-- Adds a customer.
-- row: Customer
INSERT INTO customers (name, email, country)
VALUES (:name, lower(:email), :country)
RETURNING id, name, email, country, created_at;

-- name: get :opt
-- One customer by key.
-- row: Customer
-- retry: safe
SELECT id, name, email, country, created_at
FROM customers
WHERE id = :id;
