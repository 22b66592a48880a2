-- name: labels :one
-- param db: labels
-- column a: labels not null
SELECT :db AS a;

-- name: r_error :one
-- param db: error
-- param row: error[] null
-- column self: error not null
-- column type: error[]
SELECT :db AS self, :row AS type;

-- name: r_row :opt
-- param db: row
-- param row: row[] null
-- column self: row not null
-- column type: row[]
SELECT :db AS self, :row AS type;

-- name: r_result :many
-- param db: result
-- param row: result[] null
-- column self: result not null
-- column type: result[]
SELECT :db AS self, :row AS type;

-- name: r_option :batch
-- param db: option
-- param row: option[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_type :exec
-- param db: type
-- param row: type[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_string :execrows
-- param db: string
-- param row: string[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_vec :one
-- param db: vec
-- param row: vec[] null
-- column self: vec not null
-- column type: vec[]
SELECT :db AS self, :row AS type;

-- name: r_box :opt
-- param db: box
-- param row: box[] null
-- column self: box not null
-- column type: box[]
SELECT :db AS self, :row AS type;

-- name: r_ok :many
-- param db: ok
-- param row: ok[] null
-- column self: ok not null
-- column type: ok[]
SELECT :db AS self, :row AS type;

-- name: r_some :batch
-- param db: some
-- param row: some[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_none :exec
-- param db: none
-- param row: none[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_e :execrows
-- param db: e
-- param row: e[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_self :one
-- param db: self
-- param row: self[] null
-- column self: self not null
-- column type: self[]
SELECT :db AS self, :row AS type;

-- name: r_str :opt
-- param db: str
-- param row: str[] null
-- column self: str not null
-- column type: str[]
SELECT :db AS self, :row AS type;

-- name: r_duration :many
-- param db: duration
-- param row: duration[] null
-- column self: duration not null
-- column type: duration[]
SELECT :db AS self, :row AS type;

-- name: r_sync :batch
-- param db: sync
-- param row: sync[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_send :exec
-- param db: send
-- param row: send[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_default :execrows
-- param db: default
-- param row: default[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_executor :one
-- param db: executor
-- param row: executor[] null
-- column self: executor not null
-- column type: executor[]
SELECT :db AS self, :row AS type;

-- name: r_statement :opt
-- param db: statement
-- param row: statement[] null
-- column self: statement not null
-- column type: statement[]
SELECT :db AS self, :row AS type;

-- name: r_to_sql :many
-- param db: to_sql
-- param row: to_sql[] null
-- column self: to_sql not null
-- column type: to_sql[]
SELECT :db AS self, :row AS type;

-- name: r_std :batch
-- param db: std
-- param row: std[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_iterator :exec
-- param db: iterator
-- param row: iterator[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_into :execrows
-- param db: into
-- param row: into[] null
INSERT INTO t (a, b) VALUES (:db, :row);

-- name: r_x_row :one
-- param db: x_row
-- param row: x_row[] null
-- column self: x_row not null
-- column type: x_row[]
SELECT :db AS self, :row AS type;

-- name: r_debug :opt
-- param db: debug
-- param row: debug[] null
-- column self: debug not null
-- column type: debug[]
SELECT :db AS self, :row AS type;

