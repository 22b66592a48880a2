use std::time::Duration;

use crdb_facade::{Database, Error, ErrorKind, Row};
use crdb_testkit::Engine;

use super::{config, queries};

#[tokio::test(flavor = "multi_thread")]
async fn named_queries_run_in_and_out_of_transactions() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let db = Database::builder(config(&database).build().unwrap())
        .repository(queries())
        .open()
        .await
        .unwrap();

    db.query("counters.create").execute().await.unwrap();
    db.query("counters.put")
        .bind("value", 1_i64)
        .bind("name", "a")
        .execute()
        .await
        .unwrap();
    let row = db
        .query("counters.get")
        .bind("name", "a")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(row.get::<i64>("value").unwrap(), 1);
    assert!(
        db.query("counters.get")
            .bind("name", "b")
            .fetch_optional()
            .await
            .unwrap()
            .is_none()
    );

    let left = db
        .transact(async |tx| -> Result<i64, Error> {
            tx.query("counters.put")
                .bind("name", "b")
                .bind("value", 10_i64)
                .execute()
                .await?;
            assert_eq!(
                tx.query("counters.add")
                    .bind("name", "b")
                    .bind("amount", -4_i64)
                    .execute()
                    .await?,
                1
            );
            Ok(tx
                .query("counters.get")
                .bind("name", "b")
                .fetch_one()
                .await?
                .get("value")?)
        })
        .await
        .unwrap();
    assert_eq!(left, 6);

    // An error of the body takes everything back.
    let error = db
        .transact(async |tx| -> Result<(), Error> {
            tx.query("counters.add")
                .bind("name", "b")
                .bind("amount", 1_i64)
                .execute()
                .await?;
            tx.query("counters.unknown").execute().await?;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownQuery);
    let rows = db.query("counters.all").fetch_all().await.unwrap();
    let values: Vec<i64> = rows.iter().map(|row| row.get("value").unwrap()).collect();
    assert_eq!(values, [1, 6]);

    // It is an executor itself.
    assert_eq!(
        db.execute("UPDATE counters SET value = 0", &[])
            .await
            .unwrap(),
        2
    );

    let metrics = db.metrics().render();
    for expected in [
        "crdb_exec_statement_seconds_count{query=\"counters.get\",outcome=\"ok\"}",
        "crdb_exec_transaction_seconds_count{transaction=\"unnamed\",outcome=\"ok\"} 1",
        "crdb_auth_connect_seconds_count{",
        "crdb_pool_acquire_seconds_count{outcome=\"ok\"}",
        "crdb_pool_max_sessions 10",
    ] {
        assert!(
            metrics.contains(expected),
            "{expected} is not in\n{metrics}"
        );
    }
    assert!(db.pool_status().to_string().contains("of 10 sessions open"));

    db.close(Duration::from_secs(5)).await.unwrap();
    let error = db.query("counters.all").fetch_all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
}

/// A transaction that leaves nothing behind must not cost a reset: SET LOCAL travels with BEGIN.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_leaves_its_session_clean() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let db = Database::open(config(&database).build().unwrap())
        .await
        .unwrap();
    for _ in 0..3 {
        db.transact(async |tx| tx.fetch_one("SELECT 1::INT8", &[]).await)
            .await
            .unwrap();
    }
    let metrics = db.metrics().render();
    assert!(!metrics.contains("crdb_pool_resets_total{"), "{metrics}");
    assert_eq!(db.pool_status().size(), 1);
}

/// What a borrower changes is gone before the next one comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_session_is_reset_and_its_prepared_statements_forgotten() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let config = config(&database)
        .set(crdb_facade::config::keys::pool::MAX_SIZE, 1_u32)
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    let zone = async || -> String {
        let row = db
            .fetch_one("SELECT current_setting('timezone')", &[])
            .await
            .unwrap();
        row.get(0).unwrap()
    };
    let before = zone().await;
    db.execute("SET timezone = 'Asia/Kathmandu'", &[])
        .await
        .unwrap();
    assert_eq!(zone().await, before);
    assert!(db.metrics().render().contains("crdb_pool_resets_total{"));
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_read_again_when_asked() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let directory = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(directory.path().join("numbers.sql"), text).unwrap();
    write("-- name: one :one\nSELECT 1::INT8 AS n;\n");
    let config = config(&database)
        .set(
            crdb_facade::config::keys::sql::DIRECTORY,
            Some(directory.path().to_owned()),
        )
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    let number = async || -> i64 {
        db.query("numbers.one")
            .fetch_one()
            .await
            .unwrap()
            .get("n")
            .unwrap()
    };
    assert_eq!(number().await, 1);

    write("-- name: one :one\nSELECT 2::INT8 AS n;\n");
    assert!(!db.reload_queries().await.unwrap().unwrap().is_empty());
    assert_eq!(number().await, 2);

    write("-- name: one :nonsense\nSELECT 3::INT8 AS n;\n");
    assert_eq!(
        db.reload_queries().await.unwrap_err().kind(),
        ErrorKind::SqlFiles
    );
    assert_eq!(number().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_login_that_works_healthy() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let config = config(&database).build().unwrap();
    let diagnoses = Database::builder(config).diagnose().await.unwrap();
    assert_eq!(diagnoses.len(), 1);
    assert!(diagnoses[0].is_healthy(), "{:?}", diagnoses[0]);
}

/// The longest duration stands for *never*, wherever it is added to an instant.
#[tokio::test]
async fn every_duration_may_be_the_longest() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let durations: Vec<&str> = crdb_facade::config::reference()
        .filter(|key| key.expected().contains("duration"))
        .map(|key| key.key())
        .collect();
    assert!(durations.len() > 15, "{durations:?}");
    let longest = format!("{}ns", Duration::MAX.as_nanos());
    let all = durations.iter().fold(config(&database), |config, key| {
        config.set_text(key, &longest)
    });
    let db = Database::open(all.build().unwrap()).await.unwrap();
    // The second time the session has been cleaned and is lent again.
    for _ in 0..2 {
        let set = "SELECT set_config('application_name', 'other', false)";
        db.fetch_one(set, &[]).await.unwrap();
        db.transact(async |tx| -> Result<(), Error> {
            tx.fetch_one("SELECT 1", &[]).await?;
            Ok(())
        })
        .await
        .unwrap();
    }
    db.close(Duration::MAX).await.unwrap();
}
