//! Rows in and out, over real sessions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod forms;

use crdb_facade::config::keys;
use crdb_facade::{Config, Database};

/// An empty database, open. The first is dropped after the second.
async fn database() -> (crdb_testkit::Database, Database) {
    let engine = crdb_testkit::Engine::shared().await;
    let database = engine.create_database().await;
    let config = Config::builder()
        .set(keys::auth::URL, Some(database.url().into()))
        .build()
        .unwrap();
    let open = Database::open(config).await.unwrap();
    (database, open)
}
