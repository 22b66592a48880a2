//! Rows in and out, over real sessions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod batch;
mod changes;
mod export;
mod extremes;
mod forms;
mod load;
mod pages;
mod types;

use crdb_facade::config::{Node, keys};
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

/// Whether `database` is on a CockroachDB, or on what answers as one.
async fn on_cockroach() -> bool {
    crdb_testkit::Engine::shared().await.kind() == crdb_testkit::EngineKind::CockroachDb
}

/// An empty database behind a proxy that answers as CockroachDB does.
async fn cockroach() -> (crdb_testkit::Database, crdb_testkit::QuirksProxy, Database) {
    let engine = crdb_testkit::Engine::shared_postgres().await;
    let proxy = crdb_testkit::QuirksProxy::start(engine, crdb_testkit::QuirksOptions::default())
        .await
        .unwrap();
    let database = engine.create_database().await;
    let open = through(&database, proxy.host(), proxy.port()).await;
    (database, proxy, open)
}

/// A database by way of something in front of its server.
async fn through(database: &crdb_testkit::Database, host: &str, port: u16) -> Database {
    let config = Config::builder()
        .set(keys::auth::URL, Some(database.url().into()))
        .set(keys::auth::NODES, [Node::new(host, port)])
        .build()
        .unwrap();
    Database::open(config).await.unwrap()
}
