//! Transfers between few accounts.

use super::{Findings, Workload, outcome};
use crate::chaos::checker::bank::{self, Action, Books, Transfer};
use crate::chaos::history::{Outcome, Recorder};
use crdb_exec::{Executor, ExecutorExt, IdempotencyKey, Isolation, Row, TransactionOptions};
use crdb_facade::{Database, Error};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicI64, Ordering};

const ACCOUNTS: usize = 5;
const INITIAL: i64 = 1000;

/// Every other transfer has an idempotency key, so that both ways are tested.
#[derive(Debug, Default)]
pub struct Bank {
    recorder: Recorder<Action>,
    next: AtomicI64,
}

/// Why a transfer was not made.
enum Refused {
    Insufficient,
    Database(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

fn options() -> TransactionOptions {
    TransactionOptions::new().isolation(Isolation::Serializable)
}

async fn numbers(db: &impl Executor, text: &str) -> Result<Vec<i64>, Error> {
    let rows = db.fetch_all(text, &[]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

const BALANCES: &str = "SELECT balance FROM account ORDER BY id";

async fn transfer(
    db: &Database,
    options: &TransactionOptions,
    transfer: Transfer,
) -> Result<(), Refused> {
    let (from, to) = (transfer.from as i64, transfer.to as i64);
    db.transact_as(options, async |tx| -> Result<(), Refused> {
        let balance: i64 = tx
            .fetch_one("SELECT balance FROM account WHERE id = $1", &[&from])
            .await?
            .get(0)
            .map_err(Error::from)?;
        if balance < transfer.amount {
            return Err(Refused::Insufficient);
        }
        let text = "UPDATE account SET balance = balance + $2 WHERE id = $1";
        tx.execute(text, &[&from, &-transfer.amount]).await?;
        tx.execute(text, &[&to, &transfer.amount]).await?;
        tx.execute("INSERT INTO transfer (id) VALUES ($1)", &[&transfer.id])
            .await?;
        Ok(())
    })
    .await
}

impl Bank {
    async fn record_read(&self, db: &Database, client: u32) {
        let began = self.recorder.begin();
        let result: Result<_, Error> = db
            .transact_with(&options().read_only(), async |tx| {
                numbers(tx, BALANCES).await
            })
            .await;
        let outcome = outcome(&result);
        let action = Action::Read(result.unwrap_or_default());
        self.recorder.end(client, began, outcome, action);
    }

    async fn record_transfer(&self, db: &Database, client: u32, order: Transfer, keyed: bool) {
        let options = if keyed {
            options().idempotency(IdempotencyKey::new(order.id.to_string()))
        } else {
            options()
        };
        let began = self.recorder.begin();
        let outcome = match transfer(db, &options, order).await {
            Ok(()) => Outcome::Done,
            Err(Refused::Insufficient) => Outcome::Failed,
            Err(Refused::Database(error)) => outcome(&Err::<(), _>(error)),
        };
        self.recorder
            .end(client, began, outcome, Action::Transfer(order));
    }
}

impl Workload for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn set_up<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            for text in [
                "CREATE TABLE account (id INT8 PRIMARY KEY, balance INT8 NOT NULL)",
                // Without a unique constraint, so that a transfer made twice can show.
                "CREATE TABLE transfer (id INT8 NOT NULL)",
                IdempotencyKey::SCHEMA,
            ] {
                truth.execute(text, &[]).await?;
            }
            for id in 0..ACCOUNTS as i64 {
                truth
                    .execute("INSERT INTO account VALUES ($1, $2)", &[&id, &INITIAL])
                    .await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn step<'a>(&'a self, db: &'a Database, client: u32, rng: &'a mut StdRng) -> BoxFuture<'a, ()> {
        async move {
            if rng.random_bool(0.2) {
                return self.record_read(db, client).await;
            }
            let from = rng.random_range(0..ACCOUNTS);
            let order = Transfer {
                id: self.next.fetch_add(1, Ordering::Relaxed),
                from,
                to: (from + rng.random_range(1..ACCOUNTS)) % ACCOUNTS,
                amount: rng.random_range(1..100),
            };
            let keyed = rng.random_bool(0.5);
            self.record_transfer(db, client, order, keyed).await;
        }
        .boxed()
    }

    fn finish<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<Findings, Error>> {
        async move {
            // Together, because an unknown transfer may still come in between.
            let books: Books = truth
                .transact_with(&options(), async |tx| {
                    Ok::<_, Error>(Books {
                        balances: numbers(tx, BALANCES).await?,
                        transfers: numbers(tx, "SELECT id FROM transfer ORDER BY id").await?,
                    })
                })
                .await?;
            let history = self.recorder.take();
            let violations = bank::check(&history, ACCOUNTS, INITIAL, &books);
            Ok(Findings::of(&history, violations, &books))
        }
        .boxed()
    }
}
