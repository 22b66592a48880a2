//! What is certain after a failure: the verdicts that were once wrong, in one table, and after each row what the table holds.
//!
//! Each test quotes its row. It runs on PostgreSQL, on PostgreSQL behind a proxy with CockroachDB's habits, and on a CockroachDB
//! that is found; where a server cannot be made to fail like that, the row says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bed;

use bed::{Bed, Executor, Transaction};
use crdb_facade::exec::{
    Error, ErrorKind, ExecutorExt as _, IdempotencyKey, Isolation, Resolution, RetrySafety,
    Row as _, Statement, TransactionBody, TransactionOptions, Verdict,
};
use crdb_testkit::{Cut, Direction, Injection};
use futures_util::TryStreamExt as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const INSERT: &str = "INSERT INTO t VALUES (1)";
/// A serialization failure, as a statement of the body meets it.
const CONFLICT: &str = "SELECT fail('40001')";

fn options() -> TransactionOptions {
    TransactionOptions::new()
}

/// Runs a transaction and says how often its body ran.
async fn runs<T: Send>(
    db: &Executor,
    options: &TransactionOptions,
    body: impl AsyncFn(&Transaction) -> Result<T, Error>
    + for<'t> TransactionBody<'t, Transaction, Result<T, Error>>,
) -> (u32, Result<T, Error>) {
    let runs = AtomicU32::new(0);
    let counted = Counted { body, runs: &runs };
    let result = db.transact_as(options, |tx| tx, counted).await;
    (runs.into_inner(), result)
}

/// A body that counts its runs.
struct Counted<'a, B> {
    body: B,
    runs: &'a AtomicU32,
}

impl<'t, T, B> TransactionBody<'t, Transaction, Result<T, Error>> for Counted<'_, B>
where
    B: TransactionBody<'t, Transaction, Result<T, Error>>,
{
    type Future = B::Future;

    fn run(&self, tx: &'t Transaction) -> B::Future {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.body.run(tx)
    }
}

fn unknown(bed: &Bed, error: &Error) {
    assert_eq!(
        error.verdict(),
        Verdict::OutcomeUnknown,
        "{}: {error:?}",
        bed.name
    );
}

/// | autocommit INSERT answered 57014 | Never; the row is there in 84-90 % | unknown on CockroachDB, unless it is a read or
/// `retry: safe`; the same for our own cancel at a deadline |
#[tokio::test]
async fn a_cancelled_statement_of_its_own_transaction() {
    let bed = Bed::habits().await;
    let quirks = bed.quirks.as_ref().unwrap();
    let cancelled = Injection::CancelAutocommit { committed: true };
    quirks.inject(cancelled);
    let error = bed.db.execute(INSERT, &[]).await.unwrap_err();
    unknown(&bed, &error);
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(bed.rows().await, 1);
    quirks.inject(cancelled);
    let rows = bed
        .db
        .fetch_all("INSERT INTO t VALUES (2) RETURNING n", &[])
        .await;
    unknown(&bed, &rows.unwrap_err());
    quirks.inject(cancelled);
    let error = match bed
        .db
        .fetch_stream("INSERT INTO t VALUES (3) RETURNING n", &[])
        .await
    {
        Ok(rows) => rows.try_collect::<Vec<_>>().await.unwrap_err(),
        Err(error) => error,
    };
    unknown(&bed, &error);
    assert_eq!(bed.rows().await, 3);
    for certain in [
        Statement::new("SELECT n FROM t"),
        Statement::new(INSERT).retry(RetrySafety::Safe),
    ] {
        quirks.inject(cancelled);
        let error = bed.db.execute(certain, &[]).await.unwrap_err();
        assert_eq!(error.verdict(), Verdict::Never, "{error:?}");
    }

    for bed in Bed::all().await {
        let slow = Statement::new("INSERT INTO t SELECT 1 FROM (SELECT pg_sleep(60)) AS s")
            .timeout(Duration::from_secs(3));
        let error = bed.db.execute(slow, &[]).await.unwrap_err();
        assert!(error.is_timeout(), "{}: {error:?}", bed.name);
        if bed.is_cockroach {
            unknown(&bed, &error);
        }
        let read = Statement::new("SELECT pg_sleep(60)").timeout(Duration::from_millis(300));
        let error = bed.db.execute(read, &[]).await.unwrap_err();
        assert_eq!(error.verdict(), Verdict::Never, "{}: {error:?}", bed.name);
    }

    // PostgreSQL is certain, in a transaction and outside.
    let bed = Bed::postgres().await;
    let error = bed
        .db
        .execute("INSERT INTO t SELECT fail('57014')", &[])
        .await;
    assert_eq!(error.unwrap_err().verdict(), Verdict::Never);
    assert_eq!(bed.rows().await, 0);
}

/// | body: INSERT, CREATE TABLE (with `autocommit_before_ddl`, default since v25.1), then 40001 | run 16 times, 16 rows,
/// "nothing took effect" | once the status has been idle inside a body, nothing is run again and every failure is unknown;
/// such transactions run with `autocommit_before_ddl` off, or say at once that DDL ends them |
#[tokio::test]
async fn ddl_does_not_commit_the_body_before_it() {
    for bed in Bed::all().await {
        let again = AtomicU32::new(0);
        let (runs, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            tx.execute("CREATE TABLE made (n INT8)", &[]).await?;
            if again.fetch_add(1, Ordering::SeqCst) == 0 {
                tx.execute(CONFLICT, &[]).await?;
            }
            Ok(())
        })
        .await;
        result.unwrap();
        assert_eq!((runs, bed.rows().await), (2, 1), "{}", bed.name);
    }
}

/// | body: INSERT and a schema change whose job fails, COMMIT answered XXA00 | Never | the same, and that the data is there |
///
/// Running it again would write the row a second time: with a key as well as without.
#[tokio::test]
async fn a_commit_whose_schema_change_fails() {
    let bed = Bed::habits().await;
    let quirks = bed.quirks.as_ref().unwrap();
    let key = options().idempotency(IdempotencyKey::new("half"));
    for (rows, options) in [(1, options()), (2, key.clone())] {
        quirks.inject(Injection::FailSchemaChange);
        let (runs, result) = runs(&bed.db, &options, async |tx| {
            tx.execute(INSERT, &[]).await?;
            tx.execute("CREATE TABLE made (n INT8)", &[]).await
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PartlyCommitted, "{error:?}");
        assert_eq!(error.verdict(), Verdict::Never, "{error:?}");
        assert_eq!(error.sqlstate().unwrap().as_str(), "XXA00");
        assert!(
            error.to_string().contains("the data was committed"),
            "{error}"
        );
        assert_eq!((runs, bed.rows().await), (1, rows));
        let made = "SELECT count(*) FROM pg_tables WHERE tablename = 'made'";
        assert_eq!(bed.sql(made).await.as_deref(), Some("0"));
    }
    // The key is committed with the data.
    let insert = async |tx: &Transaction| tx.execute(INSERT, &[]).await;
    let (_, result) = runs(&bed.db, &key, insert).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::AlreadyCommitted);
    assert_eq!(bed.rows().await, 2);
    assert_eq!(quirks.counts().schema_changes, 2);
}

/// The same as two rows above, where the body turns the setting on again, which v24.1 brought.
#[tokio::test]
async fn ddl_that_commits_ends_the_transaction_at_once() {
    use crdb_testkit::{CockroachVersion, Engine, QuirksOptions, QuirksProxy};
    let release = QuirksOptions::default().version(CockroachVersion::V26_2);
    let quirks = QuirksProxy::start(Engine::shared_postgres().await, release).await;
    let bed = Bed::behind(quirks.unwrap()).await;
    let (runs, result) = runs(&bed.db, &options(), async |tx| {
        tx.execute("SET LOCAL autocommit_before_ddl = on", &[])
            .await?;
        tx.execute(INSERT, &[]).await?;
        let ended = tx.execute("CREATE TABLE made (n INT8)", &[]).await;
        unknown(&bed, ended.as_ref().unwrap_err());
        // It is not sent any more: it would be a transaction of its own.
        unknown(&bed, &tx.execute(INSERT, &[]).await.unwrap_err());
        ended
    })
    .await;
    unknown(&bed, &result.unwrap_err());
    assert_eq!((runs, bed.rows().await), (1, 1));
}

/// | body: INSERT, `COMMIT` as a statement, then 40001; or an INSERT whose reply is lost | run again: 16 rows; 4 rows instead
/// of 2 | the same |
#[tokio::test]
async fn a_body_that_ends_its_transaction_is_not_run_again() {
    for bed in Bed::all().await {
        for (ending, kept) in [
            ("COMMIT", 1),
            ("END", 1),
            ("/* as comments go */ commit work", 1),
            ("ROLLBACK", 0),
            ("ABORT", 0),
        ] {
            for way in 0..4 {
                let before = bed.rows().await;
                let (runs, result) = runs(&bed.db, &options(), async |tx| {
                    tx.execute(INSERT, &[]).await?;
                    let ended = end(tx, ending, way).await;
                    if !(bed.is_cockroach && ending == "ABORT") {
                        unknown(&bed, &ended.unwrap_err());
                    }
                    // Whatever the body does about it, and even when it says that all is well.
                    drop(tx.execute(CONFLICT, &[]).await);
                    drop(tx.execute(INSERT, &[]).await);
                    Ok(())
                })
                .await;
                let error = result.unwrap_err();
                if bed.is_cockroach && ending == "ABORT" && !error.is_outcome_unknown() {
                    continue;
                }
                unknown(&bed, &error);
                assert_eq!(runs, 1, "{}: {ending} by way {way}", bed.name);
                assert_eq!(
                    bed.rows().await - before,
                    kept,
                    "{}: {ending} by way {way}",
                    bed.name
                );
            }
        }
    }
}

/// Ends the transaction through each method that runs a statement.
async fn end(tx: &Transaction, text: &str, way: u32) -> Result<(), Error> {
    match way {
        0 => tx.execute(text, &[]).await.map(drop),
        1 => tx.fetch_all(text, &[]).await.map(drop),
        2 => tx
            .fetch_stream(text, &[])
            .await?
            .try_collect::<Vec<_>>()
            .await
            .map(drop),
        _ => tx
            .savepoint(async |tx| tx.execute(text, &[]).await)
            .await
            .map(drop),
    }
}

/// The same, where the body fails with an error of its own, or of an earlier statement.
#[tokio::test]
async fn a_body_that_ends_its_transaction_and_fails_is_unknown() {
    for bed in Bed::all().await {
        let (runs, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            let early = tx
                .savepoint(async |tx| tx.execute("SELECT fail('23505')", &[]).await)
                .await;
            drop(tx.execute("COMMIT", &[]).await);
            early.map(drop)
        })
        .await;
        unknown(&bed, &result.unwrap_err());
        assert_eq!((runs, bed.rows().await), (1, 1), "{}", bed.name);
    }
}

/// The same, where the reply to the COMMIT, or to an INSERT after it, is lost.
#[tokio::test]
async fn a_reply_lost_around_a_commit_of_the_body_is_unknown() {
    for bed in Bed::all().await {
        for (number, text) in ["COMMIT", "COMMIT AND CHAIN", "ROLLBACK"]
            .into_iter()
            .enumerate()
        {
            if bed.is_cockroach && text == "COMMIT AND CHAIN" {
                continue;
            }
            // Prepared outside of a transaction, where it does nothing, so that the cut hits the statement itself.
            drop(bed.db.execute(text, &[]).await);
            let (runs, result) = runs(&bed.db, &options(), async |tx| {
                tx.execute(INSERT, &[]).await?;
                bed.fault.cut_after(Direction::ToClient, 0, Cut::Reset);
                tx.execute(text, &[]).await
            })
            .await;
            bed.fault.heal().await;
            let error = result.unwrap_err();
            assert_eq!(runs, 1, "{} {number}: {error:?}", bed.name);
            unknown(&bed, &error);
        }
    }
}

/// | the body's last statement is `ROLLBACK TO SAVEPOINT`, COMMIT's reply is lost | RolledBack, Never; the row is committed; with
/// a key it is not resolved | unknown, resolved by the key |
#[tokio::test]
async fn a_lost_commit_after_a_rollback_to_a_savepoint() {
    for bed in Bed::all().await {
        for keyed in [false, true] {
            let before = bed.rows().await;
            let options = if keyed {
                options().idempotency(IdempotencyKey::new("rollback to"))
            } else {
                options()
            };
            let cut = AtomicU32::new(0);
            let work = runs(&bed.db, &options, async |tx| {
                tx.execute(INSERT, &[]).await?;
                tx.execute("SAVEPOINT a", &[]).await?;
                tx.execute("ROLLBACK TO SAVEPOINT a", &[]).await?;
                if cut.fetch_add(1, Ordering::SeqCst) == 0 {
                    bed.fault.cut_after(Direction::ToClient, 0, Cut::Reset);
                }
                Ok(())
            });
            // Connections to come are not cut.
            let cuts = bed.fault.counts().cut;
            let heal = async {
                while bed.fault.counts().cut == cuts {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                bed.fault.heal().await;
            };
            let ((runs, result), ()) = tokio::join!(work, heal);
            if keyed {
                result.unwrap();
                assert_eq!(bed.rows().await - before, 1, "{}", bed.name);
            } else {
                unknown(&bed, &result.unwrap_err());
                assert_eq!(runs, 1, "{}", bed.name);
            }
        }
    }
}

/// | the same, COMMIT answers 40001 | Never after one run | retried |
#[tokio::test]
async fn a_conflict_at_commit_after_a_rollback_to_a_savepoint() {
    let bed = Bed::habits().await;
    bed.quirks.as_ref().unwrap().inject(Injection::RetryCommit);
    let (runs, result) = runs(&bed.db, &options(), async |tx| {
        tx.execute(INSERT, &[]).await?;
        tx.execute("SAVEPOINT a", &[]).await?;
        tx.execute("ROLLBACK TO SAVEPOINT a", &[]).await
    })
    .await;
    result.unwrap();
    assert_eq!((runs, bed.rows().await), (2, 1));
}

/// | a raw SAVEPOINT, an error, `ROLLBACK TO`, Ok | rolled back by us, though the server would commit; a later 40001 is not
/// retried | the server's status counts, not a record of ours |
#[tokio::test]
async fn a_savepoint_of_the_bodys_own() {
    for bed in Bed::all().await {
        for conflicts in [0, 1] {
            let before = bed.rows().await;
            let failed = AtomicU32::new(0);
            let (runs, result) = runs(&bed.db, &options(), async |tx| {
                tx.execute("SAVEPOINT a", &[]).await?;
                tx.execute("SELECT fail('23505')", &[]).await.unwrap_err();
                tx.execute("ROLLBACK TO SAVEPOINT a", &[]).await?;
                tx.execute(INSERT, &[]).await?;
                if failed.fetch_add(1, Ordering::SeqCst) < conflicts {
                    tx.execute(CONFLICT, &[]).await?;
                }
                Ok(())
            })
            .await;
            result.unwrap();
            assert_eq!(runs, conflicts + 1, "{}", bed.name);
            assert_eq!(bed.rows().await - before, 1, "{}", bed.name);
        }
    }
}

/// | `savepoint` whose body swallows an error and returns Ok | rolled back; Ok all the way, the row is gone | an error |
#[tokio::test]
async fn a_savepoint_whose_body_swallows_an_error() {
    for bed in Bed::all().await {
        let (_, result) = runs(&bed.db, &options(), async |tx| {
            let swallowed: Result<(), Error> = tx
                .savepoint(async |tx| {
                    tx.execute(INSERT, &[]).await?;
                    tx.execute("SELECT fail('23505')", &[]).await.unwrap_err();
                    Ok(())
                })
                .await;
            let error = swallowed.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::RolledBack,
                "{}: {error:?}",
                bed.name
            );
            // Only its part is undone.
            tx.execute("INSERT INTO t VALUES (2)", &[]).await
        })
        .await;
        result.unwrap();
        assert_eq!(bed.rows().await, 1, "{}", bed.name);
    }
}

/// | statements or savepoints beside a savepoint (`join!`) | the failing savepoint undoes what the other call has acknowledged;
/// Ok | a savepoint is exclusive |
#[tokio::test]
async fn a_savepoint_is_exclusive() {
    for bed in Bed::all().await {
        let (_, result) = runs(&bed.db, &options(), async |tx| {
            let failing = tx.savepoint(async |tx| {
                tx.execute("INSERT INTO t VALUES (2)", &[]).await?;
                tx.execute("SELECT fail('23505')", &[]).await
            });
            let beside = async {
                let statement = tx.execute(INSERT, &[]).await;
                let stream = tx.fetch_stream("SELECT n FROM t", &[]).await.map(drop);
                let savepoint = tx.savepoint(async |tx| tx.execute(INSERT, &[]).await).await;
                [statement.map(drop), stream, savepoint.map(drop)]
            };
            let (failed, beside) = tokio::join!(failing, beside);
            failed.unwrap_err();
            for result in beside {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Misuse, "{}: {error:?}", bed.name);
                assert_eq!(error.verdict(), Verdict::Never);
            }
            // A statement that is running might be sent only after the SAVEPOINT: it is prepared first.
            let running = tx.execute("INSERT INTO t SELECT 4", &[]);
            let savepoint = tx.savepoint(async |tx| tx.execute(INSERT, &[]).await);
            let (done, refused) = tokio::join!(running, savepoint);
            done?;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Misuse);
            // A savepoint within a savepoint, and statements after it.
            tx.savepoint(async |tx| {
                tx.savepoint(async |tx| tx.execute(INSERT, &[]).await)
                    .await?;
                tx.execute(INSERT, &[]).await
            })
            .await?;
            tx.execute(INSERT, &[]).await
        })
        .await;
        result.unwrap();
        assert_eq!(bed.rows().await, 4, "{}", bed.name);
    }
}

/// A savepoint that is dropped on the way has left a part of its work.
#[tokio::test]
async fn a_dropped_savepoint_is_not_committed() {
    for bed in Bed::all().await {
        let (_, result) = runs(&bed.db, &options(), async |tx| {
            let torn = tx.savepoint::<(), Error, _>(async |tx| {
                tx.execute(INSERT, &[]).await?;
                std::future::pending().await
            });
            let inserted = async {
                // The row is visible to the transaction once the INSERT has been answered; a savepoint is open until then.
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            tokio::select! {
                _ = torn => panic!("it never ends"),
                () = inserted => {}
            }
            Ok(())
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse, "{}: {error:?}", bed.name);
        assert_eq!(bed.rows().await, 0, "{}", bed.name);
    }
}

/// | two callers with the same idempotency key, the first one's COMMIT lost, the second commits | the first gets Ok with its own
/// value, which is not in the table | the key knows its owner: AlreadyCommitted |
#[tokio::test]
async fn two_callers_with_the_same_key() {
    let bed = Bed::habits().await;
    let other = bed.reopen(&[]).await;
    let key = options().idempotency(IdempotencyKey::new("shared"));
    let quirks = bed.quirks.as_ref().unwrap();
    let second = key.clone();
    // Its claim waits until the first has ended, so it is there before the first finds out.
    let mut second = std::pin::pin!(other.transact(&second, async |tx: &Transaction| {
        tx.execute("INSERT INTO t VALUES (2)", &[]).await
    }));
    let (entered, mut inside) = tokio::sync::mpsc::channel(1);
    let (go, proceed) = tokio::sync::watch::channel(false);
    let first = runs(&bed.db, &key, async |tx| {
        tx.execute(INSERT, &[]).await?;
        entered.send(()).await.unwrap();
        proceed.clone().wait_for(|go| *go).await.unwrap();
        quirks.inject(Injection::CutBeforeCommit { cut: Cut::Reset });
        Ok(1)
    });
    let together = async {
        inside.recv().await.unwrap();
        let waits = async {
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                           AND datname = current_database()";
            while bed.sql(waiting).await.as_deref() == Some("0") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            go.send(true).unwrap();
        };
        let (second, ()) = tokio::join!(&mut second, waits);
        second
    };
    let ((_, first), second) = tokio::join!(first, together);
    let error = first.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyCommitted, "{error:?}");
    assert_eq!(second.unwrap(), 1);
    assert_eq!(bed.sql("SELECT sum(n) FROM t").await.as_deref(), Some("2"));
}

/// | resolved as abandoned, no attempt left | Retry, "may be tried again"; doing so gives Never | consistent: what it advises
/// works |
#[tokio::test]
async fn an_abandoned_key_can_be_used_again() {
    let bed = Bed::habits().await;
    let quirks = bed.quirks.as_ref().unwrap();
    let once = options()
        .attempts(1)
        .idempotency(IdempotencyKey::new("again"));
    quirks.inject(Injection::AmbiguousCommit { committed: false });
    let insert = async |tx: &Transaction| tx.execute(INSERT, &[]).await;
    let (_, result) = runs(&bed.db, &once, insert).await;
    let error = result.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Retry, "{error:?}");
    assert_eq!(bed.rows().await, 0);
    let (_, result) = runs(&bed.db, &once, insert).await;
    result.unwrap();
    assert_eq!(bed.rows().await, 1);
    let (_, result) = runs(&bed.db, &once, insert).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::AlreadyCommitted);

    // A key that was resolved from outside is closed for good.
    let key = IdempotencyKey::new("closed");
    let resolution = bed.db.resolve(&key).await.unwrap();
    assert_eq!(resolution, Resolution::Abandoned);
    let (_, result) = runs(&bed.db, &options().idempotency(key), insert).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.verdict()),
        (ErrorKind::Abandoned, Verdict::Never)
    );
}

/// | `CALL` or `DO` that commits inside, then 40001 | run 5 times, 5 rows | unknown |
#[tokio::test]
async fn a_procedure_that_commits() {
    let bed = Bed::postgres().await;
    bed.sql(
        "CREATE PROCEDURE halves(code TEXT) LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO t VALUES (1); COMMIT; PERFORM fail(code); END $$",
    )
    .await;
    let block = "DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; PERFORM fail('40001'); END $$";
    for (number, text) in [
        "CALL halves('40001')",
        "call halves('40P01')",
        "-- a comment\nCALL halves('23505')",
        block,
    ]
    .into_iter()
    .enumerate()
    {
        let error = bed.db.execute(text, &[]).await.unwrap_err();
        unknown(&bed, &error);
        assert_eq!(bed.rows().await, number as i64 + 1, "{text}");
    }
    // What fails before it runs is certain.
    let error = bed
        .db
        .execute("CALL no_such_procedure()", &[])
        .await
        .unwrap_err();
    assert_eq!(error.verdict(), Verdict::Never, "{error:?}");
}

/// | a dropped stream, then `ROLLBACK` as a statement, Ok | Ok, 0 rows | an error |
#[tokio::test]
async fn a_dropped_stream_and_a_rollback() {
    for bed in Bed::all().await {
        let (_, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            let mut rows = tx
                .fetch_stream("SELECT n FROM generate_series(1, 1000) AS g (n)", &[])
                .await?;
            rows.try_next().await?;
            drop(rows);
            drop(tx.execute("ROLLBACK", &[]).await);
            Ok(())
        })
        .await;
        unknown(&bed, &result.unwrap_err());
        assert_eq!(bed.rows().await, 0, "{}", bed.name);

        // A ROLLBACK whose answer was not waited for.
        let (_, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            let mut rollback = Box::pin(tx.execute("ROLLBACK", &[]));
            drop(futures_util::poll!(&mut rollback));
            drop(rollback);
            Ok(())
        })
        .await;
        unknown(&bed, &result.unwrap_err());
    }
}

/// | `:batch` of more than one chunk, the second fails | "nothing took effect", 1,000 rows are there | says what is there |
///
/// The generated functions of `:batch` queries run their chunks through `execute_part`.
#[tokio::test]
async fn a_batch_whose_second_chunk_fails() {
    for bed in Bed::all().await {
        let many = "INSERT INTO t SELECT n FROM generate_series(1, 1000) AS g (n)";
        let chunks = async |db: &Executor| {
            let first = db.execute_part(many, &[], 0).await?;
            db.execute_part("INSERT INTO t SELECT fail('40001')", &[], first)
                .await
        };
        let error = chunks(&bed.db).await.unwrap_err();
        assert_eq!(error.committed_rows(), Some(1000), "{}", bed.name);
        assert_eq!(error.verdict(), Verdict::Never, "{}", bed.name);
        assert!(error.to_string().contains("1000 rows"), "{error}");
        assert_eq!(bed.rows().await, 1000, "{}", bed.name);

        // In a transaction nothing of it stands, and it may be run again.
        let once = options().attempts(1);
        let (_, result) = runs(&bed.db, &once, async |tx| {
            let first = tx.execute_part(many, &[], 0).await?;
            tx.execute_part("INSERT INTO t SELECT fail('40001')", &[], first)
                .await
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.committed_rows(), error.verdict()),
            (None, Verdict::Retry)
        );
        assert_eq!(bed.rows().await, 1000, "{}", bed.name);
    }
}

/// | `SET LOCAL statement_timeout` under a stricter ceiling of the session | raises it | never above |
#[tokio::test]
async fn the_sessions_own_limit_is_never_raised() {
    for bed in Bed::all().await {
        bed.require(
            "SET LOCAL",
            "BEGIN; SET LOCAL statement_timeout = 1000; COMMIT",
        )
        .await;
        let db = bed.reopen(&[("statement_timeout", "2500")]).await;
        let shown = async |limit: u64| {
            let options = options().timeout(Duration::from_secs(limit));
            db.transact(&options, async |tx: &Transaction| {
                let row = tx.fetch_one("SHOW statement_timeout", &[]).await?;
                let shown: String = row.get(0)?;
                Ok::<_, Error>(
                    crdb_facade::exec::timeout_from_setting(&shown)
                        .unwrap()
                        .unwrap(),
                )
            })
            .await
            .unwrap()
        };
        assert_eq!(shown(60).await, Duration::from_millis(2500), "{}", bed.name);
        assert!(shown(2).await <= Duration::from_secs(2), "{}", bed.name);
    }
}

/// | `SET search_path` beside a savepoint | leaks to the next borrower, 5 of 5 | reset |
#[tokio::test]
async fn a_setting_beside_a_savepoint_is_reset() {
    for bed in Bed::all().await {
        let before = bed.shown("search_path").await;
        for _ in 0..5 {
            let (_, result) = runs(&bed.db, &options(), async |tx| {
                let set = || tx.execute("SET search_path = pg_catalog", &[]);
                let savepoint = || tx.savepoint(async |tx| tx.execute("SELECT 1", &[]).await);
                // Whichever comes second is refused.
                let (done, refused) = tokio::join!(set(), savepoint());
                done?;
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::Misuse);
                let (done, refused) = tokio::join!(savepoint(), set());
                done?;
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::Misuse);
                Ok(())
            })
            .await;
            result.unwrap();
            assert_eq!(bed.shown("search_path").await, before, "{}", bed.name);
        }
    }
}

/// | COMMIT answered 40003, or lost after `COMMIT AND CHAIN`; 08P01 on autocommit | Never or Ok by reading, not run | unknown |
#[tokio::test]
async fn a_commit_that_says_that_it_does_not_know() {
    let bed = Bed::habits().await;
    for committed in [true, false] {
        let before = bed.rows().await;
        bed.quirks
            .as_ref()
            .unwrap()
            .inject(Injection::AmbiguousCommit { committed });
        let (runs, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            tx.execute("SAVEPOINT a", &[]).await?;
            tx.execute("ROLLBACK TO SAVEPOINT a", &[]).await
        })
        .await;
        unknown(&bed, &result.unwrap_err());
        assert_eq!(runs, 1);
        assert_eq!(bed.rows().await - before, i64::from(committed));
    }
    let bed = Bed::postgres().await;
    bed.sql(
        "CREATE FUNCTION fail_late() RETURNS TRIGGER LANGUAGE plpgsql AS $$ \
         BEGIN PERFORM fail('40003'); RETURN NULL; END $$",
    )
    .await;
    bed.sql(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION fail_late()",
    )
    .await;
    let (runs, result) = runs(&bed.db, &options(), async |tx| {
        tx.execute(INSERT, &[]).await
    })
    .await;
    unknown(&bed, &result.unwrap_err());
    assert_eq!(runs, 1);
}

/// The same row: lost after `COMMIT AND CHAIN`, which commits and leaves a transaction open.
#[tokio::test]
async fn a_chained_commit_ends_the_transaction() {
    let bed = Bed::postgres().await;
    for ending in ["COMMIT AND CHAIN", "ROLLBACK AND CHAIN"] {
        let (runs, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute(INSERT, &[]).await?;
            unknown(&bed, &tx.execute(ending, &[]).await.unwrap_err());
            bed.fault.cut_after(Direction::ToClient, 0, Cut::Reset);
            Ok(())
        })
        .await;
        bed.fault.heal().await;
        unknown(&bed, &result.unwrap_err());
        assert_eq!(runs, 1);
    }
    assert_eq!(bed.rows().await, 1);
}

/// The same row: 08P01 on autocommit.
#[tokio::test]
async fn a_protocol_violation_on_autocommit() {
    for bed in Bed::all().await {
        let error = bed
            .db
            .execute("INSERT INTO t SELECT fail('08P01')", &[])
            .await;
        unknown(&bed, &error.unwrap_err());
        let (_, result) = runs(&bed.db, &options(), async |tx| {
            tx.execute("INSERT INTO t SELECT fail('08P01')", &[]).await
        })
        .await;
        assert_eq!(
            result.unwrap_err().verdict(),
            Verdict::Never,
            "{}",
            bed.name
        );
    }
}

/// READ COMMITTED before v26.1: an error of COMMIT other than 40001 is unknown; SERIALIZABLE is certain.
#[tokio::test]
async fn an_error_of_a_read_committed_commit() {
    use crdb_testkit::{CockroachVersion, Engine, QuirksOptions, QuirksProxy};
    for (version, isolation, expected) in [
        (
            CockroachVersion::V25_4,
            Isolation::ReadCommitted,
            Verdict::OutcomeUnknown,
        ),
        (
            CockroachVersion::V25_4,
            Isolation::Serializable,
            Verdict::Never,
        ),
        (
            CockroachVersion::V26_2,
            Isolation::ReadCommitted,
            Verdict::Never,
        ),
    ] {
        let options_of_proxy = QuirksOptions::default().version(version);
        let quirks = QuirksProxy::start(Engine::shared_postgres().await, options_of_proxy)
            .await
            .unwrap();
        let bed = Bed::behind(quirks).await;
        bed.sql(
            "CREATE FUNCTION fail_late() RETURNS TRIGGER LANGUAGE plpgsql AS $$ \
             BEGIN PERFORM fail('23514'); RETURN NULL; END $$",
        )
        .await;
        bed.sql(
            "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION fail_late()",
        )
        .await;
        let (_, result) = runs(&bed.db, &options().isolation(isolation), async |tx| {
            tx.execute(INSERT, &[]).await
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!(
            error.verdict(),
            expected,
            "{version:?} {isolation:?}: {error:?}"
        );
    }
}

/// A limit of any length is no reason to panic.
#[tokio::test]
async fn limits_without_end() {
    let bed = Bed::postgres().await;
    for limit in [
        Duration::MAX,
        Duration::from_secs(u64::MAX / 1000),
        Duration::from_secs(1 << 40),
    ] {
        let statement = Statement::new(INSERT).timeout(limit);
        bed.db.execute(statement, &[]).await.unwrap();
        let rows = bed
            .db
            .fetch_stream(Statement::new("SELECT 1").timeout(limit), &[])
            .await
            .unwrap();
        assert_eq!(rows.try_collect::<Vec<_>>().await.unwrap().len(), 1);
        let (_, result) = runs(&bed.db, &options().timeout(limit), async |tx| {
            tx.execute(Statement::new(INSERT).timeout(limit), &[]).await
        })
        .await;
        result.unwrap();
    }
}
