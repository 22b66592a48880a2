-- name: record :one
-- Records that a member has a copy of a book.
-- row: Loan
-- arguments: crdb_facade::serde::Deserialize
INSERT INTO loans (isbn, member)
VALUES (:isbn, :member)
RETURNING id, isbn, member, due_at, returned_at;

-- name: close :one
-- Records that the copy is back. Gives no row where it was back already.
-- row: Loan
UPDATE loans
SET returned_at = now()
WHERE id = :id AND returned_at IS NULL
RETURNING id, isbn, member, due_at, returned_at;

-- name: of_member :many
-- What a member has, the first to be returned first.
-- row: Lent
-- retry: safe
SELECT loans.id, books.isbn, books.title, loans.due_at
FROM loans
JOIN books ON books.isbn = loans.isbn
WHERE loans.member = :member AND loans.returned_at IS NULL
ORDER BY loans.due_at;

-- name: overdue :many
-- What should have been returned, the longest overdue first.
-- row: Lent
-- retry: safe
SELECT loans.id, books.isbn, books.title, loans.due_at
FROM loans
JOIN books ON books.isbn = loans.isbn
WHERE loans.due_at < now() AND loans.returned_at IS NULL
ORDER BY loans.due_at
LIMIT :count;
