//! Transactions that append to lists and read them.

use super::{Findings, Workload, outcome};
use crate::chaos::checker::append::{self, Lists, Step};
use crate::chaos::history::Recorder;
use crdb_exec::{Executor, ExecutorExt, Isolation, Row, TransactionOptions};
use crdb_facade::{Database, Error};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicI64, Ordering};

/// How many lists are in use at a time.
const LISTS: i64 = 4;
/// After so many steps the lists are left alone and new ones used.
const STEPS: i64 = 400;

/// Lists are arrays in a table.
#[derive(Debug, Default)]
pub struct Append {
    recorder: Recorder<append::Action>,
    next: AtomicI64,
}

async fn list(db: &impl Executor, key: i64) -> Result<Vec<i64>, Error> {
    let row = db
        .fetch_optional("SELECT items FROM list WHERE key = $1", &[&key])
        .await?;
    row.map_or(Ok(Vec::new()), |row| Ok(row.get(0)?))
}

async fn append(db: &impl Executor, key: i64, value: i64) -> Result<(), Error> {
    let text = "INSERT INTO list AS l (key, items) VALUES ($1, ARRAY[$2::INT8]) \
                ON CONFLICT (key) DO UPDATE SET items = array_append(l.items, $2::INT8)";
    db.execute(text, &[&key, &value]).await?;
    Ok(())
}

impl Append {
    /// What a transaction is to do: the lists of its reads are still empty.
    fn plan(&self, rng: &mut StdRng) -> Vec<Step> {
        (0..rng.random_range(1..5))
            .map(|_| {
                let value = self.next.fetch_add(1, Ordering::Relaxed);
                let key = value / STEPS * LISTS + rng.random_range(0..LISTS);
                if rng.random_bool(0.5) {
                    Step::Append { key, value }
                } else {
                    let list = Vec::new();
                    Step::Read { key, list }
                }
            })
            .collect()
    }
}

impl Workload for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn set_up<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            truth
                .execute(
                    "CREATE TABLE list (key INT8 PRIMARY KEY, items INT8[] NOT NULL)",
                    &[],
                )
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn step<'a>(&'a self, db: &'a Database, client: u32, rng: &'a mut StdRng) -> BoxFuture<'a, ()> {
        async move {
            let plan = self.plan(rng);
            let options = TransactionOptions::new().isolation(Isolation::Serializable);
            let began = self.recorder.begin();
            let result: Result<Vec<Step>, Error> = db
                .transact_with(&options, async |tx| {
                    let mut seen = plan.clone();
                    for step in &mut seen {
                        match step {
                            Step::Append { key, value } => append(tx, *key, *value).await?,
                            Step::Read { key, list: items } => *items = list(tx, *key).await?,
                        }
                    }
                    Ok(seen)
                })
                .await;
            let outcome = outcome(&result);
            self.recorder
                .end(client, began, outcome, result.unwrap_or(plan));
        }
        .boxed()
    }

    fn finish<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<Findings, Error>> {
        async move {
            let rows = truth.fetch_all("SELECT key, items FROM list", &[]).await?;
            let last = rows
                .iter()
                .map(|row| Ok((row.get(0)?, row.get(1)?)))
                .collect::<Result<Lists, Error>>()?;
            let history = self.recorder.take();
            let violations = append::check(&history, &last);
            Ok(Findings::of(&history, violations, &last))
        }
        .boxed()
    }
}
