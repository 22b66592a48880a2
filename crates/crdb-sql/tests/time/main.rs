//! What a text costs grows with its length, not with its square.
//!
//! Each shape of text is checked at one length and at eight times that length. What counts is the processor time of the
//! thread, so that a busy machine changes little: linear work takes 8 times as long, quadratic work 64 times. A shape
//! fails when it takes more than 24 times as long in each of several tries.
#![cfg(all(feature = "codegen", feature = "templates"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod files;
mod queries;

use std::path::Path;
use std::time::{Duration, Instant};

use crdb_sql::codegen::proven_nullability;
use crdb_sql::dialect::parse;
use crdb_sql::schema::Schema;
use crdb_sql::{check, check_statements};
use rustix::time::{ClockId, clock_gettime};

const SCHEMA: &str =
    "CREATE TABLE t (id INT8 PRIMARY KEY, a INT8 NOT NULL, b INT8); CREATE INDEX ON t (a);";
const LENGTH: usize = 500;
const TIMES: usize = 8;
const MOST: u32 = 24;
const TRIES: usize = 4;

/// A name, and the text of a length.
type Shape = (&'static str, fn(usize) -> String);

fn listed(count: usize, item: impl Fn(usize) -> String, between: &str) -> String {
    let items: Vec<String> = (0..count).map(item).collect();
    items.join(between)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

/// Fails for a shape that costs more than its length explains.
fn costs_in_proportion(shapes: &[Shape], run: fn(&str)) {
    let cost = |text: &str| {
        let begun = processor_time();
        run(text);
        processor_time() - begun
    };
    for (name, shape) in shapes {
        let (short, long) = (shape(LENGTH), shape(LENGTH * TIMES));
        let mut seen = Vec::new();
        while seen.len() < TRIES {
            let (short, long) = (cost(&short), cost(&long));
            if long <= short * MOST {
                break;
            }
            seen.push((short, long));
        }
        assert!(
            seen.len() < TRIES,
            "{name}: {LENGTH} of them and {TIMES} times as many took {seen:?}"
        );
    }
}

/// Everything that `crdb sql check` and the generation of code do with a directory of queries.
fn checked(directory: &Path) {
    let verdicts = check(directory).unwrap();
    let schema = Schema::load(directory.join("schema")).unwrap();
    for verdict in &verdicts {
        std::hint::black_box(verdict.problems().to_string());
    }
    if let [only] = verdicts.as_slice()
        && let Some(query) = only.query()
    {
        std::hint::black_box(proven_nullability(query, &schema));
    }
}

/// A file of queries, behind a schema that a line `~~~` ends.
fn file(text: &str) {
    let (schema, queries) = text.split_once("~~~").unwrap_or((SCHEMA, text));
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [("schema", schema), ("queries", queries)] {
        let directory = directory.path().join(name);
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("a.sql"), text).unwrap();
    }
    checked(directory.path());
}

/// One query, without its header.
fn query(text: &str) {
    file(&format!("-- name: q :many\n-- allow: select_star\n{text}"));
}

fn statements(text: &str) {
    for verdict in check_statements("list.sql".as_ref(), text) {
        std::hint::black_box(verdict.problem().map(ToString::to_string));
    }
}

fn schema(text: &str) {
    let mut schema = Schema::default();
    schema.apply(text);
    std::hint::black_box(schema.problems().to_string());
}

#[test]
fn a_query_costs_in_proportion_to_its_length() {
    costs_in_proportion(queries::EXPRESSIONS, query);
    costs_in_proportion(queries::SOURCES, query);
    costs_in_proportion(queries::TOKENS, query);
}

#[test]
fn a_tree_costs_in_proportion_to_its_length() {
    costs_in_proportion(files::FILES, file);
}

#[test]
fn a_list_of_statements_costs_in_proportion_to_its_length() {
    costs_in_proportion(files::LISTS, statements);
}

#[test]
fn a_schema_costs_in_proportion_to_its_length() {
    costs_in_proportion(files::SCHEMAS, schema);
}

#[test]
fn what_is_changed_one_by_one_costs_in_proportion() {
    costs_in_proportion(files::ONE_BY_ONE, schema);
}

/// Each nests up to the limit, many times: a parser that goes back and forth would take twice as long for each level.
#[test]
fn depth_costs_no_more_than_length() {
    costs_in_proportion(files::DEPTHS, |text| {
        assert!(parse(text).is_ok(), "{text}");
    });
}

/// The limit is for hangs.
#[test]
fn a_text_of_25000_of_anything_ends() {
    let begun = Instant::now();
    for text in [
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
        query(&text);
    }
    assert!(begun.elapsed() < Duration::from_mins(5));
}
