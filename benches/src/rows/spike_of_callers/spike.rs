//! One spike on a new pool.

use std::{
    marker::PhantomData,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    pools::{Opening, Pool, Stub},
    server::Server,
};

pub(super) const CALLERS: u32 = 50;
pub(super) const IDLE: u32 = 5;
const CONNECT: Duration = Duration::from_millis(150);
const CLOSING: Duration = Duration::from_millis(100);
pub(super) const QUERY: Duration = Duration::from_millis(2);

/// Spikes on pools of one kind: each round has a new one, since a pool that has grown shows nothing.
pub(super) struct Spike<P> {
    server: Arc<Server>,
    pool: PhantomData<fn() -> P>,
}

impl<P: Pool> Spike<P> {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            pool: PhantomData,
        }
    }
}

impl<P: Pool> Subject for Spike<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn role(&self) -> Role {
        P::ROLE
    }

    fn settings(&self) -> String {
        P::SETTINGS.to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let stub = Stub::new(CONNECT);
            let pool = P::open(Opening {
                stub: stub.clone(),
                idle: IDLE,
                max: CALLERS,
                server: Arc::clone(&self.server),
            })
            .await?;
            let started = Instant::now();
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let pool = pool.clone();
                    tokio::spawn(async move { pool.borrow(Some(QUERY)).await })
                })
                .collect();
            for caller in callers {
                caller.await??;
            }
            let done = started.elapsed();
            // Those that were begun count when they are there, too.
            tokio::time::sleep(CONNECT * 2).await;
            drop(pool);
            // What a server does to end its sessions is not for the next one to pay.
            tokio::time::sleep(CLOSING).await;
            Ok(Sample::new()
                .with("done", done.as_secs_f64() * 1e3)
                .with("connections", f64::from(stub.opened())))
        }
        .boxed()
    }
}
