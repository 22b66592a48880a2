//! Every request comes back with its own answer.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use crdb_testkit::Engine;
use crdb_wire::{Cleanliness, Config, ErrorKind, TransactionStatus, Written};

use crate::bed::{one, postgresql, session, session_with, soon};

#[tokio::test]
async fn values_go_out_and_rows_come_back() {
    let session = session(Engine::shared().await).await;
    for _ in 0..2 {
        let rows = session
            .fetch_all(
                "SELECT $1::INT8 AS a, $2::TEXT AS b, $3::BYTEA AS c, NULL::INT8 AS d",
                &[&7_i64, &"grüße", &vec![0_u8, 255]],
            )
            .await
            .unwrap();
        assert_eq!(rows.columns()[1].name(), "b");
        assert_eq!(rows[0].get::<i64>("a").unwrap(), 7);
        assert_eq!(rows[0].get::<&str>("b").unwrap(), "grüße");
        assert_eq!(rows[0].get::<&[u8]>("c").unwrap(), [0, 255]);
        assert_eq!(rows[0].get::<Option<i64>>(3).unwrap(), None);
        assert_eq!(rows.answer().tag().unwrap(), "SELECT 1");
        assert_eq!(rows.answer().status(), Some(TransactionStatus::Idle));
        assert_eq!(rows.answer().rows_received(), 1);
    }
    assert_eq!(session.prepared_statements(), 1);
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn many_requests_at_once_get_their_own_answers() {
    let session = session(Engine::shared().await).await;
    let ask = |number: i64| {
        let session = &session;
        async move {
            if number % 7 == 3 {
                let error = session
                    .fetch_all("SELECT 1 / ($1::INT8 - $1::INT8)", &[&number])
                    .await
                    .unwrap_err();
                assert_eq!(error.sqlstate(), Some("22012"), "{error}");
                assert_eq!(error.answer().written(), Written::Wholly);
                return;
            }
            let rows = session
                .fetch_all(
                    "SELECT $1::INT8 FROM generate_series(1, $1::INT8)",
                    &[&number],
                )
                .await
                .unwrap();
            assert_eq!(rows.len() as i64, number);
            for row in rows {
                assert_eq!(row.get::<i64>(0).unwrap(), number);
            }
        }
    };
    futures_util::future::join_all((0..200).map(ask)).await;
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_failed_transaction_says_so_in_each_answer() {
    let session = session(Engine::shared().await).await;
    let answer = session.simple("BEGIN").await.unwrap();
    assert_eq!(answer.status(), Some(TransactionStatus::InTransaction));
    let error = session.fetch_all("SELECT 1 / 0", &[]).await.unwrap_err();
    assert_eq!(error.answer().status(), Some(TransactionStatus::Failed));
    assert!(matches!(session.cleanliness(), Cleanliness::Dirty(_)));
    let answer = session.simple("COMMIT").await.unwrap();
    assert_eq!(answer.tag().unwrap(), "ROLLBACK");
    assert_eq!(answer.status(), Some(TransactionStatus::Idle));
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn every_statement_of_a_text_has_its_tag() {
    let session = session(Engine::shared().await).await;
    let answer = session
        .simple("BEGIN; SELECT 1; SELECT 2 WHERE false; COMMIT")
        .await
        .unwrap();
    let tags: Vec<_> = answer.tags().iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["BEGIN", "SELECT 1", "SELECT 0", "COMMIT"]);
    assert!(session.simple("").await.unwrap().tags().is_empty());
}

#[tokio::test]
async fn refusals_write_nothing_and_leave_the_session() {
    let engine = Engine::shared().await;
    let session = session(engine).await;
    session.simple("BEGIN").await.unwrap();
    let many = vec![&1_i64 as &(dyn postgres_types::ToSql + Sync); 65_536];
    let wrong: &[(&str, Vec<&(dyn postgres_types::ToSql + Sync)>)] = &[
        ("SELECT 1\0", vec![]),
        ("SELECT $1::INT8", vec![]),
        ("SELECT $1::INT8", vec![&1_i64, &2_i64]),
        ("SELECT $1::INT8", vec![&"text"]),
        ("SELECT $1::INT8", many),
    ];
    for (sql, values) in wrong {
        for error in [
            session.execute(*sql, values).await.unwrap_err(),
            session.fetch_all(*sql, values).await.unwrap_err(),
            session.fetch_stream(*sql, values).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
            assert_eq!(error.answer().written(), Written::Not);
        }
    }
    assert_eq!(
        session.simple("a\0b").await.unwrap_err().kind(),
        ErrorKind::Refused
    );
    let answer = session.simple("COMMIT").await.unwrap();
    assert_eq!(
        answer.tag().unwrap(),
        "COMMIT",
        "the transaction has not failed"
    );
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn copy_as_a_statement_is_refused_and_nothing_stays_half_read() {
    let session = session(postgresql().await).await;
    session
        .simple("CREATE TABLE IF NOT EXISTS copied (a INT8)")
        .await
        .unwrap();
    // Before anything is written where the text shows it: an open transaction goes on.
    session.simple("BEGIN").await.unwrap();
    for error in [
        session
            .execute("COPY copied FROM STDIN", &[])
            .await
            .unwrap_err(),
        session.simple("COPY copied TO STDOUT").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.answer().written(), Written::Not);
    }
    let answer = session.simple("COMMIT").await.unwrap();
    assert_eq!(answer.tag().unwrap(), "COMMIT");
    // And when the server begins it.
    for copy in [
        "COPY copied FROM STDIN",
        "COPY (SELECT generate_series(1, 50000)) TO STDOUT",
    ] {
        let sql = &format!("SELECT 1; {copy}");
        let error = session.simple(sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{sql}: {error}");
        assert!(error.answer().is_copy_refused());
        assert_eq!(error.answer().status(), Some(TransactionStatus::Idle));
    }
    assert_eq!(
        one::<i64>(&session, "SELECT count(*)::INT8 FROM copied").await,
        0
    );
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_stream_that_is_not_read_is_not_buffered() {
    let session = session_with(Engine::shared().await, Config::default().max_unread(10_000)).await;
    let mut stream = session
        .fetch_stream(
            "SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) AS g(i)",
            &[],
        )
        .await
        .unwrap();
    let mut rows = 0_i64;
    while let Some(row) = stream.next_row().await.unwrap() {
        rows += 1;
        assert_eq!(row.len(), 2);
        if rows % 5000 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(rows, 20_000);
    assert_eq!(stream.answer().unwrap().rows_affected(), 20_000);
    assert!(stream.next_row().await.unwrap().is_none());
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_stream_that_is_dropped_disturbs_nothing_that_follows() {
    let session = session_with(Engine::shared().await, Config::default().max_unread(10_000)).await;
    for read in [0, 1, 2000] {
        let mut stream = session
            .fetch_stream(
                "SELECT repeat('x', 1000) FROM generate_series(1, 20000)",
                &[],
            )
            .await
            .unwrap();
        for _ in 0..read {
            stream.next_row().await.unwrap().unwrap();
        }
        drop(stream);
        assert_eq!(session.cleanliness(), Cleanliness::Unfinished);
        assert_eq!(one::<i64>(&session, "SELECT 42::INT8").await, 42);
        assert_eq!(session.cleanliness(), Cleanliness::Clean);
    }
}

/// Polls a future so many times, and says whether it was ready.
async fn poll_times<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_micros(200)).await;
    }
    None
}

#[tokio::test]
async fn futures_dropped_at_every_poll_leave_a_session_that_resets() {
    let engine = Engine::shared().await;
    let on_its_ground = async || {
        let session = session(engine).await;
        session.begin_ground();
        session.mark_ground();
        session
    };
    let mut session = on_its_ground().await;
    let texts = [
        "SELECT 1::INT8",
        "SELECT 1 / 0",
        "SET application_name = 'dropped'",
    ];
    for polls in 0..40 {
        for text in texts {
            session.begin_loan();
            if polls % 2 == 0 {
                drop(poll_times(session.fetch_all(text, &[]), polls).await);
            } else {
                drop(poll_times(session.simple("BEGIN"), polls).await);
                drop(poll_times(session.execute(text, &[]), polls).await);
            }
            drop(session.end_loan());
            if let Err(error) = session.reset(soon()).await {
                // On CockroachDB a cancel that is not known to have ended a statement may still come.
                assert_eq!(session.engine(), crdb_wire::Engine::CockroachDb, "{error}");
                session = on_its_ground().await;
                continue;
            }
            assert_eq!(session.end_loan(), Cleanliness::Clean);
            assert_eq!(
                session.parameter("application_name").as_deref(),
                Some("crdb-wire tests")
            );
            assert_eq!(one::<i64>(&session, "SELECT 42::INT8").await, 42);
        }
    }
}
