//! The rows that can be run.

mod cut_commit;
mod deadlines;
mod own_tests;
mod workloads;

use super::row::Row;

/// All rows, in order.
#[must_use]
pub fn all() -> &'static [&'static dyn Row] {
    &[
        &workloads::Workloads,
        &cut_commit::CutCommit,
        &deadlines::Deadlines,
        &own_tests::TEMPLATES,
        &own_tests::POLICY,
        &own_tests::TICKETS,
        &own_tests::SECRETS,
        &own_tests::SIMULATION,
    ]
}
