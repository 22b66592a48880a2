//! Statements that PostgreSQL runs and CockroachDB does not.

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{Raw, parse, run, session, sync};

#[tokio::test]
async fn what_is_no_syntax_there_is_refused_with_its_place() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    assert_eq!(
        raw.query("LISTEN a").await,
        [
            "ErrorResponse ERROR 42601 'at or near \"listen\": syntax error' detail=\"source SQL:\\nLISTEN a\\n^\"",
            "ReadyForQuery I"
        ]
    );
    for sql in ["NOTIFY a", "LOCK TABLE tr", "SELECT 1; LISTEN a"] {
        let answer = raw.query(sql).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42601"),
            "{sql}: {answer:?}"
        );
        assert_eq!(answer.len(), 2, "{sql}");
        let answer = raw.exchange(&[parse("", sql), sync()].concat()).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42601"),
            "{sql}: {answer:?}"
        );
    }
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("LOCK TABLE tr").await.last().unwrap(),
        "ReadyForQuery E"
    );
}

#[tokio::test]
async fn set_local_can_be_unknown_and_then_nothing_of_its_text_runs() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default().set_local(false)).await;
    assert_eq!(
        raw.query("BEGIN; SET LOCAL statement_timeout = 100").await,
        [
            "ErrorResponse ERROR 0A000 'at or near \"statement_timeout\": syntax error: unimplemented: this syntax' \
             detail=\"source SQL:\\nBEGIN; SET LOCAL statement_timeout = 100\\n                 ^\" \
             hint=\"You have attempted to use a feature that is not yet implemented.\\nSee: \
             https://go.crdb.dev/issue/32562\"",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn advisory_locks_are_unknown_or_lock_nothing() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let mut other = Raw::connect(proxy.port(), database.name()).await;
    for sql in [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_advisory_xact_lock(1)",
    ] {
        let answer = raw.query(sql).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42883 'unknown function: pg_advisory_"),
            "{answer:?}"
        );
        let answer = raw.exchange(&[run(sql), sync()].concat()).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42883"),
            "{answer:?}"
        );
    }
    for session in [&mut raw, &mut other] {
        for name in ["pg_try_advisory_lock", "pg_advisory_unlock"] {
            let answer = session.query(&format!("SELECT {name}(1)")).await;
            assert_eq!(
                answer[..2],
                [format!("RowDescription {name}:16"), "DataRow t".to_owned()]
            );
        }
    }
}

#[tokio::test]
async fn several_statements_cannot_be_prepared() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let answer = raw
        .exchange(&[parse("", "SELECT 1; SELECT 2"), sync()].concat())
        .await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 42P14"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn cursors_are_text_and_go_forward() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_1)).await;
    for kind in ["BINARY CURSOR", "SCROLL CURSOR", "CURSOR WITH HOLD"] {
        raw.query("BEGIN").await;
        let answer = raw.query(&format!("DECLARE c {kind} FOR SELECT 1")).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 0A000 'unimplemented: DECLARE "),
            "{answer:?}"
        );
        assert!(
            answer[0].contains("https://go.crdb.dev/issue-v/"),
            "{answer:?}"
        );
        raw.query("ROLLBACK").await;
    }
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("DECLARE c CURSOR FOR SELECT 1").await[0],
        "CommandComplete 'DECLARE CURSOR'"
    );
}

#[tokio::test]
async fn tags_and_parameters_come_as_cockroachdb_sends_them() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_1)).await;
    assert_eq!(
        raw.query("SET application_name = 'x'").await,
        [
            "ParameterStatus application_name=x",
            "CommandComplete 'SET'",
            "ReadyForQuery I"
        ]
    );
    let discarded = raw.query("DISCARD ALL").await;
    assert_eq!(
        discarded[discarded.len() - 2..],
        ["CommandComplete 'DISCARD'", "ReadyForQuery I"]
    );
    assert_eq!(
        raw.query("").await,
        ["EmptyQueryResponse", "ReadyForQuery I"]
    );
    // Not a parameter that CockroachDB reports.
    assert_eq!(
        raw.query("SET default_transaction_read_only = on")
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn cancelled_statements_say_so_in_cockroachdbs_words() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("SET statement_timeout = 50").await;
    let answer = raw.query("SELECT pg_sleep(10)").await;
    assert!(
        answer.contains(
            &"ErrorResponse ERROR 57014 'query execution canceled due to statement timeout'"
                .to_owned()
        ),
        "{answer:?}"
    );
}
