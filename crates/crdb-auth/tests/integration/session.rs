//! What a session knows of itself, and making it like new.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crdb_auth::{Cleanliness, DirtyReason, ErrorKind, Renewal, TransactionStatus};
use crdb_testkit::{Cut, Engine, EngineKind, FaultProxy, Login};

use crate::bed::{config, connector, postgresql, run, session};

const WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn every_bound_may_be_as_long_as_a_duration() {
    let engine = Engine::shared().await;
    let config = config(engine, Login::Scram).connect_timeout(Duration::MAX);
    let connector = connector(config);
    connector.prepare().await.unwrap();
    let endpoint = crate::bed::endpoint(engine);
    let mut session = connector.connect(&endpoint).await.unwrap();
    session.ping(Duration::MAX).await.unwrap();
    session.check_database(Duration::MAX).await.unwrap();
    session.mark_dirty();
    let renewal = session.reset(Duration::MAX).await.unwrap();
    assert_eq!(renewal, Renewal::Renewed);
}

#[tokio::test]
async fn what_a_hook_sets_can_be_marked_as_clean() {
    let session = session(postgresql().await).await;
    // One that the server reports, and one that it does not; by the client that is not watched.
    let text = "SET application_name = 'hook'; SET search_path = pg_catalog";
    session.client().batch_execute(text).await.unwrap();
    assert_ne!(session.cleanliness(), Cleanliness::Clean);
    session.mark_clean();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
    run(&session, "SELECT 1").await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
    run(&session, "SET application_name = 'borrower'")
        .await
        .unwrap();
    assert!(matches!(session.cleanliness(), Cleanliness::Dirty(_)));
    // A transaction that is open is seen all the same.
    run(&session, "BEGIN").await.unwrap();
    session.mark_clean();
    assert!(matches!(
        session.cleanliness(),
        Cleanliness::Dirty(DirtyReason::Transaction(_))
    ));
}

#[tokio::test]
async fn statements_that_leave_nothing_keep_a_session_clean() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let session = connector(config(engine, Login::Scram).database(database.name()))
        .connect(&crate::bed::endpoint(engine))
        .await
        .unwrap();
    run(&session, "CREATE TABLE t (a INT PRIMARY KEY)")
        .await
        .unwrap();
    assert!(matches!(
        session.cleanliness(),
        Cleanliness::Dirty(DirtyReason::Tag(_))
    ));
    session.start_borrow();
    for sql in [
        "SELECT 1",
        "INSERT INTO t VALUES (1)",
        "BEGIN; UPDATE t SET a = 2; SAVEPOINT s; DELETE FROM t; ROLLBACK TO SAVEPOINT s; COMMIT",
        "BEGIN; SELECT a FROM t; ROLLBACK",
    ] {
        run(&session, sql).await.unwrap();
        assert_eq!(session.cleanliness(), Cleanliness::Clean, "{sql}");
    }
    run(&session, "SELECT no_such_column FROM t")
        .await
        .unwrap_err();
    session.tap().settled().await;
    assert_eq!(
        session.cleanliness(),
        Cleanliness::Clean,
        "an error leaves nothing"
    );
}

#[tokio::test]
async fn what_may_leave_something_is_dirty_until_reset() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    for sql in [
        "SET statement_timeout = '5s'",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        "BEGIN; SELECT 1/0",
    ] {
        drop(run(&session, sql).await);
        session.tap().settled().await;
        assert!(
            matches!(session.cleanliness(), Cleanliness::Dirty(_)),
            "{sql}"
        );
        session.reset(WITHIN).await.unwrap();
        assert_eq!(session.cleanliness(), Cleanliness::Clean, "{sql}");
        assert_eq!(session.tap().transaction_status(), TransactionStatus::Idle);
    }
    let call = session.begin_call();
    let row = call
        .client()
        .query_one("SHOW statement_timeout", &[])
        .await
        .unwrap();
    call.finish();
    assert!(
        row.get::<_, String>(0).starts_with('0'),
        "the setting is gone"
    );
}

#[tokio::test]
async fn a_parameter_set_by_a_function_is_seen() {
    let engine = Engine::shared().await;
    let session = session(engine).await;
    run(
        &session,
        "SELECT set_config('application_name', 'sneaky', false)",
    )
    .await
    .unwrap();
    assert_eq!(
        session.cleanliness(),
        Cleanliness::Dirty(DirtyReason::Parameter("application_name".to_owned()))
    );
    assert_eq!(
        session.tap().parameter("application_name").as_deref(),
        Some("sneaky")
    );
}

#[tokio::test]
async fn local_settings_are_excused_by_promise() {
    let engine = Engine::shared().await;
    let sql = "BEGIN; SET LOCAL statement_timeout = '5s'; COMMIT";
    engine.require("SET LOCAL", sql).await;
    let session = session(engine).await;
    let mut call = session.begin_call();
    call.settings_are_local();
    call.client().batch_execute(sql).await.unwrap();
    call.finish();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
    run(&session, sql).await.unwrap();
    assert!(
        matches!(session.cleanliness(), Cleanliness::Dirty(DirtyReason::Tag(tag)) if tag == "SET")
    );
}

#[tokio::test]
async fn raw_access_is_dirty() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    let _ = session.client();
    assert_eq!(
        session.cleanliness(),
        Cleanliness::Dirty(DirtyReason::RawAccess)
    );
    session.reset(WITHIN).await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_begin_polled_once_and_dropped_is_unfinished_and_a_reset_ends_its_transaction() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    {
        let call = session.begin_call();
        let mut begin = Box::pin(call.client().batch_execute("BEGIN"));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(begin.as_mut().poll(&mut context), Poll::Pending));
    }
    assert_eq!(
        session.tap().transaction_status(),
        TransactionStatus::Idle,
        "nothing on the wire yet"
    );
    assert_eq!(session.cleanliness(), Cleanliness::Unfinished);
    session.start_borrow();
    assert_eq!(
        session.cleanliness(),
        Cleanliness::Unfinished,
        "a new borrow does not excuse it"
    );
    session.reset(WITHIN).await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
    let tags = session.tap().commands();
    assert!(
        tags >= 2,
        "BEGIN was executed and ended, {tags} commands seen"
    );
}

#[tokio::test]
async fn a_dropped_row_stream_does_not_reach_the_next_borrower() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    {
        let call = session.begin_call();
        let none: [&str; 0] = [];
        let sql = "SELECT generate_series(1, 100000)";
        let rows = call.client().query_raw(sql, none).await.unwrap();
        drop(rows);
    }
    assert_eq!(session.cleanliness(), Cleanliness::Unfinished);
    session.reset(WITHIN).await.unwrap();
    let call = session.begin_call();
    let row = call.client().query_one("SELECT 'mine'", &[]).await.unwrap();
    call.finish();
    assert_eq!(row.get::<_, &str>(0), "mine");
}

#[tokio::test]
async fn statements_prepared_before_a_reset_do_not_haunt_the_new_client() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    for _ in 0..3 {
        let call = session.begin_call();
        // A type that the client must look up, by statements that it keeps prepared.
        let row = call
            .client()
            .query_one("SELECT 'pg_class'::regclass::oid, current_user::name", &[])
            .await;
        row.unwrap();
        let statement = call.client().prepare("SELECT $1::INT8").await.unwrap();
        call.client()
            .query_one(&statement, &[&7_i64])
            .await
            .unwrap();
        call.finish();
        session.reset(WITHIN).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_is_not_clean_before_the_error_s_reply_has_ended() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    for _ in 0..200 {
        run(&session, "BEGIN; SELECT 1/0").await.unwrap_err();
        assert_ne!(session.cleanliness(), Cleanliness::Clean);
        assert_eq!(session.reset(WITHIN).await.unwrap(), Renewal::Renewed);
        let before = session.tap().commands();
        run(&session, "SELECT 1/0").await.unwrap_err();
        assert_eq!(session.reset(WITHIN).await.unwrap(), Renewal::Untouched);
        assert_eq!(
            session.tap().commands(),
            before,
            "nothing to reset, nothing sent"
        );
    }
}

#[tokio::test]
async fn commit_of_a_failed_transaction_shows_its_tag() {
    let engine = Engine::shared().await;
    let session = session(engine).await;
    run(&session, "BEGIN").await.unwrap();
    run(&session, "SELECT 1/0").await.unwrap_err();
    session.tap().settled().await;
    assert_eq!(
        session.tap().transaction_status(),
        TransactionStatus::Failed
    );
    run(&session, "COMMIT").await.unwrap();
    assert_eq!(session.tap().last_command_tag().unwrap(), "ROLLBACK");
}

#[tokio::test]
async fn a_dropped_session_ends_on_the_server_whatever_it_was_doing() {
    let engine = Engine::shared().await;
    for busy in [false, true] {
        let name = format!("dropped {busy}");
        let session = connector(config(engine, Login::Scram).application_name(name.as_str()))
            .connect(&crate::bed::endpoint(engine))
            .await
            .unwrap();
        if busy {
            let call = session.begin_call();
            let mut sleep = Box::pin(call.client().batch_execute("SELECT pg_sleep(1)"));
            assert!(futures_util::poll!(sleep.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        drop(session);
        let count = match engine.kind() {
            EngineKind::CockroachDb => {
                let all = format!(
                    "SELECT count(*) FROM [SHOW CLUSTER SESSIONS] WHERE application_name = '{name}'"
                );
                // Since v22.2 it lists closed sessions too.
                let open = format!("{all} AND status <> 'CLOSED'");
                match engine.execute(&open).await {
                    Ok(_) => open,
                    Err(_) => all,
                }
            }
            _ => format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'"),
        };
        let start = Instant::now();
        while engine.execute(&count).await.unwrap().as_deref() != Some("0") {
            assert!(start.elapsed() < Duration::from_secs(10), "still there");
        }
    }
}

#[tokio::test]
async fn a_session_that_the_server_ends_says_so_unasked() {
    let engine = postgresql().await;
    let session = session(engine).await;
    let pid = session.facts().process_id().unwrap();
    engine
        .execute(&format!("SELECT pg_terminate_backend({pid})"))
        .await
        .unwrap();
    let start = Instant::now();
    while !session.is_closed() {
        assert!(start.elapsed() < WITHIN);
        tokio::task::yield_now().await;
    }
    assert_eq!(session.cleanliness(), Cleanliness::Broken);
    assert_eq!(session.tap().termination().unwrap().sqlstate(), "57P01");
    assert_eq!(session.end().unwrap().kind(), ErrorKind::Draining);
    assert!(session.ping(WITHIN).await.unwrap_err().is_draining());
}

#[tokio::test]
async fn a_cut_connection_is_closed_and_a_silent_one_times_out() {
    let engine = Engine::shared().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let endpoint = crdb_auth::Endpoint::new(proxy.host(), proxy.port());
    let connector = connector(config(engine, Login::Scram));
    let silent = connector.connect(&endpoint).await.unwrap();
    silent.ping(WITHIN).await.unwrap();
    proxy.set_link(
        crdb_testkit::Direction::ToClient,
        crdb_testkit::Link::blackhole(),
    );
    let start = Instant::now();
    let error = silent.ping(Duration::from_millis(200)).await.unwrap_err();
    assert!(
        error.is_timeout() && start.elapsed() < Duration::from_secs(2),
        "{error}"
    );
    assert_eq!(
        silent.cleanliness(),
        Cleanliness::Unfinished,
        "a ping that was given up"
    );
    proxy.cut_now(Cut::Reset);
    let error = silent.ping(WITHIN).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Closed | ErrorKind::Network),
        "{error}"
    );
    assert_eq!(silent.cleanliness(), Cleanliness::Broken);
}
