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

-- name: owned :batch
-- arguments: std::hash::Hash, Eq
-- param item: TEXT
-- param items: BYTES null
INSERT INTO t (a, b) VALUES (:item, :items);

-- name: owned_arrays :batch
-- arguments: std::hash::Hash
-- param item: TEXT
-- param params: TEXT[]
-- param kind: labels
INSERT INTO t (a, b, c) VALUES (:item, :params, :kind);

-- name: owned_once :exec
-- arguments: std::hash::Hash
-- param db: TEXT
-- param kinds: labels[]
UPDATE t SET a = :db WHERE b = ANY(:kinds);
