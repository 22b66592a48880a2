//! Migrations over the facade's own sessions.

use std::time::Duration;

use crdb_facade::config::keys;
use crdb_facade::migrate::{ErrorKind, Migrations, Options};
use crdb_facade::prelude::*;
use crdb_testkit::Engine;

use super::{config, queries};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_migrate_once() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let migrations = Migrations::from_embedded(&[
        (
            "0001_counters.up.sql",
            "CREATE TABLE counters (name TEXT PRIMARY KEY, value INT8 NOT NULL);",
        ),
        (
            "0002_rows.up.sql",
            "INSERT INTO counters VALUES ('a', 1);\nUPDATE counters SET value = value + 1;",
        ),
        (
            "0003_index.up.sql",
            "CREATE INDEX CONCURRENTLY by_value ON counters (value);",
        ),
    ])
    .unwrap();
    let mut replicas = Vec::new();
    for _ in 0..3 {
        let config = config(&database).build().unwrap();
        let db = Database::builder(config)
            .repository(queries())
            .open()
            .await
            .unwrap();
        replicas.push(db);
    }
    let running: Vec<_> = replicas
        .iter()
        .map(|db| {
            let (db, migrations) = (db.clone(), migrations.clone());
            tokio::spawn(async move {
                let error = db
                    .migrator(migrations.clone())
                    .check_at_least(9)
                    .await
                    .unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Older);
                // A machine that is busy may lose a lease; the next call goes on.
                loop {
                    match db.migrate(migrations.clone()).await {
                        Ok(report) => return report.versions().len(),
                        Err(error) => assert!(error.is_transient(), "{error}"),
                    }
                }
            })
        })
        .collect();
    let mut ran = 0;
    for replica in running {
        ran += replica.await.unwrap();
    }
    assert!(ran >= 1, "{ran}");
    for db in &replicas {
        let migrator = db.migrator(migrations.clone()).options(Options::new());
        migrator.check_at_least(3).await.unwrap();
        // Its sessions are as they were: another borrower finds nothing set.
        let row = db.query("counters.get").bind("name", "a").fetch_one().await;
        let value: i64 = row.unwrap().get("value").unwrap();
        assert_eq!(value, 2);
    }
}

/// A pool of two would wait for its third session while it holds both.
#[tokio::test]
async fn a_pool_that_is_too_small_for_migrations_is_refused_at_once() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    for size in 1..=3_u32 {
        let config = config(&database).set(keys::pool::MAX_SIZE, size);
        let db = Database::open(config.build().unwrap()).await.unwrap();
        let text = "CREATE TABLE counters (name TEXT PRIMARY KEY);";
        let migrations = Migrations::from_embedded(&[("0001_counters.up.sql", text)]).unwrap();
        let migrated = tokio::time::timeout(Duration::from_secs(60), db.migrate(migrations));
        match migrated.await.unwrap() {
            Ok(report) => assert_eq!((size, report.versions()), (3, vec![1])),
            Err(error) => {
                assert!(size < 3, "{error}");
                assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
                assert!(!error.is_transient());
                let told = error.to_string();
                assert!(told.contains(&format!("lends {size} at most")), "{told}");
            }
        }
    }
}
