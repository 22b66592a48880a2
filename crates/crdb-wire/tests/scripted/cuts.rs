//! The connection cut at every byte of a request and of its reply.

use crdb_wire::{Cleanliness, Config, End, ErrorKind, TransactionStatus, Written};

use crate::stream::{Last, Script, complete, message, prepared, ready, row};

const TEXT: &str = "INSERT INTO t VALUES (1)";

#[tokio::test]
async fn a_request_cut_at_every_byte_is_known_to_be_written_that_far() {
    let whole = Script::answering([complete("INSERT 0 1"), ready(b'I')].concat(), Last::Silent);
    whole.session().simple(TEXT).await.unwrap();
    let length = whole.written();
    for takes in 0..=length {
        let session = Script::new(vec![], Last::Silent).takes(takes).session();
        let (first, second) = tokio::join!(session.simple(TEXT), session.simple("SELECT 1"));
        let (first, second) = (first.unwrap_err(), second.unwrap_err());
        let expected = match takes {
            0 => Written::Not,
            _ if takes < length => Written::Partly,
            _ => Written::Wholly,
        };
        assert_eq!(first.answer().written(), expected, "{takes} of {length}");
        assert_eq!(
            second.answer().written(),
            Written::Not,
            "{takes} of {length}"
        );
        for error in [first, second] {
            assert_eq!(error.kind(), ErrorKind::Closed);
            assert!(error.answer().tags().is_empty() && error.answer().status().is_none());
            assert!(matches!(error.answer().end(), Some(End::Failed(_))));
        }
        let later = session.simple("SELECT 1").await.unwrap_err();
        assert_eq!(later.answer().written(), Written::Not);
        assert_eq!(session.end_loan(), Cleanliness::Broken);
    }
}

#[tokio::test]
async fn a_write_that_fails_may_have_taken_all_where_that_cannot_be_known() {
    let script = Script::new(vec![], Last::Silent).takes(3);
    let remote = crdb_wire::Remote::new("script", crdb_wire::Engine::PostgreSql);
    let session = crdb_wire::Session::over(script, remote, Config::default());
    let error = session.simple(TEXT).await.unwrap_err();
    assert_eq!(error.answer().written(), Written::Wholly);
}

#[tokio::test]
async fn a_reply_cut_at_every_byte_keeps_what_came() {
    let tag = complete("INSERT 0 1");
    let whole = [tag.clone(), message(b'N', b"SNOTICE\0\0"), ready(b'I')].concat();
    for cut in 0..=whole.len() {
        for last in [Last::Closed, Last::Reset] {
            for piece in [1, usize::MAX] {
                let script = Script::answering(whole[..cut].to_vec(), last).in_pieces(piece);
                let session = script.session();
                let result = session.simple(TEXT).await;
                if cut == whole.len() {
                    let answer = result.unwrap();
                    assert_eq!(answer.status(), Some(TransactionStatus::Idle));
                    assert!(answer.end().is_none());
                    continue;
                }
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Closed);
                let answer = error.answer();
                assert_eq!(answer.written(), Written::Wholly);
                assert_eq!(answer.status(), None);
                assert_eq!(answer.tags().len(), usize::from(cut >= tag.len()), "{cut}");
                match last {
                    Last::Closed => assert!(matches!(answer.end(), Some(End::Closed))),
                    _ => assert!(matches!(answer.end(), Some(End::Failed(_)))),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_statement_cut_while_it_is_prepared_was_not_written() {
    let whole = prepared();
    for cut in 0..whole.len() {
        let session = Script::answering(whole[..cut].to_vec(), Last::Closed).session();
        let error = session.execute("SELECT a FROM t", &[]).await.unwrap_err();
        assert_eq!(error.answer().written(), Written::Not, "{cut}");
        assert!(error.answer().end().is_some());
    }
}

/// A server that prepares a statement and answers its first run.
fn conversation(run: Vec<u8>, last: Last) -> Script {
    Script::new(vec![(1, prepared()), (60, run)], last)
}

#[tokio::test]
async fn rows_cut_at_every_byte_are_given_as_far_as_they_came() {
    let rows = [row(1), row(2), row(3)].concat();
    let whole = [message(b'2', b""), rows, complete("SELECT 3"), ready(b'I')].concat();
    let length = row(1).len();
    for cut in 0..whole.len() {
        let script = conversation(whole[..cut].to_vec(), Last::Reset).in_pieces(7);
        let session = script.session();
        let came = cut.saturating_sub(5) / length;
        let mut stream = match session.fetch_stream("SELECT a FROM t", &[]).await {
            Ok(stream) => stream,
            Err(error) => {
                assert_eq!((error.kind(), came), (ErrorKind::Closed, 0));
                continue;
            }
        };
        let mut read = 0;
        let error = loop {
            match stream.next_row().await {
                Ok(row) => {
                    read += 1;
                    assert_eq!(row.unwrap().get::<i64>(0).unwrap(), read);
                }
                Err(error) => break error,
            }
        };
        assert_eq!(read as usize, came.min(3), "{cut}");
        assert_eq!(error.answer().rows_received(), read.cast_unsigned());
        assert!(
            stream.next_row().await.unwrap().is_none(),
            "an error is told once"
        );
    }
}

#[tokio::test]
async fn a_statement_that_is_used_again_costs_one_write() {
    let run = [
        message(b'2', b""),
        row(7),
        complete("SELECT 1"),
        ready(b'I'),
    ]
    .concat();
    let script = Script::new(
        vec![
            (1, prepared()),
            (60, run.clone()),
            (90, run.clone()),
            (120, run),
        ],
        Last::Silent,
    );
    let session = script.session();
    session.fetch_all("SELECT a FROM t", &[]).await.unwrap();
    assert_eq!(script.writes(), 2);
    for writes in [3, 4] {
        let rows = session.fetch_all("SELECT a FROM t", &[]).await.unwrap();
        assert_eq!(rows[0].get::<i64>(0).unwrap(), 7);
        assert_eq!(script.writes(), writes);
    }
}

#[tokio::test]
async fn requests_that_are_sent_together_cost_one_write() {
    let one = [complete("SELECT 1"), ready(b'I')].concat();
    let script = Script::new(vec![(30, one.repeat(50))], Last::Silent);
    let session = script.session();
    let all = (0..50).map(|_| session.simple("SELECT 1"));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.unwrap().tag().unwrap(), "SELECT 1");
    }
    assert_eq!(script.writes(), 1);
}

#[tokio::test]
async fn a_goodbye_behind_a_good_reply_spoils_only_what_comes_later() {
    for farewell in [
        &b"SERROR\0C57P01\0Mserver is shutting down\0\0"[..],
        b"SFATAL\0C57P01\0Mterminating connection\0\0",
    ] {
        let reply = [complete("INSERT 0 1"), ready(b'I'), message(b'E', farewell)].concat();
        let session = Script::answering(reply, Last::Silent).session();
        assert_eq!(
            session.simple(TEXT).await.unwrap().tag().unwrap(),
            "INSERT 0 1"
        );
        let error = session.simple(TEXT).await.unwrap_err();
        assert_eq!(error.answer().written(), Written::Not);
        assert!(error.answer().error().is_none());
        assert_eq!(error.sqlstate(), Some("57P01"));
        assert_eq!(session.end_loan(), Cleanliness::Broken);
    }
}

#[tokio::test]
async fn an_error_57p01_ends_the_session_only_if_no_readyforquery_follows() {
    let error = message(b'E', b"SERROR\0C57P01\0Mraised by a function\0\0");
    let session = Script::answering([error.clone(), ready(b'I')].concat(), Last::Silent).session();
    let raised = session.simple(TEXT).await.unwrap_err();
    assert_eq!(raised.kind(), ErrorKind::Server);
    assert_eq!(raised.answer().error().unwrap().sqlstate(), "57P01");
    assert_eq!(session.end_loan(), Cleanliness::Clean);

    let session = Script::answering(error, Last::Closed).session();
    let ended = session.simple(TEXT).await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Closed);
    assert!(ended.answer().error().is_none());
    assert!(matches!(ended.answer().end(), Some(End::Server(_))));
}
