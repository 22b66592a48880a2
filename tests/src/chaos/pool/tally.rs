//! Counts by the moment, which many callers add to without getting in each other's way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The length of a moment.
pub const MOMENT: Duration = Duration::from_millis(100);

/// How often something happened in each moment since the beginning.
#[derive(Debug)]
pub struct Tally {
    began: Instant,
    moments: Vec<AtomicU64>,
}

impl Tally {
    /// Counts from now on, for as long as `time`.
    #[must_use]
    pub fn start(time: Duration) -> Self {
        let moments = time.as_millis() / MOMENT.as_millis() + 1;
        Self {
            began: Instant::now(),
            moments: (0..moments).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// It happened once, now. What happens after the time is over is not counted.
    pub fn count(&self) {
        if let Some(moment) = self.moments.get(self.index(Instant::now())) {
            moment.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn index(&self, at: Instant) -> usize {
        let passed = at.saturating_duration_since(self.began);
        usize::try_from(passed.as_millis() / MOMENT.as_millis()).unwrap_or(usize::MAX)
    }

    /// How often a second it happened in the whole moments between two instants.
    #[must_use]
    pub fn rate(&self, from: Instant, to: Instant) -> f64 {
        let range = self.index(from) + 1..self.index(to);
        let Some(moments) = self.moments.get(range) else {
            return 0.0;
        };
        let sum: u64 = moments
            .iter()
            .map(|moment| moment.load(Ordering::Relaxed))
            .sum();
        sum as f64 / (moments.len().max(1) as f64 * MOMENT.as_secs_f64())
    }

    /// How long after `from` a whole moment with `share` of the rate `full` was over; `None` when there was none.
    #[must_use]
    pub fn time_to(&self, share: f64, full: f64, from: Instant) -> Option<Duration> {
        let wanted = full * share * MOMENT.as_secs_f64();
        let first = self.index(from) + 1;
        let moments = self.moments.get(first..)?;
        let position = moments
            .iter()
            .position(|moment| moment.load(Ordering::Relaxed) as f64 >= wanted)?;
        let end = MOMENT * u32::try_from(first + position + 1).ok()?;
        Some((self.began + end).saturating_duration_since(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(counts: &[u64]) -> Tally {
        Tally {
            began: Instant::now(),
            moments: counts.iter().map(|count| AtomicU64::new(*count)).collect(),
        }
    }

    #[test]
    fn rates_are_of_whole_moments() {
        let tally = tally(&[1000, 10, 10, 0, 0, 5, 10]);
        let rate = tally.rate(tally.began + MOMENT / 2, tally.began + MOMENT * 3);
        assert!((rate - 100.0).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn a_rate_that_comes_back_is_timed_by_the_end_of_its_moment() {
        let tally = tally(&[10, 10, 0, 0, 5, 10]);
        let from = tally.began + MOMENT * 2;
        assert_eq!(tally.time_to(0.95, 100.0, from), Some(MOMENT * 4));
        assert_eq!(tally.time_to(0.5, 100.0, from), Some(MOMENT * 3));
        assert_eq!(tally.time_to(1.1, 100.0, from), None);
    }
}
