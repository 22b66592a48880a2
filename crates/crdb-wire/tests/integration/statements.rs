//! Prepared statements: how many are kept, and what becomes of stale ones.

use std::future::poll_fn;
use std::task::Poll;

use crdb_testkit::Engine;
use crdb_wire::{Cleanliness, Config, Request};

use crate::bed::{one, postgresql, session, session_with};

#[tokio::test]
async fn the_statement_used_least_recently_is_closed_on_the_server() {
    let session = session_with(postgresql().await, Config::default().max_statements(3)).await;
    let kept = "SELECT count(*)::INT8 FROM pg_prepared_statements";
    for number in 0..10 {
        session
            .fetch_all(&format!("SELECT {number}"), &[])
            .await
            .unwrap();
        assert_eq!(one::<i64>(&session, kept).await, (number + 2).min(3));
    }
    assert_eq!(session.prepared_statements(), 3);
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_preparation_that_is_dropped_leaves_nothing_on_the_server() {
    let session = session(postgresql().await).await;
    for number in 0..10 {
        let text = format!("SELECT {number}");
        let mut preparing = Box::pin(session.fetch_all(&text, &[]));
        let pending = poll_fn(|cx| Poll::Ready(preparing.as_mut().poll(cx).is_pending()));
        assert!(pending.await, "nothing is answered before it is sent");
    }
    assert_eq!(session.prepared_statements(), 0);
    let kept = "SELECT count(*)::INT8 FROM pg_prepared_statements";
    assert_eq!(one::<i64>(&session, kept).await, 1, "the question itself");
}

#[tokio::test]
async fn a_statement_that_the_server_has_forgotten_is_prepared_again_outside_transactions() {
    let session = session(postgresql().await).await;
    let sql = "SELECT 42::INT8";
    assert_eq!(one::<i64>(&session, sql).await, 42);
    session.simple("DEALLOCATE ALL").await.unwrap();
    assert_eq!(one::<i64>(&session, sql).await, 42);
    session.simple("DEALLOCATE ALL").await.unwrap();
    let rows = session
        .fetch_all(Request::new(sql).once(), &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 1, "it had not run");

    session.simple("DEALLOCATE ALL; BEGIN").await.unwrap();
    let error = session.fetch_all(sql, &[]).await.unwrap_err();
    assert_eq!(
        error.sqlstate(),
        Some("26000"),
        "the transaction has failed: nothing is run again"
    );
    session.simple("ROLLBACK").await.unwrap();
    session.simple("BEGIN").await.unwrap();
    assert_eq!(
        one::<i64>(&session, sql).await,
        42,
        "the next attempt prepares anew"
    );
    session.simple("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn a_changed_result_type_is_prepared_again() {
    let engine = Engine::shared().await;
    let session = session(engine).await;
    session
        .simple("DROP TABLE IF EXISTS changing")
        .await
        .unwrap();
    session
        .simple("CREATE TABLE changing (a INT8)")
        .await
        .unwrap();
    session
        .simple("INSERT INTO changing VALUES (1)")
        .await
        .unwrap();
    let sql = "SELECT * FROM changing";
    assert_eq!(session.fetch_all(sql, &[]).await.unwrap()[0].len(), 1);
    session
        .simple("ALTER TABLE changing ADD COLUMN b INT8 DEFAULT 2")
        .await
        .unwrap();
    let rows = session.fetch_all(sql, &[]).await.unwrap();
    assert_eq!(rows[0].get::<i64>("b").unwrap(), 2);
}

#[tokio::test]
async fn types_of_the_users_own_are_looked_up() {
    let engine = postgresql().await;
    let session = session(engine).await;
    session
        .simple(
            "DROP TABLE IF EXISTS moods; DROP TYPE IF EXISTS pair; DROP DOMAIN IF EXISTS positive; DROP TYPE IF EXISTS mood; \
             DROP TYPE IF EXISTS span; \
             CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN positive AS INT8 CHECK (VALUE > 0); \
             CREATE TYPE pair AS (m mood, p positive); CREATE TYPE span AS RANGE (subtype = timestamptz)",
        )
        .await
        .unwrap();
    session.begin_loan();
    session.simple("BEGIN").await.unwrap();
    let rows = session
        .fetch_all(
            "SELECT 'sad'::mood, ARRAY['sad']::mood[], 5::positive, ROW('sad', 1)::pair, ARRAY[]::pair[], '(,)'::span",
            &[],
        )
        .await
        .unwrap();
    let kinds: Vec<_> = rows
        .columns()
        .iter()
        .map(|column| format!("{:?}", column.type_().kind()))
        .collect();
    assert_eq!(kinds[0], "Enum([\"sad\", \"it's ok\"])");
    assert!(
        kinds[1].starts_with("Array(") && kinds[1].contains("mood"),
        "{kinds:?}"
    );
    assert_eq!(kinds[2], "Simple", "PostgreSQL names a domain's base type");
    assert!(
        kinds[3].contains("Domain(Int8)"),
        "but not within others: {kinds:?}"
    );
    assert!(
        kinds[3].starts_with("Composite([Field { name: \"m\""),
        "{kinds:?}"
    );
    assert!(kinds[4].starts_with("Array("), "{kinds:?}");
    assert!(kinds[5].starts_with("Range("), "{kinds:?}");
    assert_eq!(
        session.simple("COMMIT").await.unwrap().tag().unwrap(),
        "COMMIT"
    );
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}
