-- name: add :one
-- Adds a book.
-- row: Book
-- arguments: crdb_facade::serde::Deserialize
INSERT INTO books (isbn, title, author, year, copies)
VALUES (:isbn, :title, :author, :year, :copies)
RETURNING isbn, title, author, year, copies, lent;

-- name: get :one
-- One book.
-- row: Book
-- retry: safe
SELECT isbn, title, author, year, copies, lent
FROM books
WHERE isbn = :isbn;

-- name: search :many
-- Books, narrowed down and ordered as the caller likes.
-- row: Book
-- template: select
-- param author: TEXT optional -- who wrote it
-- param since: INT4 optional -- the first year
-- flag available: only those of which a copy is there
-- ident sort: title | year
-- allow: full_scan
SELECT isbn, title, author, year, copies, lent
FROM books
WHERE true
{% if author %}  AND author = :author
{% endif %}{% if since %}  AND year >= :since
{% endif %}{% if available %}  AND lent < copies
{% endif %}ORDER BY {{ sort }}, isbn
LIMIT :count;

-- name: take_copy :execrows
-- Takes a copy off the shelf, if one is there.
UPDATE books SET lent = lent + 1 WHERE isbn = :isbn AND lent < copies;

-- name: put_back :execrows
-- Puts a copy back.
UPDATE books SET lent = lent - 1 WHERE isbn = :isbn;
