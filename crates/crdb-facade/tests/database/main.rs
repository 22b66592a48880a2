//! The whole stack on a real engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(feature = "otlp")]
#[path = "../../../crdb-observe/tests/exported/arrived.rs"]
mod arrived;
mod bad_input;
#[cfg(feature = "cache")]
mod cached;
#[cfg(feature = "cache")]
mod cached_for_others;
mod cockroach;
#[cfg(feature = "otlp")]
#[path = "../../../crdb-observe/tests/exported/collector.rs"]
mod collector;
#[cfg(feature = "otlp")]
mod exported;
mod lanes;
#[cfg(feature = "log")]
mod lines;
mod logged;
mod main_job;
#[cfg(feature = "migrate")]
mod migrations;
#[cfg(feature = "otlp")]
#[path = "../../../crdb-observe/tests/exported/model.rs"]
mod model;
#[cfg(feature = "endpoint")]
mod observing;
#[cfg(feature = "profile")]
mod profile;
mod sessions;
mod statements;

use crdb_facade::config::{ConfigBuilder, keys};
use crdb_facade::{Config, sql::Repository};

/// A configuration for a database of an engine, which may be run elsewhere: its URL has it all.
fn config(database: &crdb_testkit::Database) -> ConfigBuilder {
    Config::builder().set(keys::auth::URL, Some(database.url().into()))
}

const QUERIES: &[(&str, &str)] = &[(
    "counters/all.sql",
    "-- name: create :exec\nCREATE TABLE counters (name TEXT PRIMARY KEY, value INT8 NOT NULL);\n\n\
     -- name: put :exec\nINSERT INTO counters (name, value) VALUES (:name, :value);\n\n\
     -- name: get :opt\nSELECT value FROM counters WHERE name = :name;\n\n\
     -- name: add :execrows\nUPDATE counters SET value = value + :amount WHERE name = :name;\n\n\
     -- name: all :many\nSELECT name, value FROM counters ORDER BY name;\n",
)];

fn queries() -> Repository {
    Repository::from_embedded(QUERIES).unwrap()
}
