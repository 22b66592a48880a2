//! What one query may have many of.

use super::{Shape, listed};

pub(super) const EXPRESSIONS: &[Shape] = &[
    ("columns", |n| {
        format!(
            "SELECT {} FROM t",
            listed(n, |i| format!("a AS c{i}"), ", ")
        )
    }),
    ("unknown columns on one line", |n| {
        format!("SELECT {} FROM t", listed(n, |i| format!("x{i}"), ", "))
    }),
    ("parentheses", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(n, |i| format!("(((id = {i})))"), " AND ")
        )
    }),
    ("branches of CASE", |n| {
        format!(
            "SELECT CASE {} END AS c FROM t WHERE id = 1",
            listed(n, |i| format!("WHEN a = {i} THEN b"), " ")
        )
    }),
    ("CASEs", |n| {
        format!(
            "SELECT {} FROM t WHERE id = 1",
            listed(
                n,
                |i| format!("CASE a WHEN {i} THEN b ELSE 1 END AS c{i}"),
                ", "
            )
        )
    }),
    ("UNIONs", |n| {
        format!(
            "SELECT {}",
            listed(
                n,
                |i| format!(
                    "(SELECT a FROM t WHERE id = {i} UNION SELECT b FROM t WHERE id = {i}) AS c{i}"
                ),
                ", "
            )
        )
    }),
    ("columns of a UNION", |n| {
        format!(
            "SELECT {} FROM t UNION ALL SELECT {} FROM t",
            listed(n, |i| format!("a AS c{i}"), ", "),
            listed(n, |i| format!("b AS d{i}"), ", ")
        )
    }),
    ("INTERSECT and EXCEPT", |n| {
        format!(
            "SELECT 1 AS x WHERE {}",
            listed(
                n,
                |_| "EXISTS (SELECT a FROM t INTERSECT SELECT b FROM t EXCEPT SELECT id FROM t)"
                    .to_owned(),
                " AND "
            )
        )
    }),
    ("values of IN", |n| {
        format!(
            "SELECT a FROM t WHERE id IN ({})",
            listed(n, |i| i.to_string(), ", ")
        )
    }),
    ("INs", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(n, |i| format!("id IN ({i}, :p{i})"), " OR ")
        )
    }),
    ("rows of VALUES", |n| {
        format!(
            "SELECT x.a FROM (VALUES {}) AS x (a, b)",
            listed(n, |i| format!("({i}, 'a')"), ", ")
        )
    }),
    ("columns of VALUES", |n| {
        format!("VALUES ({})", listed(n, |i| i.to_string(), ", "))
    }),
    ("unary operators", |n| {
        format!(
            "SELECT {}",
            listed(
                n,
                |i| format!("- - + ~ {i} AS c{i}, NOT NOT true AS d{i}"),
                ", "
            )
        )
    }),
    ("BETWEENs", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(n, |i| format!("id BETWEEN {i} AND 2"), " AND ")
        )
    }),
    ("NOT INs with subqueries", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(
                n,
                |i| format!("id NOT IN (SELECT b FROM t WHERE id = {i})"),
                " OR "
            )
        )
    }),
    ("comparisons with NULL", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(n, |_| "b = NULL".to_owned(), " OR ")
        )
    }),
    ("AND in OR", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(n, |i| format!("(id = {i} AND (a = 1 OR b = 2))"), " OR ")
        )
    }),
    ("subqueries", |n| {
        format!(
            "SELECT {} FROM t WHERE t.id = 1",
            listed(
                n,
                |i| format!("(SELECT max(x.a) FROM t AS x WHERE x.id = t.id + {i}) AS c{i}"),
                ", "
            )
        )
    }),
    ("subqueries that LIMIT", |n| {
        format!(
            "SELECT {}",
            listed(
                n,
                |i| format!("ARRAY(SELECT a FROM t WHERE a > {i} LIMIT 2) AS c{i}"),
                ", "
            )
        )
    }),
    ("subqueries that lock", |n| {
        format!(
            "SELECT {}",
            listed(
                n,
                |i| format!("ARRAY(SELECT a FROM t WHERE b > {i} FOR UPDATE) AS c{i}"),
                ", "
            )
        )
    }),
    ("casts and parameters", |n| {
        format!(
            "SELECT {} FROM t",
            listed(n, |i| format!(":p{i}::INT8 + CAST(a AS INT) AS c{i}"), ", ")
        )
    }),
    ("one parameter", |n| {
        format!(
            "SELECT a FROM t WHERE {}",
            listed(n, |_| "id = :p".to_owned(), " OR ")
        )
    }),
    ("elements of an array", |n| {
        format!(
            "SELECT a FROM t WHERE id = ANY (ARRAY[{}])",
            listed(n, |i| i.to_string(), ", ")
        )
    }),
    ("arguments", |n| {
        format!(
            "SELECT coalesce({}) AS x FROM t",
            listed(n, |_| "b".to_owned(), ", ")
        )
    }),
    ("groups", |n| {
        format!(
            "SELECT {} FROM t GROUP BY {}",
            listed(n, |i| format!("a + {i} AS c{i}"), ", "),
            listed(n, |i| (i + 1).to_string(), ", ")
        )
    }),
    ("keys of the order", |n| {
        format!(
            "SELECT {} FROM t ORDER BY {} LIMIT 1",
            listed(n, |i| format!("a AS c{i}"), ", "),
            listed(n, |i| format!("c{i}"), ", ")
        )
    }),
    ("windows", |n| {
        format!(
            "SELECT {} FROM t WINDOW {}",
            listed(n, |i| format!("sum(a) OVER w{i} AS c{i}"), ", "),
            listed(n, |i| format!("w{i} AS (ORDER BY id)"), ", ")
        )
    }),
    ("columns that are set", |n| {
        format!(
            "UPDATE t SET {} WHERE id = 1",
            listed(n, |i| format!("a = {i}"), ", ")
        )
    }),
    ("rows that are inserted", |n| {
        format!(
            "INSERT INTO t (id, a, b) VALUES {}",
            listed(n, |i| format!("(:p{i}, f({i}) + 1, NULL)"), ", ")
        )
    }),
    ("unknown columns that are inserted", |n| {
        format!(
            "INSERT INTO t ({}) VALUES ({})",
            listed(n, |i| format!("c{i}"), ", "),
            listed(n, |i| i.to_string(), ", ")
        )
    }),
    ("columns that are returned", |n| {
        format!(
            "DELETE FROM t WHERE id = 1 RETURNING {}",
            listed(n, |i| format!("a AS c{i}"), ", ")
        )
    }),
];

pub(super) const SOURCES: &[Shape] = &[
    ("sources", |n| {
        format!(
            "SELECT t0.a FROM {} WHERE {} LIMIT 1",
            listed(n, |i| format!("t AS t{i}"), ", "),
            listed(
                n,
                |i| format!("t{i}.id = t{}.a", i.saturating_sub(1)),
                " AND "
            )
        )
    }),
    ("unknown columns of sources", |n| {
        format!(
            "SELECT {} FROM {}",
            listed(n, |i| format!("t{i}.zz"), ", "),
            listed(n, |i| format!("t AS t{i}"), ", ")
        )
    }),
    ("unknown columns beside sources", |n| {
        format!(
            "SELECT {} FROM {}",
            listed(n, |_| "zz".to_owned(), ", "),
            listed(n, |i| format!("t AS t{i}"), ", ")
        )
    }),
    ("columns that several sources have", |n| {
        format!(
            "SELECT {} FROM {}",
            listed(n, |_| "a".to_owned(), ", "),
            listed(n, |i| format!("t AS t{i}"), ", ")
        )
    }),
    ("sources of a star", |n| {
        format!(
            "SELECT * FROM {}",
            listed(n, |i| format!("t AS t{i}"), ", ")
        )
    }),
    ("unknown tables", |n| {
        format!(
            "SELECT 1 AS x WHERE {}",
            listed(n, |i| format!("EXISTS (SELECT * FROM tt{i})"), " OR ")
        )
    }),
    ("natural joins", |n| {
        let joins = "NATURAL JOIN t AS u ".repeat(40);
        format!(
            "SELECT {}",
            listed(
                n / 40,
                |_| format!("(SELECT count(*) FROM t {joins})"),
                ", "
            )
        )
    }),
    ("columns of USING", |n| {
        format!(
            "SELECT 1 AS x FROM t JOIN t AS u USING ({})",
            listed(n, |i| format!("c{i}"), ", ")
        )
    }),
    ("common table expressions", |n| {
        let tables = listed(
            n,
            |i| format!("c{} AS (SELECT a FROM c{i} LIMIT 1)", i + 1),
            ", ",
        );
        format!("WITH c0 AS (SELECT a FROM t LIMIT 1), {tables} SELECT a FROM c{n}")
    }),
    ("common table expressions that are read twice", |n| {
        let tables = listed(
            n,
            |i| format!("c{} AS (SELECT x.a FROM c{i} AS x, c{i} AS y)", i + 1),
            ", ",
        );
        format!("WITH c0 AS (SELECT a FROM t), {tables} SELECT x.a FROM c{n} AS x")
    }),
    ("stars of common table expressions", |n| {
        format!(
            "WITH c0 AS (SELECT {} FROM t), {} SELECT * FROM c50",
            listed(n / 50, |i| format!("a AS x{i}"), ", "),
            listed(50, |i| format!("c{} AS (SELECT * FROM c{i})", i + 1), ", ")
        )
    }),
    ("writes in common table expressions", |n| {
        format!(
            "WITH {} SELECT 1 AS one",
            listed(n, |i| format!("c{i} AS (DELETE FROM t RETURNING id)"), ", ")
        )
    }),
];

pub(super) const TOKENS: &[Shape] = &[
    ("comments", |n| {
        format!(
            "SELECT {}\n {} 1 AS one",
            listed(n, |i| format!("-- comment {i}"), "\n"),
            listed(n, |i| format!("/* comment {i} */"), " ")
        )
    }),
    ("nested comments", |n| {
        format!("SELECT {}{} 1 AS one", "/*".repeat(n), "*/".repeat(n))
    }),
    ("comments that do not end", |n| {
        format!("SELECT {} 1 AS one", "/* ".repeat(n))
    }),
    ("quotes that do not end", |n| {
        format!("SELECT {} 1 AS one", listed(n, |i| format!("$t{i}$ "), " "))
    }),
    ("dollar quotes", |n| {
        format!(
            "SELECT {}",
            listed(n, |i| format!("$t{i}$ x $t{i}$ AS c{i}"), ", ")
        )
    }),
    ("strings in pieces", |n| {
        format!("SELECT {} AS x", listed(n, |i| format!("'{i}'"), "\n"))
    }),
    ("quotes in a string", |n| {
        format!(
            "SELECT '{}' AS x, \"{}\" FROM t",
            "''".repeat(n),
            "\"\"".repeat(n)
        )
    }),
    ("characters of a string", |n| {
        format!("SELECT '{}' AS x", "\u{1f600}a".repeat(n * 10))
    }),
    ("characters of a name", |n| {
        format!("SELECT {} FROM t", "a".repeat(n * 10))
    }),
    ("long names", |n| {
        let name = "a".repeat(1_000);
        format!(
            "SELECT {} FROM t",
            listed(n / 100, |i| format!("{name}{i}"), ", ")
        )
    }),
    ("colons", |n| {
        format!("SELECT {}{} 1 AS x", ": ".repeat(n), "::".repeat(n))
    }),
    ("semicolons and blank lines", |n| {
        format!("SELECT 1 AS x{}{}", ";".repeat(n), "\n\t".repeat(n))
    }),
    ("an error behind columns", |n| {
        format!(
            "SELECT {} FROM t WHERE )",
            listed(n, |i| format!("a AS c{i}"), ", ")
        )
    }),
];
