//! What only CockroachDB answers, over the whole stack: the quirks proxy says it.

use crdb_facade::config::{Node, keys};
use crdb_facade::{Database, ErrorKind, Row};
use crdb_testkit::{CockroachVersion, Engine, Injection, QuirksOptions, QuirksProxy};

use super::config;
use super::logged::Log;

/// v21.2 is not supported: nothing can be cancelled there, and what changes a session costs no session.
#[tokio::test]
async fn a_server_that_is_too_old_works_and_is_warned_of() {
    for (version, warns) in [
        (CockroachVersion::V21_2, true),
        (CockroachVersion::V22_1, false),
    ] {
        let engine = Engine::shared_postgres().await;
        let options = QuirksOptions::default().version(version);
        let proxy = QuirksProxy::start(engine, options).await.unwrap();
        let database = engine.create_database().await;
        let config = config(&database)
            .set(keys::auth::NODES, [Node::new(proxy.host(), proxy.port())])
            .set(keys::pool::MAX_SIZE, 1_u32)
            .set(keys::auth::CHECK_AT_OPEN, true)
            .build()
            .unwrap();
        let log = Log::start();
        let db = Database::open(config).await.unwrap();
        let told = log.text();
        assert_eq!(
            told.contains("older than what is supported"),
            warns,
            "{told}"
        );

        let sessions = proxy.counts().sessions;
        db.execute("CREATE TABLE item (id INT8 PRIMARY KEY)", &[])
            .await
            .unwrap();
        // What a transaction limits and a statement sets is gone for the next borrower, on the same session.
        db.execute("SET application_name = 'changed'", &[])
            .await
            .unwrap();
        db.transact(async |tx| {
            tx.execute("INSERT INTO item VALUES (1)", &[]).await?;
            tx.execute("INSERT INTO item VALUES (2)", &[]).await
        })
        .await
        .unwrap();
        let error = db
            .execute("INSERT INTO item VALUES (2)", &[])
            .await
            .unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        let row = db
            .fetch_one(
                "SELECT count(*), current_setting('application_name') FROM item",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(row.get::<i64>(0).unwrap(), 2);
        assert_ne!(row.get::<String>(1).unwrap(), "changed");
        assert_eq!(proxy.counts().sessions, sessions, "{version}");
    }
}

/// XXA00: what is committed and what is not is said, and nothing is run again.
#[tokio::test]
async fn a_schema_change_that_fails_after_its_data_is_committed() {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let database = engine.create_database().await;
    let there = config(&database).set(keys::auth::NODES, [Node::new(proxy.host(), proxy.port())]);
    let db = Database::open(there.build().unwrap()).await.unwrap();
    db.execute("CREATE TABLE item (id INT8 PRIMARY KEY)", &[])
        .await
        .unwrap();
    proxy.inject(Injection::FailSchemaChange);
    let runs = std::sync::atomic::AtomicU32::new(0);
    let error = db
        .transact(async |tx| {
            runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            tx.execute("INSERT INTO item VALUES (1)", &[]).await?;
            tx.execute("CREATE TABLE other (id INT8 PRIMARY KEY)", &[])
                .await
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartlyCommitted, "{error}");
    assert!(!error.is_retryable() && !error.is_outcome_unknown());
    let told = error.to_string();
    assert!(
        told.contains("the data was committed") && told.contains("XXA00"),
        "{told}"
    );
    assert_eq!(runs.into_inner(), 1);
    let rows = db
        .fetch_one("SELECT count(*) FROM item", &[])
        .await
        .unwrap();
    assert_eq!(rows.get::<i64>(0).unwrap(), 1);
    let other = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'other'";
    let tables = db.fetch_one(other, &[]).await.unwrap();
    assert_eq!(tables.get::<i64>(0).unwrap(), 0);
}

/// Buffered writes that a session has turned on are off in transactions of releases whose savepoints may lose them.
#[tokio::test]
async fn writes_are_not_buffered_where_savepoints_may_lose_them() {
    const SETTING: &str = "kv_transaction_buffered_writes_enabled";
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    for (version, inside) in [
        (CockroachVersion::V25_2, "off"),
        (CockroachVersion::V25_4, "off"),
        (CockroachVersion::V26_2, "on"),
    ] {
        let options = QuirksOptions::default().version(version);
        let proxy = QuirksProxy::start(engine, options).await.unwrap();
        let variables = std::collections::BTreeMap::from([(SETTING.to_owned(), "on".to_owned())]);
        let config = config(&database)
            .set(keys::auth::NODES, [Node::new(proxy.host(), proxy.port())])
            .set(keys::auth::SESSION, variables)
            .set(keys::pool::MAX_SIZE, 1_u32);
        let db = Database::open(config.build().unwrap()).await.unwrap();
        let show = format!("SHOW {SETTING}");
        let seen: String = db
            .transact(async |tx| {
                let row = tx.fetch_one(show.as_str(), &[]).await?;
                Ok::<_, crdb_facade::Error>(row.get(0).unwrap())
            })
            .await
            .unwrap();
        assert_eq!(seen, inside, "{version}");
        let row = db.fetch_one(show.as_str(), &[]).await.unwrap();
        assert_eq!(row.get::<String>(0).unwrap(), "on", "{version}");
    }
}
