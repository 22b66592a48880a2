//! The rows that can be run.

mod cut_commit;
mod deadlines;
mod workloads;

use super::row::Row;

/// All rows, in order.
#[must_use]
pub fn all() -> &'static [&'static dyn Row] {
    &[
        &workloads::Workloads,
        &cut_commit::CutCommit,
        &deadlines::Deadlines,
    ]
}
