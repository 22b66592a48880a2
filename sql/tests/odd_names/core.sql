-- name: x :many
-- column a: INT8 not null
SELECT 1 AS a;

-- name: x_stream :many
-- column a: INT8
SELECT 1 AS a;

-- name: x_stream_stream :one
-- param db: TEXT
-- column a: TEXT
SELECT :db AS a;

-- name: type :opt
-- param rows: BYTES
-- column a: BYTES not null
SELECT :rows AS a;

-- name: a_b :one
-- param a_b: INT8
-- param a__b: JSONB
-- column "aB": INT8
-- column a_b: JSONB
-- column "?": UUID
-- column "!": DECIMAL
SELECT :a_b AS "aB", :a__b AS a_b, NULL AS "?", NULL AS "!";

-- name: a__b :one
-- param a_b: INT8
-- param items: TIMESTAMPTZ
-- column changed: INT8
-- column chunk: INTERVAL
SELECT :a_b AS changed, :items AS chunk;
