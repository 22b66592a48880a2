//! Lanes: connections that many tasks share for autocommit statements.

mod admission;
mod estimate;
mod gate;
mod lock;
mod policy;
#[cfg(test)]
#[expect(
    clippy::duplicate_mod,
    reason = "the gate is compiled again, against a lock whose schedules are explored"
)]
mod schedules;
