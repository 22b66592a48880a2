//! What becomes of the pool's sessions between their borrowers.

use std::time::Duration;

use crdb_facade::config::keys;
use crdb_facade::{Database, ErrorKind, Row};
use crdb_testkit::Engine;

use crate::config;

/// A database with one session, on PostgreSQL: the process id tells sessions apart.
async fn one_session(reset_always: bool, hook: Option<&'static str>) -> Database {
    let database = Engine::shared_postgres().await.create_database().await;
    let config = config(&database)
        .set(keys::pool::MAX_SIZE, 1_u32)
        .set(keys::pool::RESET_ALWAYS, reset_always)
        .set(keys::pool::RESET_TIMEOUT, Duration::from_secs(60))
        .build()
        .unwrap();
    let mut builder = Database::builder(config);
    if let Some(text) = hook {
        builder = builder.configure_pool(move |pool| {
            pool.after_connect(move |session, _| {
                Box::pin(async move {
                    session.wire().simple(text).await?;
                    Ok(())
                })
            })
        });
    }
    builder.open().await.unwrap()
}

async fn text(db: &Database, sql: &str) -> String {
    db.fetch_one(sql, &[]).await.unwrap().get(0).unwrap()
}

async fn backend(db: &Database) -> i32 {
    let row = db.fetch_one("SELECT pg_backend_pid()", &[]).await.unwrap();
    row.get(0).unwrap()
}

#[tokio::test]
async fn what_a_hook_sets_is_the_ground_state_of_its_session() {
    let db = one_session(
        false,
        Some("SET TIME ZONE 'Asia/Tokyo'; SET work_mem = '7MB'"),
    )
    .await;
    let first = backend(&db).await;
    for _ in 0..3 {
        assert_eq!(text(&db, "SHOW timezone").await, "Asia/Tokyo");
        assert_eq!(text(&db, "SHOW work_mem").await, "7MB");
        db.execute("SET work_mem = '9MB'", &[]).await.unwrap();
        db.fetch_one("SELECT set_config('TimeZone', 'UTC', false)", &[])
            .await
            .unwrap();
    }
    assert_eq!(text(&db, "SHOW work_mem").await, "7MB");
    assert_eq!(backend(&db).await, first, "reset, and not replaced");
}

#[tokio::test]
async fn what_no_statement_shows_is_reset_where_the_configuration_says_so() {
    for always in [true, false] {
        let db = one_session(always, None).await;
        db.execute(
            "CREATE FUNCTION hidden() RETURNS TEXT LANGUAGE sql AS $$ SELECT set_config('work_mem', '9MB', false) $$",
            &[],
        )
        .await
        .unwrap();
        let first = backend(&db).await;
        text(&db, "SELECT hidden()").await;
        let seen = text(&db, "SHOW work_mem").await;
        assert_eq!(seen == "9MB", !always, "{seen}");
        assert_eq!(backend(&db).await, first);
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_no_statement_running() {
    let db = one_session(false, None).await;
    let first = backend(&db).await;
    for _ in 0..3 {
        let call = db.fetch_one("SELECT pg_sleep(3600)::TEXT", &[]);
        assert!(
            tokio::time::timeout(Duration::from_millis(200), call)
                .await
                .is_err()
        );
        let running = "SELECT count(*)::TEXT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(3600)%' \
            AND pid <> pg_backend_pid()";
        assert_eq!(text(&db, running).await, "0");
    }
    assert_eq!(backend(&db).await, first);
}

#[tokio::test]
async fn what_is_refused_on_this_side_costs_no_session() {
    let db = one_session(false, None).await;
    let first = backend(&db).await;
    let copy = db.execute("COPY (SELECT 1) TO STDOUT", &[]).await;
    let nul = db.execute("SELECT 1\0", &[]).await;
    let surplus = db.execute("SELECT 1", &[&1_i64]).await;
    let value = db.execute("SELECT $1::INT8", &[&"no number"]).await;
    for refused in [copy, nul, surplus, value] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
        assert!(!error.is_retryable());
    }
    assert_eq!(backend(&db).await, first);
}

#[tokio::test]
async fn statements_are_prepared_once_and_survive_clean_loans() {
    let db = one_session(false, None).await;
    let kept = "SELECT count(*)::TEXT FROM pg_prepared_statements";
    for _ in 0..5 {
        db.fetch_one("SELECT 1", &[]).await.unwrap();
        assert_eq!(text(&db, kept).await, "2");
    }
}

#[tokio::test]
async fn a_check_says_whether_a_session_can_be_had() {
    const SOON: Duration = Duration::from_secs(60);
    let db = one_session(false, None).await;
    db.check(SOON).await.unwrap();

    let lease = db.pool().acquire().await.unwrap();
    let error = db.check(Duration::from_millis(10)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSession, "{error}");
    assert!(error.is_unavailable());
    drop(lease);
    db.check(SOON).await.unwrap();

    db.close(SOON).await.unwrap();
    let error = db.check(SOON).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.is_unavailable());
}
