//! The rows of the scorecard that can be run.

mod cut_commit;
mod deadlines;
mod workloads;

use super::row::Row;

/// All rows, in the scorecard's order.
#[must_use]
pub fn all() -> &'static [&'static dyn Row] {
    &[
        &workloads::Workloads,
        &cut_commit::CutCommit,
        &deadlines::Deadlines,
    ]
}
