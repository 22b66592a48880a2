use crate::defaults;
use rand::{Rng, RngExt};
use std::time::Duration;

/// How long to wait before trying again: anywhere between zero and a limit that doubles with each attempt ("full
/// jitter", from Brooker, *Exponential Backoff And Jitter*, which keeps callers that collided from colliding again).
///
/// ```
/// use std::time::Duration;
/// use crdb_exec::Backoff;
///
/// let backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(100));
/// assert_eq!(backoff.limit(1), Duration::from_millis(10));
/// assert_eq!(backoff.limit(3), Duration::from_millis(40));
/// assert_eq!(backoff.limit(30), Duration::from_millis(100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Waits up to `first` after the first failure and never longer than `longest`. Zero for both never waits.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The same, whose first wait is not longer than this, or than a tenth of a millisecond: waits must grow from something.
    pub(crate) fn begin_within(self, first: Duration) -> Self {
        Self {
            first: self.first.min(first.max(Duration::from_micros(100))),
            ..self
        }
    }

    /// The longest wait after this many failures (from 1).
    #[must_use]
    pub fn limit(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first
            .checked_mul(1 << doublings)
            .map_or(self.longest, |limit| limit.min(self.longest))
    }

    /// The wait after this many failures (from 1), evenly distributed between zero and [`limit`](Self::limit).
    pub fn delay<R: Rng + ?Sized>(&self, failures: u32, rng: &mut R) -> Duration {
        let nanos = u64::try_from(self.limit(failures).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(rng.random_range(0..=nanos))
    }
}

/// Up to 5 ms after the first failure, never longer than 1 s.
impl Default for Backoff {
    fn default() -> Self {
        Self::new(defaults::MIN_BACKOFF, defaults::MAX_BACKOFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    proptest! {
        #[test]
        fn never_beyond_the_limit(seed: u64, failures in 0u32..2000, first in 0u64..10_000, longest in 0u64..100_000) {
            let backoff = Backoff::new(Duration::from_micros(first), Duration::from_micros(longest));
            let delay = backoff.delay(failures, &mut StdRng::seed_from_u64(seed));
            prop_assert!(delay <= backoff.limit(failures));
            prop_assert!(backoff.limit(failures) <= backoff.longest);
            prop_assert!(backoff.limit(failures) <= backoff.limit(failures.saturating_add(1)));
        }
    }

    #[test]
    fn the_same_seed_waits_the_same_and_the_mean_is_half_the_limit() {
        let backoff = Backoff::default();
        let draw = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (1..=1000)
                .map(|_| backoff.delay(4, &mut rng))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let mean = draw(7).iter().sum::<Duration>() / 1000;
        let half = backoff.limit(4) / 2;
        assert!(mean > half * 9 / 10 && mean < half * 11 / 10, "{mean:?}");
    }
}
