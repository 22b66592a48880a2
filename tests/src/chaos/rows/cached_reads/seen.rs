//! The clock that the cache goes by, and what it says that it does.

use crdb_facade::cache::{
    AnswerEvent, AnsweredBy, Clock, LoadBegin, LoadEnd, LoadOutcome, MissReason, Moment, Observer,
    SystemClock,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A clock of the machine whose wall is set now and then.
#[derive(Clone, Default)]
pub(super) struct SteppedClock {
    clock: SystemClock,
    /// In seconds.
    wall: Arc<AtomicI64>,
}

impl SteppedClock {
    /// Sets the wall so many seconds ahead of the machine's, or behind it.
    pub(super) fn step_to(&self, seconds: i64) {
        self.wall.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Moment {
        let mut now = self.clock.now();
        let step = self.wall.load(Ordering::Relaxed);
        let by = Duration::from_secs(step.unsigned_abs());
        now.wall = if step < 0 {
            now.wall.saturating_sub(by)
        } else {
            now.wall + by
        };
        now
    }
}

/// Counts what a cache tells.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) hits: AtomicU64,
    pub(super) stale_on_error: AtomicU64,
    pub(super) changed: AtomicU64,
    pub(super) feed_lost: AtomicU64,
    pub(super) failed_loads: AtomicU64,
    pub(super) overtaken: AtomicU64,
    pub(super) other_schema: AtomicU64,
}

impl Observer for Seen {
    fn answered(&self, event: &AnswerEvent<'_>) {
        let by = match event.by {
            AnsweredBy::Hit => Some(&self.hits),
            AnsweredBy::StaleOnError => Some(&self.stale_on_error),
            _ => None,
        };
        let miss = match event.miss {
            Some(MissReason::Changed) => Some(&self.changed),
            Some(MissReason::FeedLost) => Some(&self.feed_lost),
            _ => None,
        };
        for count in by.into_iter().chain(miss) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn begin_load(&self, _: &LoadBegin<'_>) -> crdb_exec::Token {
        None
    }

    fn end_load(&self, _: crdb_exec::Token, event: &LoadEnd<'_>) {
        let count = match event.outcome {
            LoadOutcome::Failed(_) => &self.failed_loads,
            LoadOutcome::Overtaken => &self.overtaken,
            LoadOutcome::OtherSchema => &self.other_schema,
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
