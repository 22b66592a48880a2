//! The loop that a team writes on the driver: a refused transaction is begun again at once.

use std::{sync::Arc, time::Instant};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::Mutex;
use tokio_postgres::{Client, IsolationLevel, Statement, error::SqlState};

use super::{GIVE, TAKE, TASKS, Work, measure};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::microseconds,
    server::Server,
};

/// A client for each task.
pub(super) struct Loops {
    clients: Vec<Arc<Mutex<Prepared>>>,
    work: Work,
    server: Arc<Server>,
}

struct Prepared {
    client: Client,
    take: Statement,
    give: Statement,
}

impl Loops {
    pub(super) async fn open(server: &Arc<Server>, work: Work) -> Result<Self, MeasureError> {
        let mut clients = Vec::new();
        for _ in 0..TASKS {
            let client = server.client().await?;
            let (take, give) = (client.prepare(TAKE).await?, client.prepare(GIVE).await?);
            clients.push(Arc::new(Mutex::new(Prepared { client, take, give })));
        }
        Ok(Self {
            clients,
            work,
            server: Arc::clone(server),
        })
    }
}

impl Subject for Loops {
    fn name(&self) -> &'static str {
        "tokio-postgres"
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        format!("{TASKS} clients, prepared statements, a loop without a pause")
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        let (clients, work) = (self.clients.clone(), self.work);
        let task = move |task: usize, until| {
            let client = Arc::clone(&clients[task]);
            async move { transfers(&mut *client.lock().await, work, task, until).await }
        };
        measure(&self.server, self.work, task).boxed()
    }
}

async fn transfers(
    prepared: &mut Prepared,
    work: Work,
    task: usize,
    until: Instant,
) -> Result<Vec<f64>, MeasureError> {
    let mut latencies = Vec::new();
    for number in 0.. {
        if Instant::now() >= until {
            break;
        }
        let (cold, hot) = work.accounts(task, number);
        let started = Instant::now();
        while let Err(error) = transfer(prepared, cold, hot).await {
            if error.code() != Some(&SqlState::T_R_SERIALIZATION_FAILURE) {
                return Err(error.into());
            }
        }
        latencies.push(microseconds(started.elapsed()));
    }
    Ok(latencies)
}

async fn transfer(
    prepared: &mut Prepared,
    cold: i64,
    hot: i64,
) -> Result<(), tokio_postgres::Error> {
    let Prepared { client, take, give } = prepared;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::Serializable)
        .start()
        .await?;
    transaction.execute(&*take, &[&cold]).await?;
    transaction.execute(&*give, &[&hot]).await?;
    transaction.commit().await
}
