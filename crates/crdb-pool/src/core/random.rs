//! The one generator of random numbers, given to every decision that uses chance.

use std::time::Duration;

use rand::{RngExt, SeedableRng};

/// A seedable generator: the same seed gives the same decisions.
#[derive(Debug)]
pub(crate) struct Random(rand::rngs::SmallRng);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(rand::rngs::SmallRng::seed_from_u64(seed))
    }

    /// A number below `end`, which must not be 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// `whole`, shortened by a random part of at most `share` of it (0 to 1).
    pub(crate) fn shortened(&mut self, whole: Duration, share: f64) -> Duration {
        let taken = whole.as_secs_f64() * share * self.0.random::<f64>();
        // The longest duration is a little less than what its nearest `f64` stands for.
        let taken = Duration::try_from_secs_f64(taken).unwrap_or(whole);
        whole.saturating_sub(taken)
    }
}
