//! What CockroachDB answers and PostgreSQL does not: serialization failures and unknown outcomes on demand, drains.

use crate::fixture::Fixture;
use crdb_exec::{
    Error, ErrorKind, ExecutorExt, IdempotencyKey, Isolation, Priority, RetrySafety, Row, SqlState,
    Statement, TransactionOptions,
};
use crdb_testkit::{Engine, Injection, QuirksOptions, QuirksProxy};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const INSERT: &str = "INSERT INTO t VALUES (1)";

/// Before v22.1 there is no SET LOCAL: the client's clock alone limits the transaction.
#[tokio::test]
async fn a_timeout_costs_no_transaction_where_set_local_is_unknown() {
    let engine = Engine::shared_postgres().await;
    let options = QuirksOptions::default().set_local(false);
    let proxy = QuirksProxy::start(engine, options).await.unwrap();
    let fixture = table(&[&proxy]).await;
    let limited = TransactionOptions::new().timeout(Duration::from_secs(9));
    let (runs, result) = insert(&fixture, &limited).await;
    result.unwrap();
    assert_eq!((runs, count(&fixture).await), (1, 1));
    // Nor a session.
    assert_eq!(insert(&fixture, &limited).await.1.unwrap(), 1);
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

async fn proxy(node: u32) -> QuirksProxy {
    let engine = Engine::shared_postgres().await;
    QuirksProxy::start(engine, QuirksOptions::default().node_id(node))
        .await
        .unwrap()
}

async fn table(proxies: &[&QuirksProxy]) -> Fixture {
    let fixture = Fixture::with_habits(proxies).await;
    fixture.sql("CREATE TABLE t (n INT8 NOT NULL)").await;
    fixture.sql(IdempotencyKey::SCHEMA).await;
    fixture
}

async fn count(fixture: &Fixture) -> i64 {
    let bystander = fixture.bystander();
    let row = bystander.db.fetch_one("SELECT count(*) FROM t", &[]).await;
    row.unwrap().get(0).unwrap()
}

/// Runs a transaction with one insert, and says how often its body ran.
async fn insert(fixture: &Fixture, options: &TransactionOptions) -> (u32, Result<u64, Error>) {
    let runs = AtomicU32::new(0);
    let result = fixture
        .db
        .transact(options, async |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            tx.execute(INSERT, &[]).await
        })
        .await;
    (runs.load(Ordering::SeqCst), result)
}

#[tokio::test]
async fn a_serialization_failure_runs_the_statement_again() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    proxy.inject(Injection::RetryStatement);
    assert_eq!(fixture.db.execute(INSERT, &[]).await.unwrap(), 1);
    assert_eq!(fixture.counter.retries.load(Ordering::SeqCst), 1);
    assert_eq!(count(&fixture).await, 1);

    proxy.inject(Injection::RetryStatement);
    let never = Statement::new(INSERT).retry(RetrySafety::Never);
    let error = fixture.db.execute(never, &[]).await.unwrap_err();
    assert!(error.is_serialization_failure() && error.is_retryable());
    assert_eq!(count(&fixture).await, 1);
}

/// Statement and transaction alike.
#[tokio::test]
async fn a_timeout_says_its_limit_the_attempts_and_the_last_failure() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    let limit = Duration::from_secs(1);
    let says = "it may take 1s; it was tried 2 times, the time before it failed with 40001";
    // The session is there before the limit counts: a login alone can take as long on a busy machine.
    fixture.db.execute("SELECT 1", &[]).await.unwrap();

    proxy.inject(Injection::RetryStatement);
    let slow = Statement::new("SELECT pg_sleep(60)").timeout(limit);
    let error = fixture.db.fetch_one(slow, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains(says), "{error}");

    proxy.inject(Injection::RetryCommit);
    let attempts = AtomicU32::new(0);
    let error: Error = fixture
        .db
        .transact(&TransactionOptions::new().timeout(limit), async |tx| {
            if attempts.fetch_add(1, Ordering::Relaxed) > 0 {
                tx.fetch_one("SELECT pg_sleep(60)", &[]).await?;
            }
            tx.execute("INSERT INTO t VALUES (1)", &[]).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[tokio::test]
async fn a_serialization_failure_anywhere_runs_the_whole_transaction_again() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    for (expected, injection) in [(1, Injection::RetryStatement), (2, Injection::RetryCommit)] {
        proxy.inject(injection);
        let (runs, result) = insert(&fixture, &TransactionOptions::new()).await;
        result.unwrap();
        assert_eq!(runs, 2, "{injection:?}");
        assert_eq!(count(&fixture).await, expected);
    }
    // The node answered properly, so its session went on being used: there was no ROLLBACK that CockroachDB refuses.
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
    assert!(fixture.shared().reports.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_ambiguous_commit_is_unknown_without_a_key() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    for committed in [true, false] {
        let before = count(&fixture).await;
        proxy.inject(Injection::AmbiguousCommit { committed });
        let (runs, result) = insert(&fixture, &TransactionOptions::new()).await;
        let error = result.unwrap_err();
        assert!(error.is_outcome_unknown(), "{error:?}");
        assert_eq!(
            error.sqlstate(),
            Some(SqlState::STATEMENT_COMPLETION_UNKNOWN)
        );
        assert_eq!(runs, 1);
        assert_eq!(count(&fixture).await - before, i64::from(committed));
    }
}

#[tokio::test]
async fn an_ambiguous_commit_is_resolved_with_a_key() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    for (committed, runs_expected) in [(true, 1), (false, 2)] {
        let before = count(&fixture).await;
        proxy.inject(Injection::AmbiguousCommit { committed });
        let key = IdempotencyKey::new(format!("committed: {committed}"));
        let options = TransactionOptions::new().idempotency(key);
        let (runs, result) = insert(&fixture, &options).await;
        result.unwrap();
        assert_eq!(runs, runs_expected);
        assert_eq!(count(&fixture).await - before, 1);
    }
    assert_eq!(
        *fixture.counter.resolved.lock().unwrap(),
        [Some(true), Some(false)]
    );
}

#[tokio::test]
async fn an_ambiguous_statement_is_unknown_unless_it_is_safe() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    let ambiguous = Injection::AmbiguousCommit { committed: true };
    proxy.inject(ambiguous);
    let error = fixture.db.execute(INSERT, &[]).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    proxy.inject(ambiguous);
    let safe = Statement::new(INSERT).retry(RetrySafety::Safe);
    fixture.db.execute(safe, &[]).await.unwrap();
    assert_eq!(count(&fixture).await, 3);
}

#[tokio::test]
async fn a_draining_node_is_left_for_another() {
    let (first, second) = (proxy(1).await, proxy(2).await);
    let fixture = table(&[&first, &second]).await;
    fixture.db.execute(INSERT, &[]).await.unwrap();
    first.drain();
    first.wait_for(|counts| counts.open == 0).await.unwrap();
    for _ in 0..3 {
        let safe = Statement::new(INSERT).retry(RetrySafety::Safe);
        fixture.db.execute(safe, &[]).await.unwrap();
        let (_, result) = insert(&fixture, &TransactionOptions::new()).await;
        result.unwrap();
    }
    assert_eq!(count(&fixture).await, 7);
}

#[tokio::test]
async fn too_many_connections_are_met_by_waiting() {
    let (full, free) = (proxy(1).await, proxy(2).await);
    full.limit_connections(Some(0));
    let fixture = table(&[&full]).await;
    let error = fixture.db.execute(INSERT, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Acquire);
    assert!(error.is_retryable());
    let fixture = table(&[&free]).await;
    fixture.db.execute(INSERT, &[]).await.unwrap();
}

/// BEGIN with every option, together with SET LOCAL in one message, is understood.
#[tokio::test]
async fn options_are_said_in_cockroachdbs_words() {
    let proxy = proxy(1).await;
    let fixture = table(&[&proxy]).await;
    let options = TransactionOptions::new()
        .isolation(Isolation::Serializable)
        .priority(Priority::High)
        .timeout(Duration::from_secs(9));
    let (_, result) = insert(&fixture, &options).await;
    result.unwrap();
    let (_, result) = insert(&fixture, &options.clone().read_only()).await;
    assert_eq!(result.unwrap_err().sqlstate(), SqlState::new("25006"));
    assert_eq!(count(&fixture).await, 1);
    // Nothing of it stays with the session.
    let row = fixture.db.fetch_one("SHOW statement_timeout", &[]).await;
    assert_eq!(row.unwrap().get::<&str>(0).unwrap(), "0");
}
