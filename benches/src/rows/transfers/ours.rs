//! crdb-facade's `transact`.

use std::{sync::Arc, time::Instant};

use crdb_exec::{Isolation, Statement};
use crdb_facade::{Config, Database, TransactionOptions};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::{GIVE, TAKE, TASKS, Work, measure};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::microseconds,
    server::Server,
    tls::Tls,
};

/// The whole stack.
pub(super) struct Transact {
    database: Database,
    work: Work,
    server: Arc<Server>,
}

impl Transact {
    pub(super) const NAME: &str = "crdb-facade";

    pub(super) async fn open(server: &Arc<Server>, work: Work) -> Result<Self, MeasureError> {
        let mut config = Config::builder()
            .set_text(
                "auth.nodes",
                &format!("{}:{}", server.host(), server.port()),
            )
            .set_text("auth.user", server.user())
            .set_text("auth.password", server.password())
            .set_text("auth.database", server.database())
            .set_text("pool.max_size", &TASKS.to_string());
        for (key, value) in Tls::settings(server.tls()) {
            config = config.set_text(key, &value);
        }
        Ok(Self {
            database: Database::open(config.build()?).await?,
            work,
            server: Arc::clone(server),
        })
    }
}

impl Subject for Transact {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!("transact, serializable, defaults, a pool of {TASKS}, metrics and tracing on")
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        let (database, work) = (self.database.clone(), self.work);
        let task = move |task, until| transfers(database.clone(), work, task, until);
        measure(&self.server, self.work, task).boxed()
    }
}

async fn transfers(
    database: Database,
    work: Work,
    task: usize,
    until: Instant,
) -> Result<Vec<f64>, MeasureError> {
    let options = TransactionOptions::new()
        .isolation(Isolation::Serializable)
        .attempts(u32::MAX);
    let mut latencies = Vec::new();
    for number in 0.. {
        if Instant::now() >= until {
            break;
        }
        let (cold, hot) = work.accounts(task, number);
        let started = Instant::now();
        database
            .transact_with(&options, async |tx| {
                tx.execute(Statement::new(TAKE), &[&cold]).await?;
                tx.execute(Statement::new(GIVE), &[&hot]).await?;
                Ok::<_, crdb_facade::Error>(())
            })
            .await?;
        latencies.push(microseconds(started.elapsed()));
    }
    Ok(latencies)
}
