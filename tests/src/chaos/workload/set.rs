//! Elements are added one by one and read all together.

use super::{Findings, Workload, outcome};
use crate::chaos::checker::set::{self, Action};
use crate::chaos::history::Recorder;
use crdb_exec::{RetrySafety, Row, Statement};
use crdb_facade::{Database, Error};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicI64, Ordering};

/// Adds are single statements; reads are streams.
#[derive(Debug, Default)]
pub struct Set {
    recorder: Recorder<Action>,
    next: AtomicI64,
}

const READ: Statement<'static> =
    Statement::new("SELECT value FROM element ORDER BY value").retry(RetrySafety::Safe);

async fn read(db: &Database) -> Result<Vec<i64>, Error> {
    let mut rows = db.fetch_stream(READ, &[]).await?;
    let mut elements = Vec::new();
    while let Some(row) = rows.try_next().await? {
        elements.push(row.get(0)?);
    }
    Ok(elements)
}

impl Workload for Set {
    fn name(&self) -> &'static str {
        "set"
    }

    fn set_up<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            // Without a unique constraint, so that an element added twice can show.
            truth
                .execute("CREATE TABLE element (value INT8 NOT NULL)", &[])
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn step<'a>(&'a self, db: &'a Database, client: u32, rng: &'a mut StdRng) -> BoxFuture<'a, ()> {
        async move {
            let began = self.recorder.begin();
            if rng.random_bool(0.05) {
                let result = read(db).await;
                let outcome = outcome(&result);
                let action = Action::Read(result.unwrap_or_default());
                self.recorder.end(client, began, outcome, action);
            } else {
                let element = self.next.fetch_add(1, Ordering::Relaxed);
                let result = db
                    .execute("INSERT INTO element VALUES ($1)", &[&element])
                    .await;
                self.recorder
                    .end(client, began, outcome(&result), Action::Add(element));
            }
        }
        .boxed()
    }

    fn finish<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<Findings, Error>> {
        async move {
            let last = read(truth).await?;
            let history = self.recorder.take();
            let violations = set::check(&history, &last);
            Ok(Findings::of(&history, violations, &last))
        }
        .boxed()
    }
}
