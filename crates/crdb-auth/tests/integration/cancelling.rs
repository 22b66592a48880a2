//! Cancels over their own connection.

use std::time::{Duration, Instant};

use crdb_auth::{Cleanliness, TlsConfig};
use crdb_testkit::{Engine, EngineKind, Login};

use crate::bed::{config, connector, endpoint, postgresql, run, session};

#[tokio::test]
async fn a_running_statement_is_cancelled_over_tls_and_without() {
    let engine = Engine::shared().await;
    engine.require_cancel_requests().await;
    // CockroachDB takes no session without TLS.
    let ways: &[bool] = match engine.kind() {
        EngineKind::CockroachDb => &[true],
        _ => &[true, false],
    };
    for &tls in ways {
        let mut builder = config(engine, Login::Scram);
        if !tls {
            builder = builder.tls(TlsConfig::disabled());
        }
        let mut session = connector(builder).connect(&endpoint(engine)).await.unwrap();
        let handle = session.cancel_handle();
        let start = Instant::now();
        let ended = std::cell::Cell::new(false);
        let statement = async {
            let result = run(&session, "SELECT pg_sleep(60)").await;
            ended.set(true);
            result
        };
        // A cancel that comes before the statement has begun hits nothing, so it is repeated.
        let cancels = async {
            while !ended.get() {
                handle.cancel().await.unwrap();
            }
        };
        let (result, ()) = tokio::join!(statement, cancels);
        assert_eq!(result.unwrap_err().code().unwrap().code(), "57014");
        assert!(start.elapsed() < Duration::from_secs(10));
        session.tap().settled().await;
        assert_ne!(session.cleanliness(), Cleanliness::Clean);
        // There each of the cancels but one may be on its way still.
        if engine.kind() == EngineKind::CockroachDb {
            continue;
        }
        session.reset(Duration::from_secs(10)).await.unwrap();
        assert_eq!(session.cleanliness(), Cleanliness::Clean);
        run(&session, "SELECT 1").await.unwrap();
    }
}

#[tokio::test]
async fn cancels_that_race_with_a_reset_hit_nothing_after_it() {
    // On CockroachDB such a cancel breaks the session.
    let engine = postgresql().await;
    let mut session = session(engine).await;
    for round in 0..50 {
        let handle = session.cancel_handle();
        let cancel = tokio::spawn(async move { handle.cancel().await });
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }
        session.reset(Duration::from_secs(10)).await.unwrap();
        run(&session, "SELECT pg_sleep(0.005)").await.unwrap();
        assert_eq!(session.end_borrow(), Cleanliness::Clean);
        cancel.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_handle_of_an_earlier_borrow_cancels_nothing() {
    let engine = Engine::shared().await;
    engine.require_cancel_requests().await;
    let session = session(engine).await;
    let handle = session.cancel_handle();
    assert_eq!(session.end_borrow(), Cleanliness::Clean);
    session.start_borrow();
    let (result, cancelled) = tokio::join!(run(&session, "SELECT pg_sleep(0.1)"), handle.cancel());
    cancelled.unwrap();
    result.unwrap();
    assert_eq!(session.end_borrow(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_cancel_dropped_on_the_way_breaks_the_session() {
    let engine = Engine::shared().await;
    engine.require_cancel_requests().await;
    let session = session(engine).await;
    let handle = session.cancel_handle();
    let mut cancel = Box::pin(handle.cancel());
    let mut dropped_after_sending = false;
    for _ in 0..10_000 {
        if futures_util::poll!(cancel.as_mut()).is_ready() {
            break;
        }
        assert_eq!(session.cleanliness(), Cleanliness::Unfinished);
        tokio::task::yield_now().await;
        dropped_after_sending = true;
    }
    assert!(dropped_after_sending, "the cancel took no time at all");
    drop(cancel);
    assert_ne!(session.cleanliness(), Cleanliness::Clean);
}
