//! What CockroachDB does otherwise, on a proxy that answers as it does.

use crdb_wire::{Cleanliness, CopyFormat, End, Engine, ErrorKind, Renewal, TransactionStatus};

use crate::bed::{one, quirky, soon};

#[tokio::test]
async fn a_session_is_brought_back_to_its_ground_state() {
    let (_proxy, session) = quirky().await;
    assert_eq!(session.engine(), Engine::CockroachDb);
    assert!(session.version().is_some());
    session.begin_ground();
    session.simple("SET TIME ZONE 'Asia/Tokyo'").await.unwrap();
    session.mark_ground();
    for text in ["SET TIME ZONE 'UTC'", "BEGIN", "BEGIN; SELECT 1/0"] {
        session.begin_loan();
        drop(session.simple(text).await);
        assert!(
            matches!(session.end_loan(), Cleanliness::Dirty(_)),
            "{text}"
        );
        assert_eq!(
            session.reset(soon()).await.unwrap(),
            Renewal::Renewed,
            "{text}"
        );
        assert_eq!(session.end_loan(), Cleanliness::Clean, "{text}");
        assert_eq!(session.parameter("TimeZone").as_deref(), Some("Asia/Tokyo"));
    }
    assert_eq!(one::<i64>(&session, "SELECT 42::INT8").await, 42);
}

#[tokio::test]
async fn copy_in_the_extended_protocol_never_reaches_the_server() {
    let (_proxy, session) = quirky().await;
    let error = session.execute("COPY t FROM STDIN", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(session.end_loan(), Cleanliness::Clean);
}

/// What the documentation of `CopyIn` says of releases whose COPY commits by itself too late.
#[tokio::test]
async fn a_long_copy_is_refused_by_itself_and_taken_in_a_transaction() {
    let (proxy, session) = quirky().await;
    session
        .simple("SET experimental_enable_temp_tables = on")
        .await
        .unwrap();
    session
        .simple("CREATE TEMP TABLE long (n INT8)")
        .await
        .unwrap();
    proxy.limit_copies(Some(std::time::Duration::ZERO));
    let copy = async || {
        session
            .copy_in_whole("COPY long FROM STDIN", CopyFormat::Text, b"1\n")
            .await
    };
    let error = copy().await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("40001"));
    session.simple("BEGIN").await.unwrap();
    assert_eq!(copy().await.unwrap().rows_affected(), 1);
    session.simple("COMMIT").await.unwrap();
    assert_eq!(one::<i64>(&session, "SELECT count(*) FROM long").await, 1);
}

#[tokio::test]
async fn commit_of_a_failed_transaction_is_answered_by_rollback() {
    let (_proxy, session) = quirky().await;
    session.simple("BEGIN").await.unwrap();
    session.fetch_all("SELECT 1/0", &[]).await.unwrap_err();
    let answer = session.simple("COMMIT").await.unwrap();
    assert_eq!(answer.tag().unwrap(), "ROLLBACK");
    assert_eq!(answer.status(), Some(TransactionStatus::Idle));
}

#[tokio::test]
async fn a_drain_is_told_and_the_next_request_is_not_written() {
    let (proxy, session) = quirky().await;
    assert_eq!(one::<i64>(&session, "SELECT 42::INT8").await, 42);
    proxy.drain();
    let ended = tokio::time::timeout_at(soon(), async {
        while !session.is_closed() {
            tokio::task::yield_now().await;
        }
    });
    ended.await.unwrap();
    assert!(matches!(session.end(), Some(End::Server(error)) if error.sqlstate() == "57P01"));
    let error = session.fetch_all("SELECT 1", &[]).await.unwrap_err();
    assert_eq!(error.answer().written(), crdb_wire::Written::Not);
}
