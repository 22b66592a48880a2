//! A piece of work that takes far less time than reading the clock.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use crate::case::{MeasureError, Role, Sample, Subject};

/// The metric of every subject: nanoseconds for one piece of work.
pub(super) const TIME: &str = "time";

/// How long a round lasts at least.
const ROUND: Duration = Duration::from_millis(200);

/// Work that is repeated until a round is over.
pub(super) struct Timed<F> {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) settings: &'static str,
    /// How many pieces of work one call does.
    pub(super) pieces: u32,
    pub(super) work: F,
}

impl<F: FnMut() -> Result<(), MeasureError> + Send> Subject for Timed<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn settings(&self) -> String {
        self.settings.to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        Box::pin(async move {
            let started = Instant::now();
            let mut calls = 0_u32;
            while started.elapsed() < ROUND {
                // Many at a time, so that the clock does not count.
                for _ in 0..1_000 {
                    (self.work)()?;
                }
                calls += 1_000;
            }
            let pieces = f64::from(calls) * f64::from(self.pieces);
            let time = started.elapsed().as_nanos() as f64 / pieces;
            Ok(Sample::new().with(TIME, time))
        })
    }
}
