//! What files, lists of statements and schemas may have many of, and what nests.

use super::{Shape, listed};

pub(super) const FILES: &[Shape] = &[
    ("queries", |n| {
        listed(
            n,
            |i| format!("-- name: q{i} :one\nSELECT a FROM t WHERE id = {i}"),
            ";\n\n",
        )
    }),
    ("queries of one name", |n| {
        listed(
            n,
            |_| "-- name: q :one\nSELECT a FROM t WHERE id = 1".to_owned(),
            ";\n\n",
        )
    }),
    ("queries with mistakes", |n| {
        listed(
            n,
            |i| format!("-- name: q{i} :one\n-- retries: 1\nSELECT x FROM tt WHERE id = :p"),
            ";\n\n",
        )
    }),
    ("misplaced annotations", |n| {
        listed(
            n,
            |i| format!("-- name: q{i} :one\nSELECT a FROM t\n-- retry: safe\nWHERE id = 1"),
            ";\n\n",
        )
    }),
    ("bad names", |n| {
        listed(
            n,
            |i| format!("-- name: Q-{i} :one\nSELECT a FROM t WHERE id = 1"),
            ";\n\n",
        )
    }),
    ("statements of a query", |n| {
        format!(
            "-- name: q :exec\n{}",
            listed(
                n,
                |i| format!("DELETE FROM t;\nUPDATE t SET a = {i} WHERE id = {i}"),
                ";\n"
            )
        )
    }),
    ("lines of a header", |n| {
        format!(
            "-- name: q :one\n{}\nSELECT 1 AS one",
            listed(n, |i| format!("-- word {i}"), "\n")
        )
    }),
    ("described parameters", |n| {
        format!(
            "-- name: q :many\n{}\nSELECT a FROM t WHERE {}",
            listed(n, |i| format!("-- param p{i}: INT8"), "\n"),
            listed(n, |i| format!("id = :p{i}"), " OR ")
        )
    }),
    ("described parameters that are not there", |n| {
        format!(
            "-- name: q :many\n{}\nSELECT a FROM t WHERE {}",
            listed(n, |i| format!("-- param q{i}: INT8"), "\n"),
            listed(n, |i| format!("id = :p{i}"), " OR ")
        )
    }),
    ("described columns", |n| {
        format!(
            "-- name: q :many\n{}\nSELECT {} FROM t WHERE id = 1",
            listed(n, |i| format!("-- column c{i}: INT8 not null"), "\n"),
            listed(n, |i| format!("a AS c{i}"), ", ")
        )
    }),
    ("tags", |n| {
        format!(
            "-- name: q :many\n-- tags: {}\nSELECT 1 AS x",
            listed(n, |i| format!("t{i}"), ", ")
        )
    }),
    ("switches of a template", |n| {
        format!(
            "-- name: q :many\n{}\nSELECT a FROM t WHERE id = 1 {}",
            listed(n, |i| format!("-- flag: f{i}"), "\n"),
            listed(
                n,
                |i| format!("{{% if f{i} %}} AND a = {i} {{% endif %}}"),
                " "
            )
        )
    }),
    ("tables, and queries of them", |n| {
        format!(
            "{}~~~{}",
            listed(
                n,
                |i| format!("CREATE TABLE t{i} (id INT8 PRIMARY KEY)"),
                ";\n"
            ),
            listed(
                n,
                |i| format!("-- name: q{i} :one\nSELECT x FROM t{i} WHERE id = 1"),
                ";\n\n"
            )
        )
    }),
    ("tables, and queries that define", |n| {
        format!(
            "{}~~~{}",
            listed(
                n,
                |i| format!("CREATE TABLE t{i} (id INT8 PRIMARY KEY)"),
                ";\n"
            ),
            listed(
                n,
                |i| format!("-- name: q{i} :exec\nCREATE INDEX ON t{i} (id)"),
                ";\n\n"
            )
        )
    }),
    ("columns of a table", |n| {
        format!(
            "CREATE TABLE t (id INT8 PRIMARY KEY, {})~~~-- name: q :exec\nINSERT INTO t ({}) VALUES ({})",
            listed(n, |i| format!("c{i} INT8"), ", "),
            listed(n, |i| format!("c{i}"), ", "),
            listed(n, |i| format!(":p{i}"), ", ")
        )
    }),
    ("foreign keys with indexes", |n| {
        format!(
            "-- name: q :exec\nCREATE TABLE x (id UUID PRIMARY KEY, {}, {})",
            listed(n, |i| format!("c{i} INT8 REFERENCES t (id)"), ", "),
            listed(n, |i| format!("INDEX (c{i})"), ", ")
        )
    }),
];

pub(super) const LISTS: &[Shape] = &[
    ("statements", |n| {
        listed(n, |i| format!("SELECT {i}"), ";\n")
    }),
    ("statements on one line", |n| {
        listed(n, |i| format!("SELECT {i}"), "; ")
    }),
    ("mistakes", |n| listed(n, |i| format!("SELEC {i}"), ";\n")),
    ("mistakes on one line", |n| {
        listed(n, |i| format!("SELEC {i}"), "; ")
    }),
    ("mistakes over two lines", |n| {
        listed(n, |i| format!("SELEC 'a{i};\n b'"), ";\n")
    }),
    ("strings that do not end", |n| {
        listed(n, |i| format!("SELECT 'a{i}"), ";\r\n")
    }),
    ("comments that do not end", |n| {
        listed(n, |i| format!("SELECT /*a{i}"), ";\n")
    }),
    ("comments that end much later", |n| {
        format!(
            "{}{}",
            listed(n, |i| format!("SELEC /*{i}"), ";\n"),
            "*/;\n".repeat(n)
        )
    }),
    ("dollar quotes that do not end", |n| {
        listed(n, |i| format!("SELECT $x{i}$"), ";\n")
    }),
    ("bodies that do not end", |n| {
        listed(
            n,
            |i| format!("CREATE FUNCTION f{i}() BEGIN ATOMIC SELECT 1; "),
            ";\n",
        )
    }),
];

pub(super) const SCHEMAS: &[Shape] = &[
    ("tables", |n| {
        listed(
            n,
            |i| format!("CREATE TABLE t{i} (id INT8 PRIMARY KEY)"),
            ";\n",
        )
    }),
    ("tables that are dropped", |n| {
        listed(
            n,
            |i| format!("CREATE TABLE t{i} (id INT8); DROP TABLE t{i}"),
            ";\n",
        )
    }),
    ("mistakes beside tables", |n| {
        format!(
            "{};\n{}",
            listed(
                n,
                |i| format!("CREATE TABLE t{i} (id INT8 PRIMARY KEY)"),
                ";\n"
            ),
            listed(n, |i| format!("CREATE TABEL x{i}"), "; ")
        )
    }),
    ("blocks beside tables", |n| {
        format!(
            "{};\n{}",
            listed(
                n,
                |i| format!("CREATE TABLE t{i} (id INT8 PRIMARY KEY)"),
                ";\n"
            ),
            listed(n, |i| format!("DO $$ BEGIN PERFORM x{i}; END $$"), ";\n")
        )
    }),
    ("columns and a key of them", |n| {
        format!(
            "CREATE TABLE t ({}, PRIMARY KEY ({}))",
            listed(n, |i| format!("c{i} INT8"), ", "),
            listed(n, |i| format!("c{i}"), ", ")
        )
    }),
    ("columns that are added", |n| {
        format!(
            "CREATE TABLE t (id INT8); {}",
            listed(n, |i| format!("ALTER TABLE t ADD COLUMN c{i} INT8"), ";\n")
        )
    }),
    ("foreign keys", |n| {
        format!(
            "CREATE TABLE t ({})",
            listed(n, |i| format!("c{i} INT8 REFERENCES p (id)"), ", ")
        )
    }),
    ("views of views", |n| {
        listed(
            n,
            |i| {
                format!(
                    "CREATE VIEW v{} AS SELECT x.id FROM v{i} AS x, v{i} AS y",
                    i + 1
                )
            },
            ";\n",
        )
    }),
    ("renamed tables", |n| {
        format!(
            "CREATE TABLE t0 (id INT8); {}",
            listed(
                n,
                |i| format!("ALTER TABLE t{i} RENAME TO t{}", i + 1),
                ";\n"
            )
        )
    }),
];

/// What is there many times and goes, or changes its name, one by one. The first half of each is made in one statement.
pub(super) const ONE_BY_ONE: &[Shape] = &[
    ("columns that are dropped", |n| {
        changes(n, |i| format!("ALTER TABLE t DROP COLUMN c{i}"))
    }),
    ("columns that are dropped, the last one first", |n| {
        changes(n, |i| format!("ALTER TABLE t DROP COLUMN c{}", n - 1 - i))
    }),
    ("columns that are renamed", |n| {
        changes(n, |i| format!("ALTER TABLE t RENAME COLUMN c{i} TO d{i}"))
    }),
    ("columns that are made and dropped", |n| {
        changes(n, |i| {
            format!("ALTER TABLE t ADD COLUMN x INT8 UNIQUE; ALTER TABLE t DROP COLUMN x /* {i} */")
        })
    }),
    ("indexes that are dropped", |n| {
        changes(n, |i| format!("DROP INDEX t@i{i}"))
    }),
    ("indexes that are dropped, the last one first", |n| {
        changes(n, |i| format!("DROP INDEX t@i{}", n - 1 - i))
    }),
    ("indexes without names that are dropped", |n| {
        changes(n, |i| format!("DROP INDEX t_c{i}_key"))
    }),
    ("indexes that are renamed", |n| {
        changes(n, |i| format!("ALTER INDEX t@i{i} RENAME TO j{i}"))
    }),
    ("indexes that are made and dropped", |n| {
        changes(n, |i| {
            format!("CREATE INDEX IF NOT EXISTS x ON t (c{i}); DROP INDEX t@x")
        })
    }),
    ("constraints that are dropped", |n| {
        changes(n, |i| format!("ALTER TABLE t DROP CONSTRAINT k{i}"))
    }),
    ("constraints that are renamed", |n| {
        changes(n, |i| {
            format!("ALTER TABLE t RENAME CONSTRAINT k{i} TO l{i}")
        })
    }),
    ("constraints that are made and dropped", |n| {
        changes(n, |i| {
            format!(
                "ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (c{i}) REFERENCES p (id); \
                 ALTER TABLE t DROP CONSTRAINT x"
            )
        })
    }),
    ("primary keys", |n| {
        changes(n, |i| {
            format!("ALTER TABLE t ALTER PRIMARY KEY USING COLUMNS (c{i})")
        })
    }),
    ("tables like one with many indexes that went", |n| {
        format!(
            "{};\n{}",
            changes(n, |i| format!("ALTER TABLE t DROP COLUMN c{i}")),
            listed(
                n,
                |i| format!("CREATE TABLE u{i} (LIKE t INCLUDING ALL)"),
                ";\n"
            )
        )
    }),
    ("labels that are dropped", |n| {
        labels(n, |i| format!("ALTER TYPE e DROP VALUE 'l{i}'"))
    }),
    ("labels that are renamed", |n| {
        labels(n, |i| format!("ALTER TYPE e RENAME VALUE 'l{i}' TO 'm{i}'"))
    }),
    ("labels that are added before another", |n| {
        labels(n, |i| {
            format!("ALTER TYPE e ADD VALUE 'm{i}' BEFORE 'l{i}'")
        })
    }),
    ("labels that are added", |n| {
        labels(n, |i| {
            format!("ALTER TYPE e ADD VALUE IF NOT EXISTS 'm{i}'")
        })
    }),
];

/// A table with as many columns, indexes, keys and foreign keys, and what changes them.
fn changes(n: usize, change: impl Fn(usize) -> String) -> String {
    format!(
        "CREATE TABLE t ({}, {}, {});\n{}",
        listed(n, |i| format!("c{i} INT8 UNIQUE"), ", "),
        listed(n, |i| format!("INDEX i{i} (c{i})"), ", "),
        listed(
            n,
            |i| format!("CONSTRAINT k{i} FOREIGN KEY (c{i}) REFERENCES p (id)"),
            ", "
        ),
        listed(n, change, ";\n")
    )
}

/// An enum with as many labels, and what changes them.
fn labels(n: usize, change: impl Fn(usize) -> String) -> String {
    format!(
        "CREATE TYPE e AS ENUM ({});\n{}",
        listed(n, |i| format!("'l{i}'"), ", "),
        listed(n, change, ";\n")
    )
}

fn deep(n: usize, open: &str, inside: &str, close: &str) -> String {
    let one = format!("{}{inside}{}", open.repeat(40), close.repeat(40));
    format!("SELECT {}", listed(n / 40, |_| one.clone(), ", "))
}

pub(super) const DEPTHS: &[Shape] = &[
    ("parentheses", |n| deep(n, "(", "1", ")")),
    ("subqueries", |n| deep(n, "(SELECT ", "1", ")")),
    ("derived tables", |n| deep(n, "(SELECT a FROM ", "t", ")")),
    ("CASEs", |n| deep(n, "CASE WHEN ", "a", " THEN 1 END")),
    ("calls", |n| deep(n, "f(", "1", ")")),
    ("arrays", |n| deep(n, "ARRAY[", "1", "]")),
    ("rows", |n| deep(n, "(1, ", "2", ")")),
    ("signs", |n| deep(n, "- ", "1", "")),
    ("negations", |n| deep(n, "NOT ", "a", "")),
    ("unions", |n| deep(n, "(SELECT 1 UNION SELECT ", "2", ")")),
    ("BETWEENs", |n| deep(n, "(a BETWEEN ", "1", " AND 2)")),
];
