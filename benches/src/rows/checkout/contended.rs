//! 32 callers that take a connection and give it back, as often as they can.

use std::{
    fmt,
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::runtime::Handle;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    pools::{Opening, Pool, Stub},
    server::Server,
};

const CALLERS: u32 = 32;
/// How long a session is used before each round: longer than it takes to lend all of them.
const USE: Duration = Duration::from_millis(5);

/// What a caller is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Callers {
    /// A thread of the operating system, which blocks on the pool.
    Threads,
    /// A task of the runtime.
    Tasks,
}

impl fmt::Display for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threads => write!(f, "{CALLERS} threads"),
            Self::Tasks => write!(f, "{CALLERS} tasks"),
        }
    }
}

/// A pool with its callers.
pub(super) struct Contended<P> {
    pool: P,
    stub: Stub,
    callers: Callers,
    time: Duration,
    slots: u32,
    _server: Arc<Server>,
}

impl<P: Pool> Contended<P> {
    pub(super) async fn open(
        opening: Opening,
        callers: Callers,
        time: Duration,
    ) -> Result<Self, MeasureError> {
        Ok(Self {
            stub: opening.stub.clone(),
            slots: opening.max,
            _server: Arc::clone(&opening.server),
            pool: P::open(opening).await?,
            callers,
            time,
        })
    }
}

impl<P: Pool> Subject for Contended<P> {
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
            // Since the last round more than 500 ms have passed: whatever that asks for is not part of this one.
            let at_once = (0..self.slots).map(|_| self.pool.borrow(Some(USE)));
            futures_util::future::try_join_all(at_once).await?;
            let stop = Arc::new(AtomicBool::new(false));
            let checked = self.stub.checked();
            let started = Instant::now();
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let work = borrow_until(self.pool.clone(), Arc::clone(&stop));
                    match self.callers {
                        Callers::Tasks => tokio::spawn(work),
                        Callers::Threads => {
                            let runtime = Handle::current();
                            tokio::task::spawn_blocking(move || runtime.block_on(work))
                        }
                    }
                })
                .collect();
            tokio::time::sleep(self.time).await;
            stop.store(true, Ordering::Relaxed);
            let mut counts = Vec::new();
            for caller in callers {
                counts.push(caller.await??);
            }
            let total: f64 = counts.iter().sum();
            let slowest = counts.iter().copied().fold(f64::INFINITY, f64::min);
            let mean = total / f64::from(CALLERS);
            let sample = Sample::new()
                .with("rate", total / started.elapsed().as_secs_f64())
                .with("slowest caller", 100.0 * slowest / mean);
            // The others are set not to check, or check at a moment of their own.
            Ok(match P::ROLE {
                Role::Ours => sample.with("checks", f64::from(self.stub.checked() - checked)),
                _ => sample,
            })
        }
        .boxed()
    }
}

async fn borrow_until<P: Pool>(pool: P, stop: Arc<AtomicBool>) -> Result<f64, MeasureError> {
    let mut count = 0.0;
    while !stop.load(Ordering::Relaxed) {
        // Some in a row, so that what is measured is the pool and not the scheduler.
        for _ in 0..10 {
            pool.borrow(None).await?;
        }
        count += 10.0;
        tokio::task::yield_now().await;
    }
    Ok(count)
}
