//! Time grows with the length of a statement, not with its square.
//!
//! A statement and one of eight times its length are checked; a quadratic step would take 64 times as long, and no more
//! than 24 times is allowed. Of several tries the fastest counts, since other programs run too.
#![cfg(feature = "codegen")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, Instant};

use crdb_sql::codegen::proven_nullability;
use crdb_sql::schema::Schema;
use crdb_sql::{Repository, lint};

const SCHEMA: &str =
    "CREATE TABLE t (id INT8 PRIMARY KEY, a INT8 NOT NULL, b INT8); CREATE INDEX ON t (a);";
const TIMES: usize = 8;

fn listed(count: usize, item: impl Fn(usize) -> String, between: &str) -> String {
    let items: Vec<String> = (0..count).map(item).collect();
    items.join(between)
}

fn time(sql: &str, schema: &Schema) -> Duration {
    let text = format!("-- name: q :many\n-- allow: select_star\n{sql}");
    let tries = (0..3).map(|_| {
        let begun = Instant::now();
        let repository = Repository::from_embedded(&[("q.sql", &text)]).unwrap();
        let query = repository.iter().next().unwrap();
        let problems = lint(&repository, schema);
        let columns = proven_nullability(query, schema);
        std::hint::black_box((problems, columns));
        begun.elapsed()
    });
    tries.min().unwrap()
}

#[test]
fn time_grows_with_the_length() {
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    let shapes: &[(&str, &dyn Fn(usize) -> String)] = &[
        ("columns", &|n| {
            format!(
                "SELECT {} FROM t",
                listed(n, |i| format!("a AS c{i}"), ", ")
            )
        }),
        ("unknown columns on one line", &|n| {
            format!("SELECT {} FROM t", listed(n, |i| format!("x{i}"), ", "))
        }),
        ("parameters", &|n| {
            format!(
                "SELECT {} FROM t",
                listed(n, |i| format!(":p{i}::INT8 + a AS c{i}"), ", ")
            )
        }),
        ("sources", &|n| {
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
        ("common table expressions", &|n| {
            let ctes = listed(
                n,
                |i| {
                    format!(
                        "c{i} AS (SELECT a FROM {} LIMIT 1)",
                        match i {
                            0 => "t".to_owned(),
                            i => format!("c{}", i - 1),
                        }
                    )
                },
                ", ",
            );
            format!("WITH {ctes} SELECT a FROM c{}", n - 1)
        }),
        ("conditions", &|n| {
            format!(
                "SELECT a FROM t WHERE {}",
                listed(n, |i| format!("b = {i}"), " OR ")
            )
        }),
        ("rows", &|n| {
            format!(
                "INSERT INTO t (id, a, b) VALUES {}",
                listed(n, |i| format!("({i}, 1, NULL)"), ", ")
            )
        }),
        ("stars", &|n| {
            format!(
                "SELECT 1 AS a WHERE {}",
                listed(n, |_| "EXISTS (SELECT * FROM t)".to_owned(), " AND ")
            )
        }),
        ("casts", &|n| {
            format!(
                "SELECT {}",
                listed(n, |i| format!("CAST({i} AS INT) AS c{i}"), ", ")
            )
        }),
    ];
    for (name, shape) in shapes {
        // Long enough that what is done once does not matter.
        let base = 1_000;
        let (short, long) = (
            time(&shape(base), &schema),
            time(&shape(base * TIMES), &schema),
        );
        assert!(
            long < short * 24 + Duration::from_millis(50),
            "{name}: {short:?} for {base}, {long:?} for {}",
            base * TIMES
        );
    }
}

/// Texts that would be slow if anything were quadratic; the limit is for hangs.
#[test]
fn a_text_of_25000_of_anything_ends() {
    let begun = Instant::now();
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    for sql in [
        format!(
            "SELECT {} FROM t",
            listed(25_000, |i| format!("a AS c{i}"), ", ")
        ),
        format!(
            "SELECT t0.a FROM t AS t0 {}",
            listed(25_000, |i| format!("JOIN t AS t{} USING (id)", i + 1), " ")
        ),
        format!(
            "WITH {} SELECT 1 AS one",
            listed(
                25_000,
                |i| format!("c{i} AS (SELECT a FROM t WHERE id = {i})"),
                ", "
            )
        ),
    ] {
        time(&sql, &schema);
    }
    assert!(begun.elapsed() < Duration::from_mins(5));
}
