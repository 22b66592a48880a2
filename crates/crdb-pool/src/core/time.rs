//! Instants that durations of any length can be added to.

use std::time::{Duration, Instant};

/// What stands for *never*: 30 years.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// `now` and `duration` later; 30 years later where `duration` is longer than that.
///
/// The sum of an instant and a duration may be more than an instant can hold, and adding them with `+` panics then. Tokio adds
/// a little more when it sets a timer.
pub(crate) fn later(now: Instant, duration: Duration) -> Instant {
    now.checked_add(duration.min(NEVER)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_duration_can_be_added() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        assert_eq!(later(now, second), now + second);
        assert_eq!(later(now, Duration::MAX), now + NEVER);
        let mut last = later(now, Duration::MAX);
        for _ in 0..1_000 {
            last = later(last, Duration::MAX);
        }
        assert!(last > now + NEVER);
    }
}
