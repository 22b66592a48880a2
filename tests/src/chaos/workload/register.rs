//! Few clients on the same register at a time, and a new register after some operations.

use super::{Findings, Workload, outcome};
use crate::chaos::checker::register::{self, Action, OnKey};
use crate::chaos::history::{Outcome, Recorder};
use crdb_exec::{RetrySafety, Row, Statement};
use crdb_facade::{Database, Error};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicI64, Ordering};

/// How many operations a register gets: enough to go wrong, few enough to be searched.
const OPERATIONS: i64 = 40;

/// Every operation is a single statement. Values are never written twice.
#[derive(Debug, Default)]
pub struct Register {
    recorder: Recorder<OnKey>,
    next: AtomicI64,
}

async fn read(db: &Database, key: i64) -> Result<Option<i64>, Error> {
    let read = Statement::new("SELECT value FROM register WHERE key = $1").retry(RetrySafety::Safe);
    let row = db.fetch_optional(read, &[&key]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

impl Register {
    fn end(&self, client: u32, began: u64, key: i64, outcome: Outcome, action: Action) {
        self.recorder
            .end(client, began, outcome, OnKey { key, action });
    }

    async fn read(&self, db: &Database, client: u32, key: i64) {
        let began = self.recorder.begin();
        let result = read(db, key).await;
        let outcome = outcome(&result);
        let action = Action::Read(result.ok().flatten());
        self.end(client, began, key, outcome, action);
    }

    async fn write(&self, db: &Database, client: u32, key: i64, value: i64) {
        let began = self.recorder.begin();
        let text = "INSERT INTO register VALUES ($1, $2) \
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let result = db.execute(text, &[&key, &value]).await;
        self.end(client, began, key, outcome(&result), Action::Write(value));
    }

    async fn compare_and_set(&self, db: &Database, client: u32, key: i64, to: i64) {
        // From what is there now, unless another write comes in between.
        let Ok(Some(from)) = read(db, key).await else {
            return;
        };
        let began = self.recorder.begin();
        let text = "UPDATE register SET value = $3 WHERE key = $1 AND value = $2";
        let result = db.execute(text, &[&key, &from, &to]).await;
        let outcome = match &result {
            // Another write came in between: nothing was done.
            Ok(0) => Outcome::Failed,
            _ => outcome(&result),
        };
        let action = Action::CompareAndSet { from, to };
        self.end(client, began, key, outcome, action);
    }
}

impl Workload for Register {
    fn name(&self) -> &'static str {
        "register"
    }

    fn set_up<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            truth
                .execute(
                    "CREATE TABLE register (key INT8 PRIMARY KEY, value INT8 NOT NULL)",
                    &[],
                )
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn step<'a>(&'a self, db: &'a Database, client: u32, rng: &'a mut StdRng) -> BoxFuture<'a, ()> {
        async move {
            let value = self.next.fetch_add(1, Ordering::Relaxed);
            let key = value / OPERATIONS;
            match rng.random_range(0..10) {
                0..4 => self.read(db, client, key).await,
                4..7 => self.write(db, client, key, value).await,
                _ => self.compare_and_set(db, client, key, value).await,
            }
        }
        .boxed()
    }

    fn finish<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<Findings, Error>> {
        async move {
            // What is there at the end is one more read of each register.
            let rows = truth
                .fetch_all("SELECT key, value FROM register", &[])
                .await?;
            let mut last = Vec::new();
            for row in rows {
                let (key, value) = (row.get(0)?, row.get(1)?);
                let began = self.recorder.begin();
                let action = Action::Read(Some(value));
                self.end(u32::MAX, began, key, Outcome::Done, action);
                last.push((key, value));
            }
            let history = self.recorder.take();
            let violations = register::check(&history);
            Ok(Findings::of(&history, violations, &last))
        }
        .boxed()
    }
}
