//! Lost connections, unknown outcomes and deadlines, on a real server behind a fault proxy.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use crate::fixture::Fixture;
use crdb_exec::{
    Error, ErrorKind, ExecutorExt, IdempotencyKey, Resolution, RetrySafety, Row, SessionOutcome,
    Statement, TransactionOptions, Verdict,
};
use crdb_testkit::{Accept, Cut, Direction, Engine, FaultProxy, Link};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How much later than its deadline a caller may be freed here: a bound for hangs. How late it is, the chaos harness measures.
const SLACK: Duration = Duration::from_secs(10);

/// Does something with a limit until it has ended in time and as expected. A machine that is busy with other things is late
/// now and then; who is late by itself is late every time.
async fn in_time(limit: Duration, mut once: impl AsyncFnMut() -> bool) {
    let mut seen = Vec::new();
    for _ in 0..8 {
        let started = Instant::now();
        let expected = once().await;
        let elapsed = started.elapsed();
        if expected && elapsed <= limit + SLACK {
            return;
        }
        seen.push((expected, elapsed));
    }
    panic!("never as expected within {limit:?} and {SLACK:?}: {seen:?}");
}

async fn proxy() -> FaultProxy {
    let engine = Engine::shared().await;
    FaultProxy::start(engine.host(), engine.port()).unwrap()
}

async fn table(proxies: &[&FaultProxy]) -> Fixture {
    let fixture = Fixture::through(proxies).await;
    fixture.sql("CREATE TABLE t (n INT8 NOT NULL)").await;
    fixture.sql(IdempotencyKey::SCHEMA).await;
    fixture
}

async fn count(fixture: &Fixture) -> i64 {
    let row = fixture
        .bystander()
        .db
        .fetch_one("SELECT count(*) FROM t", &[])
        .await
        .unwrap();
    row.get(0).unwrap()
}

const INSERT: &str = "INSERT INTO t VALUES (1)";

#[tokio::test]
async fn a_connection_lost_before_commit_is_run_again_on_another_node() {
    let (first, second) = (proxy().await, proxy().await);
    let fixture = table(&[&first, &second]).await;
    let runs = AtomicU32::new(0);
    fixture
        .db
        .transact::<_, Error, _>(&TransactionOptions::new(), async |tx| {
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                tx.execute(INSERT, &[]).await?;
                first.set_accept(Accept::Refuse).await;
                first.cut_now(Cut::Reset);
            }
            tx.execute(INSERT, &[]).await
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(count(&fixture).await, 1);
    assert_eq!(
        *fixture.shared().reports.lock().unwrap(),
        [SessionOutcome::Lost]
    );
}

#[tokio::test]
async fn a_commit_without_an_answer_is_unknown_and_not_run_again() {
    let proxy = proxy().await;
    let fixture = table(&[&proxy]).await;
    let error = fixture
        .db
        .transact::<_, Error, _>(&TransactionOptions::new(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            proxy.cut_after(Direction::ToClient, 0, Cut::Reset);
            Ok(())
        })
        .await
        .unwrap_err();
    // The cut may be noticed before COMMIT is sent; then it is certain.
    match error.verdict() {
        Verdict::OutcomeUnknown => assert!(error.is_connection()),
        Verdict::Retry => assert_eq!(count(&fixture).await, 0),
        Verdict::Never => panic!("{error:?}"),
        _ => unreachable!(),
    }
}

/// COMMIT is cut off at one byte after another, and so is its reply.
#[tokio::test]
async fn with_a_key_every_cut_commit_is_resolved_and_the_work_is_done_once() {
    let (faulty, sound) = (proxy().await, proxy().await);
    let fixture = table(&[&faulty, &sound]).await;
    let mut expected = 0;
    for direction in [Direction::ToServer, Direction::ToClient] {
        for byte in (1..60).step_by(4) {
            faulty.heal().await;
            fixture.close_idle();
            let runs = AtomicU32::new(0);
            let key = IdempotencyKey::new(format!("{direction:?}/{byte}"));
            let options = TransactionOptions::new().idempotency(key.clone());
            fixture
                .db
                .transact::<_, Error, _>(&options, async |tx| {
                    tx.execute(INSERT, &[]).await?;
                    if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                        faulty.cut_after(direction, byte, Cut::Reset);
                    }
                    Ok(())
                })
                .await
                .unwrap();
            expected += 1;
            assert_eq!(count(&fixture).await, expected, "{direction:?} at {byte}");
            let resolution = fixture.bystander().db.resolve(&key).await.unwrap();
            assert_eq!(resolution, Resolution::Committed);
        }
    }
    let resolved = fixture.counter.resolved.lock().unwrap();
    assert!(resolved.contains(&Some(true)), "{resolved:?}");
    assert!(resolved.contains(&Some(false)), "{resolved:?}");
}

#[tokio::test]
async fn work_of_a_key_is_done_once_however_often_it_is_asked_for() {
    let fixture = table(&[]).await;
    let key = IdempotencyKey::new("once");
    let work = async || {
        fixture
            .db
            .transact::<_, Error, _>(
                &TransactionOptions::new().idempotency(key.clone()),
                async |tx| tx.execute(INSERT, &[]).await,
            )
            .await
    };
    work().await.unwrap();
    let again = work().await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyCommitted);
    assert_eq!(again.verdict(), Verdict::Never);
    assert_eq!(count(&fixture).await, 1);
    assert_eq!(
        fixture.db.resolve(&key).await.unwrap(),
        Resolution::Committed
    );
}

#[tokio::test]
async fn a_key_that_was_resolved_as_abandoned_is_used_up() {
    let fixture = table(&[]).await;
    let key = IdempotencyKey::new("abandoned");
    assert_eq!(
        fixture.db.resolve(&key).await.unwrap(),
        Resolution::Abandoned
    );
    let error = fixture
        .db
        .transact::<_, Error, _>(
            &TransactionOptions::new().idempotency(key.clone()),
            async |tx| tx.execute(INSERT, &[]).await,
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Abandoned);
    assert_eq!(count(&fixture).await, 0);
}

/// Resolving waits for a transaction that is still running, or makes it fail: it never answers "no" too early.
#[tokio::test]
async fn resolving_beside_the_running_work_never_contradicts_it() {
    let fixture = table(&[]).await;
    for round in 0..20 {
        let key = IdempotencyKey::new(format!("race/{round}"));
        let before = count(&fixture).await;
        let options = TransactionOptions::new()
            .idempotency(key.clone())
            .attempts(1);
        let work = fixture
            .db
            .transact::<_, Error, _>(&options, async |tx| tx.execute(INSERT, &[]).await);
        let (work, resolution) = tokio::join!(work, fixture.db.resolve(&key));
        let committed = count(&fixture).await > before;
        assert_eq!(work.is_ok(), committed, "{work:?}");
        assert_eq!(resolution.unwrap() == Resolution::Committed, committed);
    }
}

#[tokio::test]
async fn a_statement_without_an_answer_is_unknown_unless_it_is_safe() {
    let (faulty, sound) = (proxy().await, proxy().await);
    let fixture = table(&[&faulty, &sound]).await;
    for safety in [RetrySafety::WhenCertain, RetrySafety::Safe] {
        faulty.heal().await;
        let insert = Statement::new(INSERT).retry(safety);
        // The first call prepares, so that the cut hits the statement itself.
        fixture.db.execute(insert, &[]).await.unwrap();
        let before = count(&fixture).await;
        faulty.cut_after(Direction::ToClient, 3, Cut::Reset);
        let result = fixture.db.execute(insert, &[]).await;
        if safety == RetrySafety::Safe {
            result.unwrap();
            assert!(count(&fixture).await > before);
        } else {
            assert!(result.unwrap_err().is_outcome_unknown());
        }
    }
}

#[tokio::test]
async fn an_outage_is_not_amplified() {
    let proxy = proxy().await;
    proxy.set_accept(Accept::Refuse).await;
    let fixture = Fixture::rationed(&[&proxy]).await;
    for _ in 0..200 {
        let error = fixture.db.execute("SELECT 1", &[]).await.unwrap_err();
        assert!(error.is_retryable() && error.is_connection());
    }
    let attempts = fixture.shared().acquired.load(Ordering::SeqCst);
    assert!((200..=231).contains(&attempts), "{attempts}");
    assert!(fixture.counter.denied.load(Ordering::SeqCst) > 100);
}

const LIMIT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_deadline_frees_the_caller_and_cancels_the_statement() {
    let fixture = table(&[]).await;
    fixture.engine.require_cancel_requests().await;
    let sleep = Statement::new("SELECT pg_sleep(30)").timeout(LIMIT);
    in_time(LIMIT, async || {
        let error = fixture.db.execute(sleep, &[]).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        // Where the cancel was answered soon enough, there is no doubt.
        error.verdict() == Verdict::Never
    })
    .await;
}

#[tokio::test]
async fn a_deadline_frees_the_caller_of_a_silent_server() {
    let proxy = proxy().await;
    let fixture = table(&[&proxy]).await;
    let insert = Statement::new(INSERT).timeout(LIMIT);
    for direction in [Direction::ToClient, Direction::ToServer] {
        in_time(LIMIT, async || {
            proxy.set_link(direction, Link::blackhole());
            let error = fixture.db.execute(insert, &[]).await.unwrap_err();
            proxy.heal().await;
            assert!(error.is_timeout(), "{error:?}");
            true
        })
        .await;
    }
}

#[tokio::test]
async fn a_transactions_deadline_frees_the_caller_and_nothing_is_committed() {
    let proxy = proxy().await;
    let fixture = table(&[&proxy]).await;
    let options = TransactionOptions::new().timeout(LIMIT);
    for silent in [false, true] {
        in_time(LIMIT, async || {
            let work = fixture.db.transact::<_, Error, _>(&options, async |tx| {
                tx.execute(INSERT, &[]).await?;
                if silent {
                    proxy.set_link(Direction::ToClient, Link::blackhole());
                }
                tx.execute("SELECT pg_sleep(30)", &[]).await
            });
            let error = work.await.unwrap_err();
            proxy.heal().await;
            assert!(error.is_timeout(), "{error:?}");
            assert_eq!(error.verdict(), Verdict::Never);
            true
        })
        .await;
    }
    assert_eq!(count(&fixture).await, 0);
}

#[tokio::test]
async fn a_commit_that_is_not_answered_in_time_is_unknown() {
    let proxy = proxy().await;
    let fixture = table(&[&proxy]).await;
    // The time may be up before COMMIT is sent; then it is certain. A machine that is busy gets more time.
    for doubled in 0..8 {
        let limit = LIMIT * 2_u32.pow(doubled);
        let options = TransactionOptions::new().timeout(limit);
        let committing = AtomicU32::new(0);
        let started = Instant::now();
        let work = fixture.db.transact::<_, Error, _>(&options, async |tx| {
            tx.execute(INSERT, &[]).await?;
            proxy.set_link(Direction::ToClient, Link::blackhole());
            committing.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        let error = work.await.unwrap_err();
        let elapsed = started.elapsed();
        proxy.heal().await;
        assert!(error.is_timeout(), "{error:?}");
        let committing = committing.into_inner() > 0;
        assert!(committing || !error.is_outcome_unknown(), "{error:?}");
        if error.is_outcome_unknown() && elapsed <= limit + SLACK {
            return;
        }
    }
    panic!("COMMIT was never sent in time");
}

#[tokio::test]
async fn waiting_for_a_session_has_the_same_deadline() {
    let proxy = proxy().await;
    proxy.set_accept(Accept::Blackhole).await;
    let fixture = Fixture::through(&[&proxy]).await;
    in_time(LIMIT, async || {
        let select = Statement::new("SELECT 1").timeout(LIMIT);
        let error = fixture.db.execute(select, &[]).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        true
    })
    .await;
}

/// The cancel must not hit the session's next borrower, and nothing of the transaction may stay.
#[tokio::test]
async fn a_statements_own_limit_ends_its_transaction() {
    let fixture = table(&[]).await;
    for _ in 0..10 {
        let sleep = Statement::new("SELECT pg_sleep(30)").timeout(Duration::from_millis(30));
        let error = fixture
            .db
            .transact::<_, Error, _>(&TransactionOptions::new(), async |tx| {
                tx.execute(INSERT, &[]).await?;
                // Swallowed, it is an error all the same.
                let late = tx.savepoint(async |tx| tx.execute(sleep, &[]).await).await;
                assert!(late.unwrap_err().is_timeout());
                Ok(())
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RolledBack);
        fixture.db.execute("SELECT 1", &[]).await.unwrap();
    }
    assert_eq!(count(&fixture).await, 0);
}
