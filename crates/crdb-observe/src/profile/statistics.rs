//! What is kept of all calls of one statement or transaction.

use std::time::Duration;

use crdb_exec::Outcome;

use super::call::Spent;
use super::quantiles::Quantiles;

/// One call that has ended.
pub(super) struct Ended<'a> {
    pub(super) elapsed: Duration,
    pub(super) attempts: u32,
    pub(super) rows: u64,
    pub(super) outcome: &'a Outcome,
    pub(super) spent: &'a Spent,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Statistics {
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) unknown: u64,
    pub(super) dropped: u64,
    pub(super) rows: u64,
    pub(super) retries: u64,
    pub(super) collisions: u64,
    pub(super) total: Duration,
    pub(super) waiting: Duration,
    pub(super) retrying: Duration,
    pub(super) longest: Duration,
    pub(super) quantiles: Quantiles,
}

impl Statistics {
    pub(super) fn add(&mut self, ended: &Ended<'_>) {
        self.calls += 1;
        match ended.outcome {
            outcome if outcome.is_unknown() => self.unknown += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Dropped => self.dropped += 1,
            _ => {}
        }
        self.rows = self.rows.saturating_add(ended.rows);
        self.retries += u64::from(ended.attempts.saturating_sub(1));
        self.collisions += ended.spent.collisions;
        self.total = self.total.saturating_add(ended.elapsed);
        let waiting = ended.spent.waiting.min(ended.elapsed);
        self.waiting = self.waiting.saturating_add(waiting);
        let retrying = ended.spent.retrying.min(ended.elapsed - waiting);
        self.retrying = self.retrying.saturating_add(retrying);
        self.longest = self.longest.max(ended.elapsed);
        self.quantiles.add(ended.elapsed);
    }
}
