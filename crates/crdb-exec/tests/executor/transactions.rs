//! What a transaction promises, on a real server.

use crate::fixture::{Fixture, PlainSource};
use crdb_exec::{
    AsOf, Error, ErrorKind, Executor, ExecutorExt, Isolation, NamedExecutor, PooledExecutor,
    Priority, Row, SessionSource, SqlState, Statement, Transaction, TransactionOptions, Verdict,
};
use futures_util::TryStreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug)]
enum Failure {
    Insufficient,
    Database(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

fn options() -> TransactionOptions {
    TransactionOptions::new()
}

async fn accounts() -> Fixture {
    let fixture = Fixture::new().await;
    fixture
        .sql("CREATE TABLE account (id INT8 PRIMARY KEY, balance INT8 NOT NULL)")
        .await;
    fixture
        .sql("INSERT INTO account VALUES (1, 100), (2, 100)")
        .await;
    fixture
}

async fn balance(db: &impl Executor, id: i64) -> Result<i64, Error> {
    db.fetch_one("SELECT balance FROM account WHERE id = $1", &[&id])
        .await?
        .get("balance")
}

async fn transfer<S: SessionSource>(
    db: &PooledExecutor<S>,
    from: i64,
    to: i64,
    amount: i64,
) -> Result<i64, Failure> {
    let text = String::from("UPDATE account SET balance = balance + $2 WHERE id = $1");
    db.transact(&options().isolation(Isolation::Serializable), async |tx| {
        let left = balance(tx, from).await? - amount;
        if left < 0 {
            return Err(Failure::Insufficient);
        }
        tx.execute(&text, &[&from, &-amount]).await?;
        tx.execute(text.as_str(), &[&to, &amount]).await?;
        Ok(left)
    })
    .await
}

#[tokio::test]
async fn commits_what_the_body_did() {
    let fixture = accounts().await;
    assert_eq!(transfer(&fixture.db, 1, 2, 30).await.unwrap(), 70);
    assert_eq!(balance(&fixture.db, 2).await.unwrap(), 130);
}

#[tokio::test]
async fn the_bodys_own_error_rolls_back_and_comes_back_as_it_is() {
    let fixture = accounts().await;
    let result: Result<(), Failure> = fixture
        .db
        .transact(&options(), async |tx| {
            tx.execute("UPDATE account SET balance = 0", &[]).await?;
            Err(Failure::Insufficient)
        })
        .await;
    match result {
        Err(Failure::Insufficient) => {}
        Err(Failure::Database(error)) => panic!("{error}"),
        Ok(()) => panic!("it failed"),
    }
    assert_eq!(balance(&fixture.db, 1).await.unwrap(), 100);
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

/// It borrows from outside, is generic over nothing that the caller sees, and moves between threads.
#[tokio::test(flavor = "multi_thread")]
async fn runs_inside_spawned_tasks_and_loses_no_update() {
    let fixture = Arc::new(accounts().await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                for _ in 0..5 {
                    transfer(&fixture.db, 1, 2, 1).await.unwrap();
                }
                let name = String::from("account");
                let borrowed = &name;
                let rows: Vec<i64> = fixture
                    .db
                    .transact(&options(), async |tx: &Transaction<PlainSource>| {
                        let id = borrowed.len() as i64 - 6;
                        let rows = tx
                            .fetch_stream(
                                "SELECT id FROM account WHERE id >= $1 ORDER BY id",
                                &[&id],
                            )
                            .await?;
                        rows.try_collect::<Vec<_>>()
                            .await?
                            .iter()
                            .map(|row| row.get(0))
                            .collect::<Result<_, Error>>()
                    })
                    .await
                    .unwrap();
                assert_eq!(rows, [1, 2]);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(balance(&fixture.db, 1).await.unwrap(), 60);
    assert_eq!(balance(&fixture.db, 2).await.unwrap(), 140);
}

#[tokio::test]
async fn a_swallowed_error_is_never_a_commit() {
    let fixture = accounts().await;
    let error = fixture
        .db
        .transact::<_, Error, _>(&options(), async |tx| {
            tx.execute("UPDATE account SET balance = 0", &[]).await?;
            let clash = tx.execute("INSERT INTO account VALUES (1, 1)", &[]).await;
            assert!(clash.unwrap_err().is_unique_violation());
            // The first failure counts, not the 25P02 that follows it.
            let after = balance(tx, 1).await.unwrap_err();
            assert_eq!(after.sqlstate(), Some(SqlState::IN_FAILED_TRANSACTION));
            assert_eq!(after.verdict(), Verdict::Never);
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RolledBack);
    assert_eq!(error.verdict(), Verdict::Never);
    assert_eq!(balance(&fixture.db, 1).await.unwrap(), 100);
}

#[tokio::test]
async fn a_savepoint_undoes_its_own_part_only() {
    let fixture = accounts().await;
    fixture
        .db
        .transact::<_, Error, _>(&options(), async |tx| {
            tx.execute("UPDATE account SET balance = 1 WHERE id = 1", &[])
                .await?;
            let clash: Result<(), Error> = tx
                .savepoint(async |tx| {
                    tx.execute("UPDATE account SET balance = 2 WHERE id = 2", &[])
                        .await?;
                    tx.execute("INSERT INTO account VALUES (1, 1)", &[]).await?;
                    Ok(())
                })
                .await;
            assert!(clash.unwrap_err().is_unique_violation());
            tx.savepoint(async |tx| tx.execute("INSERT INTO account VALUES (3, 3)", &[]).await)
                .await?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(balance(&fixture.db, 1).await.unwrap(), 1);
    assert_eq!(balance(&fixture.db, 2).await.unwrap(), 100);
    assert_eq!(balance(&fixture.db, 3).await.unwrap(), 3);
}

/// Where nothing watches the protocol, the rest of the result might have been an error.
#[tokio::test]
async fn a_half_read_result_is_not_committed_blindly() {
    let fixture = accounts().await;
    let error = fixture
        .db
        .transact::<_, Error, _>(&options(), async |tx| {
            tx.execute("UPDATE account SET balance = 0", &[]).await?;
            let mut rows = tx.fetch_stream("SELECT id FROM account", &[]).await?;
            assert!(rows.try_next().await?.is_some());
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RolledBack);
    assert_eq!(balance(&fixture.db, 1).await.unwrap(), 100);
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_open() {
    let fixture = accounts().await;
    let (entered, mut wait) = tokio::sync::mpsc::channel(1);
    let entered = &entered;
    let options = options();
    let body = fixture.db.transact::<(), Error, _>(&options, async |tx| {
        tx.execute("UPDATE account SET balance = 0 WHERE id = 1", &[])
            .await?;
        entered.send(()).await.unwrap();
        std::future::pending().await
    });
    tokio::select! {
        _ = body => panic!("it never ends by itself"),
        _ = wait.recv() => {}
    }
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 1);
    // Would hang behind the row's lock if the transaction were still open.
    transfer(&fixture.db, 1, 2, 100).await.unwrap();
}

#[tokio::test]
async fn a_panicking_body_leaves_nothing_open() {
    let fixture = Arc::new(accounts().await);
    let inner = Arc::clone(&fixture);
    let task = tokio::spawn(async move {
        inner
            .db
            .transact::<(), Error, _>(&options(), async |tx| {
                tx.execute("UPDATE account SET balance = 0 WHERE id = 1", &[])
                    .await?;
                panic!("as bodies do");
            })
            .await
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 1);
    transfer(&fixture.db, 1, 2, 100).await.unwrap();
}

#[tokio::test]
async fn options_reach_the_server() {
    let fixture = accounts().await;
    let error = fixture
        .db
        .transact::<_, Error, _>(
            &options()
                .isolation(Isolation::Serializable)
                .priority(Priority::High)
                .read_only(),
            async |tx| tx.execute("UPDATE account SET balance = 0", &[]).await,
        )
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::new("25006"));
    assert_eq!(error.verdict(), Verdict::Never);
    let limits = "BEGIN; SET LOCAL statement_timeout = 1000; COMMIT";
    fixture.engine.require("SET LOCAL", limits).await;
    let now: i64 = fixture
        .db
        .transact::<_, Error, _>(
            &options().timeout(std::time::Duration::from_secs(7)),
            async |tx| {
                let row = tx.fetch_one("SHOW statement_timeout", &[]).await?;
                let shown: &str = row.get(0)?;
                let millis = match shown.strip_suffix("ms") {
                    Some(millis) => millis.parse().ok(),
                    None => match shown.strip_suffix('s') {
                        Some(seconds) => seconds.parse::<i64>().ok().map(|s| s * 1000),
                        None => shown.parse().ok(),
                    },
                };
                Ok(millis.unwrap_or_else(|| panic!("{shown:?} is no duration")))
            },
        )
        .await
        .unwrap();
    assert!((1..=7000).contains(&now), "{now}");
    // SET LOCAL is gone with the transaction.
    let row = fixture
        .db
        .fetch_one("SHOW statement_timeout", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<&str>(0).unwrap(), "0");
}

#[tokio::test]
async fn reading_the_past_sees_no_present() {
    let fixture = accounts().await;
    fixture.engine.refuse_imitation("reads of the past");
    let past = options().read_as_of(AsOf::Ago(std::time::Duration::from_secs(3600)));
    let result = fixture
        .db
        .transact::<_, Error, _>(&past, async |tx| balance(tx, 1).await)
        .await;
    let error = result.unwrap_err();
    match fixture.engine.kind() {
        // The table did not exist then.
        crdb_testkit::EngineKind::CockroachDb => assert_eq!(error.kind(), ErrorKind::Server),
        _ => assert_eq!(error.kind(), ErrorKind::Unsupported),
    }
}

#[tokio::test]
async fn a_body_that_ends_the_transaction_itself_is_not_believed() {
    let fixture = accounts().await;
    for ending in ["COMMIT", "ROLLBACK"] {
        let result = fixture
            .db
            .transact::<_, Error, _>(&options(), async |tx| {
                tx.execute("UPDATE account SET balance = balance + 1", &[])
                    .await?;
                tx.execute(ending, &[]).await
            })
            .await;
        // Nothing watches the protocol here, so only a server that refuses the second COMMIT tells: CockroachDB before
        // v25.1, as long as `autocommit_before_ddl` is off.
        if let Err(error) = result {
            assert!(error.is_outcome_unknown());
        }
    }
}

#[tokio::test]
async fn named_queries_run_with_named_arguments() {
    let fixture = accounts().await;
    let repository = crdb_sql::Repository::from_embedded(&[(
        "accounts.sql",
        "-- name: add :one\n-- retry: never\n-- timeout: 2s\n\
         UPDATE account SET balance = balance + :amount WHERE id = :id RETURNING balance;",
    )])
    .unwrap();
    let add = repository.get("accounts.add").unwrap();
    let statement = Statement::from(add);
    assert_eq!(statement.retry_safety(), crdb_exec::RetrySafety::Never);
    let (id, amount) = (1i64, 5i64);
    let row = fixture
        .db
        .query(add, &[("id", &id), ("amount", &amount)])
        .unwrap()
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(row.get::<i64>("balance").unwrap(), 105);
    let Err(error) = fixture.db.query(add, &[("id", &id)]) else {
        panic!("an argument is missing");
    };
    assert_eq!(error.kind(), ErrorKind::Arguments);
}

#[tokio::test]
async fn the_attempts_of_the_options_are_the_limit() {
    let fixture = accounts().await;
    let runs = AtomicU32::new(0);
    let error = fixture
        .db
        .transact::<(), Error, _>(
            &options().attempts(3).isolation(Isolation::Serializable),
            async |tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                let seen = balance(tx, 1).await?;
                fixture
                    .sql("UPDATE account SET balance = balance + 1 WHERE id = 1")
                    .await;
                tx.execute("UPDATE account SET balance = $1 WHERE id = 1", &[&seen])
                    .await?;
                Ok(())
            },
        )
        .await
        .unwrap_err();
    assert!(error.is_serialization_failure());
    assert!(error.is_retryable());
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

/// A future is moved when it is spawned and kept for as long as it waits.
#[tokio::test]
async fn futures_stay_small() {
    let fixture = accounts().await;
    let db = &fixture.db;
    let options = options();
    let statement = db.execute("SELECT 1", &[]);
    let size = std::mem::size_of_val(&statement);
    drop(statement);
    assert!(size < 4608, "a statement's future has {size} bytes");
    let body = db.transact::<_, Error, _>(&options, async |tx| tx.execute("SELECT 1", &[]).await);
    let size = std::mem::size_of_val(&body);
    drop(body);
    assert!(size < 1450, "a transaction's future has {size} bytes");
}
