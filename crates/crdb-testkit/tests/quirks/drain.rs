//! A node that drains.

use crdb_testkit::QuirksOptions;

use crate::raw::{Raw, query, session, startup, until_a_session};

const GOODBYE: &str = "ErrorResponse ERROR 57P01 'server is shutting down'";

#[tokio::test]
async fn idle_sessions_are_told_unasked_and_busy_ones_after_their_answer() {
    let (proxy, database, mut idle) = session(QuirksOptions::default()).await;
    let mut open = Raw::connect(proxy.port(), database.name()).await;
    let mut busy = Raw::connect(proxy.port(), database.name()).await;
    open.query("BEGIN").await;
    open.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    // Waits for the other transaction.
    busy.send(&query("INSERT INTO tr VALUES (1, 1, 'a')")).await;
    until_a_session(&database, "wait_event_type = 'Lock'").await;

    proxy.drain();
    assert_eq!(idle.answers(1).await, [GOODBYE, "closed"]);
    assert_eq!(
        open.query("SELECT 1::int8 AS a").await.last().unwrap(),
        "ReadyForQuery T"
    );
    open.send(&query("COMMIT")).await;
    assert_eq!(
        open.answers(2).await,
        [
            "CommandComplete 'COMMIT'",
            "ReadyForQuery I",
            GOODBYE,
            "closed"
        ]
    );
    let answer = busy.answers(2).await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 23505"),
        "{answer:?}"
    );
    assert_eq!(answer[1..], ["ReadyForQuery I", GOODBYE, "closed"]);
    assert_eq!(proxy.counts().drained, 3);

    // New connections get it in clear, also in answer to an SSLRequest.
    let ssl_request = [0, 0, 0, 8, 4, 210, 22, 47];
    for first in [ssl_request.to_vec(), startup(&[("user", "trust_user")])] {
        let mut new = Raw {
            stream: tokio::net::TcpStream::connect(("127.0.0.1", proxy.port()))
                .await
                .unwrap(),
            greeting: vec![],
            key: vec![],
        };
        new.send(&first).await;
        assert_eq!(
            new.answers(1).await,
            [
                "ErrorResponse ERROR 57P01 'server is not accepting clients, try another node'",
                "closed"
            ]
        );
    }

    proxy.stop_draining();
    Raw::connect(proxy.port(), database.name())
        .await
        .query("SELECT 1")
        .await;
}
