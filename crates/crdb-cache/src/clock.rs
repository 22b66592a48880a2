//! The time by which entries age.

use std::time::{Duration, Instant, SystemTime};

/// One reading of a [`Clock`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The time since some moment of this process, by a clock that is never set.
    pub monotonic: Duration,
    /// The time since 1970, by a clock that may be set, and that goes on while the machine is suspended.
    pub wall: Duration,
}

impl Moment {
    /// How much time has passed since `earlier`: what the clock says that says more.
    ///
    /// So a wall clock that is set back makes nothing younger, and neither does a machine that was suspended. A wall clock that is
    /// set forward makes entries older than they are, which costs loads.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        monotonic.max(self.wall.saturating_sub(earlier.wall))
    }
}

/// Tells the time. [`SystemClock`] is the one that is used unless another is given, for simulations.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Moment;
}

/// The clocks of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    began: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment {
            monotonic: self.began.elapsed(),
            wall: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_says_more_is_believed() {
        let moment = |monotonic, wall| Moment {
            monotonic: Duration::from_secs(monotonic),
            wall: Duration::from_secs(wall),
        };
        let earlier = moment(10, 1_000);
        // Set back, set forward (or suspended), and neither.
        assert_eq!(moment(15, 900).since(earlier), Duration::from_secs(5));
        assert_eq!(moment(15, 2_000).since(earlier), Duration::from_secs(1_000));
        assert_eq!(moment(15, 1_005).since(earlier), Duration::from_secs(5));
    }
}
