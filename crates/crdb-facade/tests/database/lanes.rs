//! Statements outside transactions that share sessions: `exec.lanes`.

use std::time::Duration;

use crdb_facade::config::keys;
use crdb_facade::{Database, Error, Row};
use crdb_testkit::Engine;

use crate::config;

async fn with_lanes(lanes: u32, sessions: u32) -> Database {
    let database = Engine::shared_postgres().await.create_database().await;
    let config = config(&database)
        .set(keys::pool::MAX_SIZE, sessions)
        .set(keys::exec::LANES, lanes)
        .set(keys::exec::TIMEOUT, Duration::from_secs(60))
        .build()
        .unwrap();
    Database::open(config).await.unwrap()
}

async fn backend(db: &Database) -> i32 {
    let row = db.fetch_one("SELECT pg_backend_pid()", &[]).await.unwrap();
    row.get(0).unwrap()
}

#[tokio::test]
async fn statements_share_a_session_and_transactions_have_their_own() {
    let db = with_lanes(1, 3).await;
    db.execute("CREATE TABLE t (a INT8 PRIMARY KEY)", &[])
        .await
        .unwrap();
    let lane = backend(&db).await;
    let asks: Vec<_> = (0..100_i64)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                let insert = "INSERT INTO t VALUES ($1) RETURNING a, pg_backend_pid()";
                let row = db.fetch_one(insert, &[&number]).await.unwrap();
                assert_eq!(row.get::<i64>(0).unwrap(), number);
                row.get::<i32>(1).unwrap()
            })
        })
        .collect();
    for ask in asks {
        assert_eq!(ask.await.unwrap(), lane);
    }
    let other = db
        .transact(async |tx| -> Result<i32, Error> {
            let row = tx.fetch_one("SELECT pg_backend_pid()", &[]).await?;
            Ok(row.get(0)?)
        })
        .await
        .unwrap();
    assert_ne!(other, lane);
    let error = db
        .execute("INSERT INTO t VALUES (1)", &[])
        .await
        .unwrap_err();
    assert_eq!(
        error.sqlstate().map(|state| state.to_string()).as_deref(),
        Some("23505"),
        "{error}"
    );
    assert_eq!(backend(&db).await, lane);
}

#[tokio::test]
async fn what_may_leave_state_behind_never_runs_on_a_lane() {
    let db = with_lanes(1, 2).await;
    let lane = backend(&db).await;
    for text in [
        "SET work_mem = '9MB'",
        "SELECT set_config('work_mem', '9MB', false)",
        "CREATE TEMP TABLE lane_temp AS SELECT 1 AS a",
        "LISTEN lane_news",
        "SELECT pg_advisory_lock(7)",
    ] {
        db.execute(text, &[]).await.unwrap();
        let row = db
            .fetch_one("SELECT current_setting('work_mem'), pg_backend_pid()", &[])
            .await
            .unwrap();
        assert_ne!(row.get::<String>(0).unwrap(), "9MB", "{text}");
        assert_eq!(row.get::<i32>(1).unwrap(), lane, "{text}");
    }
}
