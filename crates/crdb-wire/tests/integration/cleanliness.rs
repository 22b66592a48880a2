//! Whether a session may be lent again, and what a reset brings back.

use crdb_testkit::{Engine, EngineKind};
use crdb_wire::{Cleanliness, Config, DirtyReason, Renewal};

use crate::bed::{one, postgresql, session, session_with, soon};

#[tokio::test]
async fn what_leaves_nothing_is_clean_and_what_may_is_dirty_until_reset() {
    let session = session(postgresql().await).await;
    session
        .simple("CREATE TABLE IF NOT EXISTS clean (a INT8)")
        .await
        .unwrap();
    for text in [
        "SELECT 1",
        "INSERT INTO clean VALUES (1)",
        "BEGIN; SET LOCAL statement_timeout = '5s'; SAVEPOINT s; ROLLBACK TO SAVEPOINT s; COMMIT",
        "SELECT no_such_column",
        "SELECT pg_advisory_xact_lock(1)",
    ] {
        session.begin_loan();
        drop(session.simple(text).await);
        assert_eq!(session.end_loan(), Cleanliness::Clean, "{text}");
    }
    for text in [
        "SET statement_timeout = '5s'",
        "SELECT set_config('statement_timeout', '5s', false)",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        "BEGIN; SELECT 1/0",
        "CREATE TEMP TABLE tt AS SELECT 1 AS a",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_advisory_lock(1) / 0",
        "LISTEN x",
        "DO $$ BEGIN END $$",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "SET ROLE NONE",
    ] {
        session.begin_loan();
        drop(session.simple(text).await);
        assert!(
            matches!(session.end_loan(), Cleanliness::Dirty(_)),
            "{text}: {:?}",
            session.end_loan()
        );
        assert_eq!(
            session.reset(soon()).await.unwrap(),
            Renewal::Renewed,
            "{text}"
        );
        assert_eq!(session.end_loan(), Cleanliness::Clean, "{text}");
    }
    assert_eq!(one::<String>(&session, "SHOW statement_timeout").await, "0");
}

#[tokio::test]
async fn the_ground_state_of_hooks_survives_every_reset() {
    let session = session(Engine::shared().await).await;
    session.begin_ground();
    session.simple("SET TIME ZONE 'Asia/Tokyo'").await.unwrap();
    session
        .execute(
            "SELECT set_config('statement_timeout', $1, false)",
            &[&"7777"],
        )
        .await
        .unwrap();
    session.fetch_all("SELECT 1", &[]).await.unwrap();
    session.mark_ground();
    assert_eq!(
        session.end_loan(),
        Cleanliness::Clean,
        "what hooks set does not make a session dirty"
    );
    for _ in 0..3 {
        session.begin_loan();
        session.simple("SET TIME ZONE 'UTC'").await.unwrap();
        session
            .simple("SET statement_timeout = '1s'")
            .await
            .unwrap();
        assert!(matches!(session.end_loan(), Cleanliness::Dirty(_)));
        session.reset(soon()).await.unwrap();
        assert_eq!(session.end_loan(), Cleanliness::Clean);
        assert_eq!(session.parameter("TimeZone").as_deref(), Some("Asia/Tokyo"));
        let limit: String = one(&session, "SHOW statement_timeout").await;
        assert!(limit.starts_with("7777"), "{limit}");
    }
}

#[tokio::test]
async fn a_policy_can_reset_always() {
    let session = session_with(Engine::shared().await, Config::default().always_reset(true)).await;
    session.begin_loan();
    session.fetch_all("SELECT 1", &[]).await.unwrap();
    assert_eq!(session.end_loan(), Cleanliness::Dirty(DirtyReason::Policy));
    assert_eq!(session.reset(soon()).await.unwrap(), Renewal::Renewed);
}

#[tokio::test]
async fn a_dropped_statement_is_cancelled_before_its_end_is_awaited() {
    let engine = Engine::shared().await;
    let session = session(engine).await;
    session.begin_loan();
    {
        let sleeping = session.fetch_all("SELECT pg_sleep(3600)", &[]);
        let timed = tokio::time::timeout(std::time::Duration::from_millis(300), sleeping).await;
        assert!(timed.is_err());
    }
    assert_eq!(session.end_loan(), Cleanliness::Unfinished);
    let reset = session.reset(soon()).await;
    // CockroachDB before v22.1 has no cancel; everywhere else the statement has ended.
    if engine.kind() == EngineKind::PostgreSql {
        assert_eq!(reset.unwrap(), Renewal::Untouched);
        assert_eq!(session.end_loan(), Cleanliness::Clean);
        assert_eq!(session.prepared_statements(), 1);
        assert_eq!(one::<i64>(&session, "SELECT 42::INT8").await, 42);
    }
}

#[tokio::test]
async fn a_cancel_handle_of_an_earlier_loan_sends_nothing() {
    let session = session(postgresql().await).await;
    session.begin_loan();
    let handle = session.cancel_handle();
    assert_eq!(session.end_loan(), Cleanliness::Clean);
    session.begin_loan();
    handle.cancel().await.unwrap();
    assert_eq!(session.end_loan(), Cleanliness::Clean);
    session.begin_loan();
    let handle = session.cancel_handle();
    let (answer, cancelled) =
        tokio::join!(session.fetch_all("SELECT pg_sleep(3600)", &[]), async {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            handle.cancel().await
        });
    cancelled.unwrap();
    assert_eq!(answer.unwrap_err().sqlstate(), Some("57014"));
    assert_eq!(
        session.end_loan(),
        Cleanliness::Dirty(DirtyReason::Cancelled)
    );
    session.reset(soon()).await.unwrap();
    assert_eq!(session.end_loan(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_ping_costs_nothing_of_the_cleanliness() {
    let session = session(Engine::shared().await).await;
    session.ping(soon()).await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}
