//! What an observer gets: each operation has one beginning and one end, and lies within the one that it is part of.

use crate::fixture::{Fixture, PlainSource};
use crate::polled::polled;
use crdb_exec::{
    AttemptBegin, AttemptEnd, Error, ExecutorExt, FanOut, Observer, PooledExecutor, ResolveEvent,
    RetryDeniedEvent, RetryEvent, Row, SqlComments, Statement, StatementBegin, StatementEnd, Token,
    TransactionBegin, TransactionEnd, TransactionOptions,
};
use futures_util::TryStreamExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Writes down what begins, within what, and how it ends.
#[derive(Default)]
struct Recorder {
    lines: Mutex<Vec<String>>,
    /// The operations that are being polled, outermost first.
    current: Mutex<Vec<u64>>,
    next: AtomicU64,
    open: Mutex<Vec<u64>>,
    /// The latest beginning of a statement, as it prints itself.
    printed: Mutex<String>,
}

impl Recorder {
    fn begin(&self, what: String) -> Token {
        let number = self.next.fetch_add(1, Ordering::SeqCst) + 1;
        let depth = self.current.lock().unwrap().len();
        self.note(format!("{}{what}", "  ".repeat(depth)));
        self.open.lock().unwrap().push(number);
        Some(Box::new(number))
    }

    fn end(&self, token: Token, what: String) {
        let number = *token.unwrap().downcast::<u64>().unwrap();
        let mut open = self.open.lock().unwrap();
        let at = open.iter().position(|open| *open == number);
        open.remove(at.unwrap());
        drop(open);
        self.note(what);
    }

    fn note(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        assert!(self.open.lock().unwrap().is_empty(), "all have ended");
        assert!(self.current.lock().unwrap().is_empty());
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

fn named(name: Option<&str>) -> &str {
    name.unwrap_or("-")
}

impl Observer for Recorder {
    fn begin_statement(&self, event: &StatementBegin<'_>) -> Token {
        *self.printed.lock().unwrap() = format!("{event:?}");
        let inside = if event.in_transaction { " in" } else { "" };
        self.begin(format!("statement {}{inside}", named(event.name)))
    }

    fn end_statement(&self, token: Token, event: &StatementEnd<'_>) {
        let StatementEnd {
            attempts,
            rows,
            outcome,
            ..
        } = event;
        assert!(event.elapsed < Duration::from_secs(600));
        let outcome = outcome.as_str();
        self.end(
            token,
            format!(
                "/statement {} {outcome} rows={rows} attempts={attempts}",
                named(event.name)
            ),
        );
    }

    fn begin_transaction(&self, event: &TransactionBegin<'_>) -> Token {
        self.begin(format!("transaction {}", named(event.name)))
    }

    fn end_transaction(&self, token: Token, event: &TransactionEnd<'_>) {
        let (outcome, attempts) = (event.outcome.as_str(), event.attempts);
        self.end(
            token,
            format!(
                "/transaction {} {outcome} attempts={attempts}",
                named(event.name)
            ),
        );
    }

    fn begin_attempt(&self, event: &AttemptBegin<'_>) -> Token {
        self.begin(format!("attempt {}", event.number))
    }

    fn end_attempt(&self, token: Token, event: &AttemptEnd<'_>) {
        let on = if event.node.is_some() {
            " on a node"
        } else {
            ""
        };
        let outcome = event.outcome.as_str();
        self.end(token, format!("/attempt {} {outcome}{on}", event.number));
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let number = *token.as_ref().unwrap().downcast_ref::<u64>().unwrap();
        self.current.lock().unwrap().push(number);
        step();
        assert_eq!(self.current.lock().unwrap().pop(), Some(number));
    }

    fn retry(&self, event: &RetryEvent<'_>) {
        self.note(format!("retry {}", named(event.name)));
    }

    fn retry_denied(&self, event: &RetryDeniedEvent<'_>) {
        self.note(format!("denied {}", named(event.name)));
    }

    fn resolved(&self, event: &ResolveEvent<'_>) {
        self.note(format!("resolved {}", named(event.name)));
    }
}

/// An observer that has no tokens, between two that have.
struct Idle;

impl crdb_exec::PartialObserver for Idle {}

async fn observed() -> (Fixture, PooledExecutor<PlainSource>, [Arc<Recorder>; 2]) {
    let fixture = Fixture::new().await;
    fixture
        .sql("CREATE TABLE t (id INT8 PRIMARY KEY, n INT8 NOT NULL)")
        .await;
    fixture.sql("INSERT INTO t VALUES (1, 0), (2, 0)").await;
    let recorders = [Arc::new(Recorder::default()), Arc::new(Recorder::default())];
    let [first, last] = recorders.clone();
    let observer = FanOut::combine([first as Arc<dyn Observer>, Arc::new(Idle), last]).unwrap();
    let db = PooledExecutor::builder(fixture.db.source().clone())
        .observer(observer)
        .build();
    (fixture, db, recorders)
}

/// What both recorders got, which is the same.
fn told([first, last]: &[Arc<Recorder>; 2]) -> Vec<String> {
    let told = first.take();
    assert_eq!(last.take(), told);
    told
}

#[tokio::test]
async fn statements_named_or_not_alone_or_in_a_transaction() {
    let (_fixture, db, recorders) = observed().await;
    db.fetch_all("SELECT * FROM t", &[]).await.unwrap();
    let touch = Statement::new("UPDATE t SET n = n + 1").named("t.touch");
    db.execute(touch, &[]).await.unwrap();
    db.fetch_one("SELECT nothing", &[]).await.unwrap_err();
    assert_eq!(
        told(&recorders),
        [
            "statement -",
            "  attempt 1",
            "/attempt 1 ok on a node",
            "/statement - ok rows=2 attempts=1",
            "statement t.touch",
            "  attempt 1",
            "/attempt 1 ok on a node",
            "/statement t.touch ok rows=2 attempts=1",
            "statement -",
            "  attempt 1",
            "/attempt 1 failed on a node",
            "/statement - failed rows=0 attempts=1",
        ]
    );
    let options = TransactionOptions::new().name("tally");
    let work = db.transact::<_, Error, _>(&options, async |tx| {
        tx.fetch_all("SELECT * FROM t", &[]).await?;
        tx.savepoint(async |tx| tx.execute(touch, &[]).await).await
    });
    work.await.unwrap();
    assert_eq!(
        told(&recorders),
        [
            "transaction tally",
            "  attempt 1",
            "    statement - in",
            "/statement - ok rows=2 attempts=1",
            "    statement t.touch in",
            "/statement t.touch ok rows=2 attempts=1",
            "/attempt 1 ok on a node",
            "/transaction tally ok attempts=1",
        ]
    );
}

#[tokio::test]
async fn an_attempt_that_fails_is_followed_by_a_retry_and_another_attempt() {
    let (fixture, db, recorders) = observed().await;
    // A DO would not do: on CockroachDB its statements may have committed what came before them.
    fixture
        .sql(
            "CREATE FUNCTION conflict() RETURNS INT8 LANGUAGE plpgsql \
             AS $$ BEGIN RAISE SQLSTATE '40001'; END $$",
        )
        .await;
    let options = TransactionOptions::new();
    let failed = AtomicBool::new(false);
    let work = db.transact::<_, Error, _>(&options, async |tx| {
        if !failed.swap(true, Ordering::SeqCst) {
            tx.fetch_all("SELECT conflict()", &[]).await?;
        }
        Ok(())
    });
    work.await.unwrap();
    assert_eq!(
        told(&recorders),
        [
            "transaction -",
            "  attempt 1",
            "    statement - in",
            "/statement - failed rows=0 attempts=1",
            "/attempt 1 failed on a node",
            "retry -",
            "  attempt 2",
            "/attempt 2 ok on a node",
            "/transaction - ok attempts=2",
        ]
    );
    // The caller's own error is no failure.
    let work = db.transact(&options, async |_| Err::<(), Mine>(Mine::Changed));
    work.await.unwrap_err();
    assert_eq!(
        told(&recorders),
        [
            "transaction -",
            "  attempt 1",
            "/attempt 1 rolled_back on a node",
            "/transaction - rolled_back attempts=1",
        ]
    );
}

#[derive(Debug)]
enum Mine {
    Changed,
    Database,
}

impl From<Error> for Mine {
    fn from(_: Error) -> Self {
        Self::Database
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_last_row_or_when_it_is_dropped() {
    let (_fixture, db, recorders) = observed().await;
    let options = TransactionOptions::new();
    let rows = db.fetch_stream("SELECT * FROM t", &[]).await.unwrap();
    assert_eq!(rows.try_collect::<Vec<_>>().await.unwrap().len(), 2);
    let mut rows = db.fetch_stream("SELECT * FROM t", &[]).await.unwrap();
    rows.try_next().await.unwrap().unwrap();
    drop(rows);
    let ends: Vec<_> = told(&recorders)
        .into_iter()
        .filter(|line| line.starts_with("/statement"))
        .collect();
    assert_eq!(
        ends,
        [
            "/statement - ok rows=2 attempts=1",
            "/statement - dropped rows=1 attempts=1",
        ]
    );
    let work = db.transact::<_, Error, _>(&options, async |tx| {
        let rows = tx.fetch_stream("SELECT * FROM t", &[]).await?;
        rows.try_collect::<Vec<_>>().await
    });
    assert_eq!(work.await.unwrap().len(), 2);
    assert!(told(&recorders).contains(&"/statement - ok rows=2 attempts=1".to_owned()));
}

#[tokio::test]
async fn a_transaction_by_hand_ends_as_its_caller_says() {
    let (_fixture, db, recorders) = observed().await;
    let options = TransactionOptions::new().name("by hand");
    let tx = db.begin(&options).await.unwrap();
    tx.execute("UPDATE t SET n = n + 1", &[]).await.unwrap();
    tx.commit().await.unwrap();
    db.begin(&options).await.unwrap().rollback().await;
    drop(db.begin(&options).await.unwrap());
    assert_eq!(
        told(&recorders),
        [
            "transaction by hand",
            "statement - in",
            "/statement - ok rows=2 attempts=1",
            "/transaction by hand ok attempts=1",
            "transaction by hand",
            "/transaction by hand rolled_back attempts=1",
            "transaction by hand",
            "/transaction by hand dropped attempts=1",
        ]
    );
}

#[tokio::test]
async fn what_is_dropped_after_any_poll_ends_as_dropped() {
    let (_fixture, db, recorders) = observed().await;
    let options = TransactionOptions::new();
    for polls in 0.. {
        let work = db.transact::<_, Error, _>(&options, async |tx| {
            tx.execute("UPDATE t SET n = n + 1 WHERE id = 1", &[]).await
        });
        let ended = polled(work, polls).await.is_some();
        let told = told(&recorders);
        let last = told.last().map(String::as_str);
        match (polls, ended) {
            (0, _) => assert_eq!(last, None),
            (_, false) => assert_eq!(last, Some("/transaction - dropped attempts=1")),
            (_, true) => {
                assert_eq!(last, Some("/transaction - ok attempts=1"));
                break;
            }
        }
    }
    for polls in 1.. {
        let ended = polled(db.fetch_all("SELECT * FROM t", &[]), polls)
            .await
            .is_some();
        let told = told(&recorders);
        if ended {
            break;
        }
        assert_eq!(
            told.last().map(String::as_str),
            Some("/statement - dropped rows=0 attempts=1")
        );
        assert!(told.contains(&"/attempt 1 dropped".to_owned()), "{told:?}");
    }
}

#[tokio::test]
async fn a_comment_names_the_query_and_leaves_it_prepared() {
    let fixture = Fixture::postgresql().await;
    let comments = SqlComments::new()
        .pair("application", "the bank")
        .traceparent(|| Some("00-trace-span-01".to_owned()));
    let db = PooledExecutor::builder(fixture.db.source().clone())
        .sql_comments(comments)
        .build();
    let own = Statement::new("SELECT current_query()").named("own.text");
    for _ in 0..3 {
        let row = db.fetch_one(own, &[]).await.unwrap();
        assert_eq!(
            row.get::<String>(0).unwrap(),
            "SELECT current_query() /*application='the%20bank',query='own.text'*/"
        );
    }
    let options = TransactionOptions::new().name("transfer");
    let work = db.transact::<_, Error, _>(&options, async |tx| {
        let began = fixture
            .sql("SELECT string_agg(query, '') FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()")
            .await;
        let row = tx.fetch_one(own, &[]).await?;
        let statements = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%own' || '.text%'";
        let prepared = tx.fetch_one(statements, &[]).await?.get::<i64>(0)?;
        Ok((began.unwrap(), row.get::<String>(0)?, prepared))
    });
    let (began, text, prepared) = work.await.unwrap();
    assert!(
        began.ends_with("query='transfer',traceparent='00-trace-span-01'*/"),
        "{began}"
    );
    assert!(text.ends_with("query='own.text'*/"), "{text}");
    assert_eq!(prepared, 1, "each call is the same statement");
}

#[tokio::test]
async fn what_is_printed_of_a_beginning_has_no_text_and_no_values() {
    let (_fixture, db, recorders) = observed().await;
    db.fetch_one("SELECT $1::TEXT AS canary_text", &[&"canary value"])
        .await
        .unwrap();
    drop(told(&recorders));
    let [recorder, _] = &recorders;
    let printed = recorder.printed.lock().unwrap();
    assert!(printed.contains("parameters: 1"), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
}
