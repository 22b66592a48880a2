//! The example domain: a small bank's schema, sample data and named queries.
//!
//! The files are embedded, so that the demo and the tests run from anywhere; the same directories can be loaded from
//! disk with `crdb_sql::Repository::load`. [`generated`] has a typed function for each query, written by
//! `cargo xtask codegen`.

pub mod generated;

/// The statements that create the bank's tables, for CockroachDB and PostgreSQL alike.
pub const SCHEMA: &str = include_str!("../schema/001_bank.sql");

/// The schema as migrations: names of files and their texts.
pub const MIGRATIONS: &[(&str, &str)] = &[("0001_bank.up.sql", SCHEMA)];

/// Statements that fill empty tables with 200 customers, 500 accounts and 2,000 transfers.
pub const SAMPLE_DATA: &str = include_str!("../data/001_sample.sql");

/// The sum of all balances after [`SAMPLE_DATA`] has been loaded; transfers conserve it.
pub const SAMPLE_TOTAL: &str = "1371235.00";
