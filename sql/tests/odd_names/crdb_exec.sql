-- name: e :many
-- template: select
-- flag new: as the constructor
-- flag statement: as a method
-- flag execute: as another
-- param row: TEXT
-- param db: UUID
-- column number: TEXT not null
-- column e: INT8
-- retry: safe
-- timeout: 5s
SELECT number, e FROM accounts WHERE a = :row AND b = :db
ORDER BY number {% if new %}DESC{% endif %} {% if statement %}NULLS LAST{% endif %} {% if execute %}LIMIT 1{% endif %};

-- name: er :many
-- template: select
-- flag default: as the trait
-- column number: TEXT not null
SELECT number FROM accounts ORDER BY number {% if default %}DESC{% endif %};

-- name: e_row :one
-- column a: INET
-- column b: BIT
SELECT a, b FROM t;

-- name: future :exec
-- retry: never
-- timeout: 1500ms
DELETE FROM t WHERE a = 1;

-- name: listed :opt
-- template: select
-- ident row: number | e
-- ident fetch: a_b | ab
-- param new: TEXT optional
-- column number: TEXT not null
-- column e: INT8
SELECT number, e FROM accounts WHERE true {% if new %} AND number = :new {% endif %} ORDER BY {{ row }}, {{ fetch }};
