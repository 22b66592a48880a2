//! Makes a call, and notes what its caller gets.

use super::plan::{Plan, Step, Work};
use super::trouble::Trouble;
use crate::chaos::history::Outcome;
use crate::chaos::stack::Stack;
use crdb_exec::{ExecutorExt as _, IdempotencyKey, Statement, TransactionOptions};
use crdb_facade::{Error, Transaction, Verdict};
use futures_util::TryStreamExt as _;
use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const INSERT: &str = "INSERT INTO calls VALUES ($1, $2)";

/// Makes the call while its trouble happens. `None`: its future was dropped.
pub async fn execute(stack: &Stack, plan: &Plan) -> Option<Result<(), Error>> {
    let limit = match plan.trouble {
        Trouble::Limit(limit) => Some(limit),
        _ => None,
    };
    let dropped = async {
        match plan.trouble {
            Trouble::Dropped(after) => tokio::time::sleep(after).await,
            _ => pending().await,
        }
    };
    let call = async {
        tokio::select! {
            result = work(stack, plan, limit) => Some(result),
            () = dropped => None,
        }
    };
    tokio::join!(call, plan.trouble.happen(stack)).0
}

/// What the caller may conclude: exactly what the verdict says, which is what is tested.
#[must_use]
pub fn outcome(result: Option<&Result<(), Error>>) -> Outcome {
    match result {
        None => Outcome::Unknown,
        Some(Ok(())) => Outcome::Done,
        Some(Err(error)) => match error.verdict() {
            // An error without a verdict is about no statement: nothing was sent.
            None | Some(Verdict::Retry | Verdict::Never) => Outcome::Failed,
            _ => Outcome::Unknown,
        },
    }
}

async fn work(stack: &Stack, plan: &Plan, limit: Option<Duration>) -> Result<(), Error> {
    let db = &stack.db;
    let id = plan.id;
    let limited = |statement: Statement<'static>| match limit {
        Some(limit) => statement.timeout(limit),
        None => statement,
    };
    match &plan.work {
        Work::Insert => {
            let statement = limited(Statement::new(INSERT));
            db.execute(statement, &[&id, &0_i64]).await?;
        }
        Work::Returning => {
            let statement = limited(Statement::new(
                "INSERT INTO calls VALUES ($1, $2) RETURNING id",
            ));
            drop(db.fetch_all(statement, &[&id, &0_i64]).await?);
        }
        Work::Streamed => {
            let statement = limited(Statement::new(
                "INSERT INTO calls VALUES ($1, $2) RETURNING id",
            ));
            let rows = db.fetch_stream(statement, &[&id, &0_i64]).await?;
            drop(rows.try_collect::<Vec<_>>().await.map_err(Error::from)?);
        }
        Work::Slow(moment) => {
            let statement = limited(Statement::new(SLOW));
            let seconds = moment.as_secs_f64();
            db.execute(statement, &[&id, &0_i64, &seconds]).await?;
        }
        Work::Procedure(code) => {
            let statement = limited(Statement::new("CALL calls_twice($1, $2)"));
            db.execute(statement, &[&id, code]).await?;
        }
        Work::Block(code) => {
            let failure = code.map_or_else(String::new, |code| format!("PERFORM fail('{code}');"));
            let text = format!(
                "DO $$ BEGIN INSERT INTO calls VALUES ({id}, 0); COMMIT; \
                 INSERT INTO calls VALUES ({id}, 1); {failure} END $$"
            );
            let mut statement = Statement::new(&text);
            if let Some(limit) = limit {
                statement = statement.timeout(limit);
            }
            db.execute(statement, &[]).await?;
        }
        Work::Transaction { steps, keyed } => {
            let mut options = db.transaction_options();
            if let Some(limit) = limit {
                options = options.timeout(limit);
            }
            if *keyed {
                options = options.idempotency(IdempotencyKey::new(id.to_string()));
            }
            let runs = AtomicU32::new(0);
            let runs = &runs;
            db.transact_with(&options, async |tx| {
                let first = runs.fetch_add(1, Ordering::Relaxed) == 0;
                body(tx, id, steps, first).await
            })
            .await?;
        }
        Work::ByHand { steps, commits } => {
            let mut options = TransactionOptions::new();
            if let Some(limit) = limit {
                options = options.timeout(limit);
            }
            by_hand(stack, id, steps, *commits, &options).await?;
        }
    }
    Ok(())
}

const SLOW: &str = "INSERT INTO calls SELECT $1, $2 FROM (SELECT pg_sleep($3)) AS slept";

async fn body(tx: &Transaction, id: i64, steps: &[Step], first: bool) -> Result<(), Error> {
    for (part, step) in (0_i64..).zip(steps) {
        match step {
            Step::Insert => {
                tx.execute(INSERT, &[&id, &part]).await?;
            }
            Step::Slow(moment) => {
                let seconds = moment.as_secs_f64();
                tx.execute(SLOW, &[&id, &part, &seconds]).await?;
            }
            Step::Savepoint => {
                tx.savepoint(async |tx| tx.execute(INSERT, &[&id, &part]).await)
                    .await?;
            }
            Step::SavepointUndone => {
                let undone: Result<(), Error> = tx
                    .savepoint(async |tx| {
                        tx.execute(INSERT, &[&id, &part]).await?;
                        tx.execute("INSERT INTO taken VALUES (1)", &[]).await?;
                        Ok(())
                    })
                    .await;
                match undone {
                    Err(error) if error.is_unique_violation() => {}
                    other => return other,
                }
            }
            Step::Released => {
                tx.execute("SAVEPOINT own", &[]).await?;
                tx.execute(INSERT, &[&id, &part]).await?;
                tx.execute("RELEASE SAVEPOINT own", &[]).await?;
            }
            Step::RolledBackTo => {
                tx.execute("SAVEPOINT own", &[]).await?;
                tx.execute(INSERT, &[&id, &part]).await?;
                tx.execute("ROLLBACK TO SAVEPOINT own", &[]).await?;
            }
            Step::Schema => {
                let text = format!("CREATE TABLE made_{id}_{part} (n INT8)");
                tx.execute(text.as_str(), &[]).await?;
            }
            Step::Conflict if first => {
                tx.execute("SELECT fail('40001')", &[]).await?;
            }
            Step::Conflict => {}
            Step::SwallowedError => {
                drop(tx.execute("INSERT INTO taken VALUES (1)", &[]).await);
            }
            Step::Commit => {
                tx.execute("COMMIT", &[]).await?;
            }
            Step::Rollback => {
                tx.execute("ROLLBACK", &[]).await?;
            }
            Step::GiveUp => {
                tx.execute("INSERT INTO taken VALUES (1)", &[]).await?;
            }
        }
    }
    Ok(())
}

async fn by_hand(
    stack: &Stack,
    id: i64,
    steps: &[Step],
    commits: bool,
    options: &TransactionOptions,
) -> Result<(), Error> {
    let tx = stack.db.executor().begin(options).await?;
    for (part, step) in (0_i64..).zip(steps) {
        match step {
            Step::Insert | Step::Savepoint | Step::Conflict => {
                if *step != Step::Conflict {
                    tx.execute(INSERT, &[&id, &part]).await?;
                }
            }
            Step::Slow(moment) => {
                let seconds = moment.as_secs_f64();
                tx.execute(SLOW, &[&id, &part, &seconds]).await?;
            }
            Step::Released => {
                tx.execute("SAVEPOINT own", &[]).await?;
                tx.execute(INSERT, &[&id, &part]).await?;
                tx.execute("RELEASE SAVEPOINT own", &[]).await?;
            }
            Step::SavepointUndone | Step::RolledBackTo => {
                tx.execute("SAVEPOINT own", &[]).await?;
                tx.execute(INSERT, &[&id, &part]).await?;
                tx.execute("ROLLBACK TO SAVEPOINT own", &[]).await?;
            }
            Step::Schema => {
                let text = format!("CREATE TABLE made_{id}_{part} (n INT8)");
                tx.execute(text.as_str(), &[]).await?;
            }
            Step::SwallowedError => {
                drop(tx.execute("INSERT INTO taken VALUES (1)", &[]).await);
            }
            Step::Commit => {
                tx.execute("COMMIT", &[]).await?;
            }
            Step::Rollback => {
                tx.execute("ROLLBACK", &[]).await?;
            }
            Step::GiveUp => {
                tx.execute("INSERT INTO taken VALUES (1)", &[]).await?;
            }
        }
    }
    if commits {
        tx.commit().await?;
    }
    Ok(())
}
