//! The rows that can be run.

mod alerts;
mod bulk;
mod cached_reads;
mod cut_commit;
mod deadlines;
mod drops;
mod failover;
mod fuzzing;
mod mess;
mod outage;
mod own_tests;
mod rationing;
mod restart;
mod verdicts;
mod workloads;

pub use bulk::run_if_ordered as loader_if_ordered;

use super::row::Row;

/// All rows, in order.
#[must_use]
pub fn all() -> &'static [&'static dyn Row] {
    &[
        &workloads::Workloads,
        &cut_commit::CutCommit,
        &drops::Drops,
        &outage::Outages,
        &deadlines::Deadlines,
        &restart::Restart,
        &mess::Messes,
        &fuzzing::Fuzzing,
        &own_tests::TEMPLATES,
        &own_tests::POLICY,
        &own_tests::TICKETS,
        &own_tests::SECRETS,
        &own_tests::AUDIT,
        &rationing::Rationing,
        &own_tests::SIMULATION,
        &own_tests::LANES,
        &own_tests::MIGRATIONS,
        &bulk::Bulk,
        &cached_reads::CachedReads,
        &alerts::Alerts,
        &verdicts::Verdicts,
        &own_tests::WHOLE_STACK,
        &failover::Failover,
    ]
}
