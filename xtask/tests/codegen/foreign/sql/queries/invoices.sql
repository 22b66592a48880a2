-- name: import :batch
INSERT INTO invoices (id, number, state, total, due, grace, lines, labels)
VALUES (:id, :number, :state, :total, :due, :grace, :lines, ARRAY[:label]);

-- name: get :opt
-- One invoice.
-- retry: safe
SELECT id, number, state, total, labels, due, grace, lines FROM invoices WHERE id = :id;

-- name: count :one
-- allow: full_scan
SELECT count(*) AS invoices, max(due) AS latest FROM invoices WHERE state = ANY(:states);

-- name: numbered :many
-- staleness: 10s
SELECT id, due FROM invoices WHERE number = ANY(:numbers) ORDER BY number;

-- name: with_payments :many
SELECT invoices.number, payments.amount
FROM invoices LEFT JOIN payments ON payments.invoice = invoices.id
WHERE invoices.id = :id;

-- name: pay :execrows
UPDATE invoices SET state = 'paid' WHERE id = :id AND state <> 'paid';

-- name: label :exec
UPDATE invoices SET labels = :labels WHERE id = :id;

-- name: search :many
-- template: select
-- row: Total
-- derive: serde::Serialize
-- param least: DECIMAL optional
-- ident sort: total | due
-- allow: full_scan
SELECT id, total FROM invoices WHERE true {% if least %}AND total >= :least{% endif %} ORDER BY {{ sort }}, id;

-- name: smallest :opt
-- row: Total
SELECT id, total FROM invoices ORDER BY total LIMIT 1;

-- name: states :many
-- row: crate::OfState
SELECT state, count(*) AS invoices FROM invoices GROUP BY state ORDER BY state;

-- name: put_payment :exec
-- PostgreSQL cannot prepare it, so it declares its types.
-- param id: UUID
-- param invoice: UUID
-- param amount: DECIMAL
UPSERT INTO payments (id, invoice, amount) VALUES (:id, :invoice, :amount);
