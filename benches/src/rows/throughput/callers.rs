//! Callers that take a session, ask for one row, and give it back, as often as they can.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::{microseconds, percentiles},
    pools::live::{Dedicated, LivePool, Opening},
    server::Server,
};

/// A pool with its callers.
pub(super) struct Callers<P> {
    pool: P,
    callers: Vec<u32>,
    time: Duration,
    server: Arc<Server>,
}

impl<P: LivePool> Callers<P> {
    /// With so many callers, one number after another.
    pub(super) async fn open(
        server: &Arc<Server>,
        slots: u32,
        callers: &[u32],
        time: Duration,
    ) -> Result<Self, MeasureError> {
        Ok(Self {
            pool: P::open(Opening::on(server, slots)).await?,
            callers: callers.to_vec(),
            time,
            server: Arc::clone(server),
        })
    }

    async fn with(&self, callers: u32) -> Result<Sample, MeasureError> {
        let until = Instant::now() + self.time;
        let callers = (0..callers).map(|_| {
            let pool = self.pool.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    let started = Instant::now();
                    let mut session = pool.get().await?;
                    P::ask(&mut session).await?;
                    drop(session);
                    latencies.push(microseconds(started.elapsed()));
                }
                Ok::<_, MeasureError>(latencies)
            })
        });
        finish(callers.collect(), self.time).await
    }
}

impl<P: LivePool> Subject for Callers<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn role(&self) -> Role {
        P::ROLE
    }

    fn settings(&self) -> String {
        format!("{}, {}", P::SETTINGS, self.server.transport())
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let mut first = None;
            let mut last = Sample::new();
            for callers in &self.callers {
                last = self.with(*callers).await?;
                first = first.or(last.get("rate"));
            }
            let growth = last
                .get("rate")
                .zip(first)
                .map(|(last, first)| last / first);
            Ok(match growth {
                Some(growth) => last.with("growth", growth),
                None => last,
            })
        }
        .boxed()
    }
}

/// As many callers as connections, each with its own.
pub(super) struct DedicatedCallers {
    connections: Dedicated,
    count: u32,
    time: Duration,
    server: Arc<Server>,
}

impl DedicatedCallers {
    pub(super) async fn open(
        server: &Arc<Server>,
        count: u32,
        time: Duration,
    ) -> Result<Self, MeasureError> {
        Ok(Self {
            connections: Dedicated::open(Opening::on(server, count)).await?,
            count,
            time,
            server: Arc::clone(server),
        })
    }
}

impl Subject for DedicatedCallers {
    fn name(&self) -> &'static str {
        Dedicated::NAME
    }

    fn role(&self) -> Role {
        Dedicated::ROLE
    }

    fn settings(&self) -> String {
        format!("{}, {}", Dedicated::SETTINGS, self.server.transport())
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let until = Instant::now() + self.time;
            let callers = (0..self.count).map(|_| {
                let connections = self.connections.clone();
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    let mut session = connections.get().await?;
                    while Instant::now() < until {
                        let started = Instant::now();
                        Dedicated::ask(&mut session).await?;
                        latencies.push(microseconds(started.elapsed()));
                    }
                    connections.put_back(session).await;
                    Ok::<_, MeasureError>(latencies)
                })
            });
            finish(callers.collect(), self.time).await
        }
        .boxed()
    }
}

type Caller = tokio::task::JoinHandle<Result<Vec<f64>, MeasureError>>;

async fn finish(callers: Vec<Caller>, time: Duration) -> Result<Sample, MeasureError> {
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await??);
    }
    let rate = latencies.len() as f64 / time.as_secs_f64();
    Ok(percentiles(latencies).with("rate", rate))
}
