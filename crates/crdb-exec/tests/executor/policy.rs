//! Retry policies: of an executor, of a call, of a transaction; and what none of them can change.

use crate::fixture::Fixture;
use crdb_exec::{
    Error, ExecutorExt, FailedAttempt, IdempotencyKey, RetryDecision, RetryPolicy, RetrySafety,
    Statement, TransactionOptions, Verdict,
};
use crdb_testkit::{Engine, Injection, QuirksOptions, QuirksProxy};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tries again so often, at once, and remembers what it was asked.
#[derive(Debug)]
struct Times {
    times: u32,
    wait: Duration,
    asked: Mutex<Vec<FailedAttempt>>,
}

impl Times {
    fn new(times: u32) -> Arc<Self> {
        Self::after(times, Duration::ZERO)
    }

    fn after(times: u32, wait: Duration) -> Arc<Self> {
        Arc::new(Self {
            times,
            wait,
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> Vec<FailedAttempt> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl RetryPolicy for Times {
    fn decide(&self, failed: &FailedAttempt) -> RetryDecision {
        self.asked.lock().unwrap().push(*failed);
        if failed.number <= self.times {
            RetryDecision::After(self.wait)
        } else {
            RetryDecision::GiveUp
        }
    }
}

const INSERT: &str = "INSERT INTO t VALUES (1)";

async fn fixture() -> (QuirksProxy, Fixture) {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let fixture = Fixture::with_habits(&[&proxy]).await;
    fixture.sql("CREATE TABLE t (n INT8 NOT NULL)").await;
    fixture.sql(IdempotencyKey::SCHEMA).await;
    (proxy, fixture)
}

async fn insert(fixture: &Fixture, options: &TransactionOptions) -> Result<u64, Error> {
    let work = fixture
        .db
        .transact(options, async |tx| tx.execute(INSERT, &[]).await);
    work.await
}

#[tokio::test]
async fn a_policy_decides_for_a_call_and_for_a_transaction() {
    let (proxy, fixture) = fixture().await;
    let conflicts = |count| (0..count).for_each(|_| proxy.inject(Injection::RetryStatement));

    let policy = Times::new(2);
    let db = fixture.db.with_retry_policy(policy.clone());
    conflicts(2);
    db.execute(INSERT, &[]).await.unwrap();
    let asked = policy.asked();
    assert_eq!(
        asked.iter().map(|failed| failed.number).collect::<Vec<_>>(),
        [1, 2]
    );
    for failed in &asked {
        assert_eq!(failed.failure.verdict, Verdict::Retry);
        assert!(failed.failure.is_collision() && !failed.is_transaction);
        assert!(failed.remaining.unwrap() <= Duration::from_secs(30));
        assert!(failed.budget > 0);
    }
    assert!(asked[0].elapsed <= asked[1].elapsed);

    conflicts(3);
    let error = db.execute(INSERT, &[]).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(policy.asked().len(), 3);

    // A transaction without a policy of its own has the executor's; its own comes first.
    conflicts(1);
    db.transact::<_, Error, _>(&TransactionOptions::new(), async |tx| {
        tx.execute(INSERT, &[]).await
    })
    .await
    .unwrap();
    assert!(policy.asked()[0].is_transaction);
    let own = Times::new(0);
    conflicts(1);
    let options = TransactionOptions::new().retry_policy(own.clone());
    insert(&fixture, &options).await.unwrap_err();
    assert_eq!((own.asked().len(), policy.asked().len()), (1, 0));

    // The executor that it was made from has its own still.
    conflicts(3);
    fixture.db.execute(INSERT, &[]).await.unwrap();
    assert!(policy.asked().is_empty());
}

#[tokio::test]
async fn no_policy_makes_a_retry_wrong() {
    let (proxy, fixture) = fixture().await;
    let policy = Times::new(u32::MAX);
    let db = fixture.db.with_retry_policy(policy.clone());
    proxy.inject(Injection::AmbiguousCommit { committed: true });
    let error = db.execute(INSERT, &[]).await.unwrap_err();
    assert!(error.is_outcome_unknown());
    proxy.inject(Injection::RetryStatement);
    let never = Statement::new(INSERT).retry(RetrySafety::Never);
    db.execute(never, &[]).await.unwrap_err();
    db.execute("no such statement", &[]).await.unwrap_err();
    assert!(policy.asked().is_empty());

    // Nor does it outlast the deadline.
    let patient = Times::after(u32::MAX, Duration::MAX);
    proxy.inject(Injection::RetryStatement);
    let limited = Statement::new(INSERT).timeout(Duration::from_secs(20));
    let db = fixture.db.with_retry_policy(patient);
    let error = db.execute(limited, &[]).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}
