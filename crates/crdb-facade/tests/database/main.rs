//! The whole stack on a real engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod main_job;

use crdb_facade::config::{ConfigBuilder, Node, keys};
use crdb_facade::{Config, sql::Repository};
use crdb_testkit::Engine;

/// A configuration for a database of the engine.
fn config(engine: &Engine, database: &crdb_testkit::Database) -> ConfigBuilder {
    let builder = Config::builder()
        .set(keys::auth::NODES, [Node::new(engine.host(), engine.port())])
        .set(keys::auth::USER, engine.user())
        .set(keys::auth::PASSWORD, Some(engine.password().into()))
        .set(keys::auth::DATABASE, database.name());
    match engine.try_ca_cert_path() {
        Some(path) => builder.set(keys::auth::TLS_ROOT_CERTIFICATES, [path.to_owned()]),
        // An engine that somebody else runs, as its URL has it.
        None => builder.set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::Disable),
    }
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
