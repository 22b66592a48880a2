-- name: str :one
-- Text with "quotes", a backslash \ and {braces}.
-- param str: TEXT
-- column str: TEXT not null
SELECT :str || '"#"##' AS str;

-- name: async :batch
-- param item: BYTES
UPDATE t SET a = :item;

-- name: odd_text :one
-- column a: TEXT not null
SELECT '‮ right to left' AS a;
