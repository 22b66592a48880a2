//! Bounds of lanes.

use std::time::Duration;

/// Bounds of [`Lanes`](crate::Lanes). The defaults suit most.
#[derive(Debug, Clone)]
pub struct LaneConfig {
    pub(super) max_lanes: usize,
    pub(super) max_depth: usize,
    pub(super) max_waiting: usize,
    pub(super) max_result: usize,
    pub(super) abandoned_timeout: Duration,
    pub(super) idle: Duration,
    pub(super) lifetime: Duration,
}

impl LaneConfig {
    /// The most connections that are open at a time, those included that take no new statements. Default: 8.
    #[must_use]
    pub fn max_lanes(mut self, lanes: usize) -> Self {
        self.max_lanes = lanes.max(1);
        self
    }

    /// The most statements that are under way on one connection at a time. How many are depends on the round trip and on how long
    /// the server takes: one where it takes longer than the round trip, up to 2 ms of its time where it takes much less. Default: 64.
    #[must_use]
    pub fn max_depth(mut self, statements: usize) -> Self {
        self.max_depth = statements.max(1);
        self
    }

    /// The most statements that wait for a place on a connection. More are refused at once. Default: 10,000.
    #[must_use]
    pub fn max_waiting(mut self, statements: usize) -> Self {
        self.max_waiting = statements;
        self
    }

    /// The most bytes of rows that are kept for one statement. A larger result is thrown away, and the statement fails with
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) although it ran. Default: 1 MiB.
    #[must_use]
    pub fn max_result(mut self, bytes: usize) -> Self {
        self.max_result = bytes;
        self
    }

    /// How long a statement may go on whose caller is gone before its connection is given up. Meanwhile the connection takes no new
    /// statements. Default: 100 ms.
    #[must_use]
    pub fn abandoned_timeout(mut self, abandoned_timeout: Duration) -> Self {
        self.abandoned_timeout = abandoned_timeout;
        self
    }

    /// How long a connection must have been superfluous before it is closed. Default: 30 s.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// How old a connection becomes, less up to a tenth that differs from one to the next, so that not all end at the same time. Then
    /// it takes no new statements and is closed when it has none. Default: 15 minutes.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }
}

impl Default for LaneConfig {
    fn default() -> Self {
        Self {
            max_lanes: 8,
            max_depth: 64,
            max_waiting: 10_000,
            max_result: 1 << 20,
            abandoned_timeout: Duration::from_millis(100),
            idle: Duration::from_secs(30),
            lifetime: Duration::from_secs(15 * 60),
        }
    }
}
