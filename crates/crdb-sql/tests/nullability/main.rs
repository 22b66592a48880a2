//! What is said about NULL: what has to be found, and that nothing is said that an engine refutes.
#![cfg(feature = "codegen")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod claims;
mod engine;
mod queries;

use crdb_sql::codegen::proven_nullability;
use crdb_sql::schema::Schema;
use crdb_sql::{Nullability, Repository};

/// `a` and `b` hold rows, `c` none, and `other.a` has the columns of `a` without NOT NULL.
pub(crate) const SCHEMA: &str = "
CREATE SCHEMA other;
CREATE TABLE a (id INT8 PRIMARY KEY, n INT8 NOT NULL, m INT8, s TEXT NOT NULL, o TEXT);
CREATE TABLE b (id INT8 PRIMARY KEY, a_id INT8, n INT8 NOT NULL, o TEXT);
CREATE TABLE c (id INT8 PRIMARY KEY, n INT8 NOT NULL, s TEXT NOT NULL);
CREATE TABLE other.a (id INT8, n INT8, m INT8, s TEXT, o TEXT);
";

pub(crate) fn schema() -> Schema {
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    schema
}

/// For each result column whether it is proven to be never NULL; `None` where nothing is known about the result.
pub(crate) fn proven(sql: &str, schema: &Schema) -> Option<Vec<bool>> {
    let text = format!("-- name: q :many\n{sql}");
    let repository = Repository::from_embedded(&[("q.sql", &text)]).unwrap();
    let query = repository.iter().next().unwrap();
    let columns = proven_nullability(query, schema);
    (!columns.is_empty()).then(|| {
        let columns = columns.iter();
        columns
            .map(|column| *column == Nullability::NotNull)
            .collect()
    })
}
