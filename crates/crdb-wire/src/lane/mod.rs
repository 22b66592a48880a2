//! Lanes: connections that many tasks share for autocommit statements.

mod admission;
mod estimate;
mod gate;
mod lock;
mod policy;
#[cfg(test)]
mod schedules;
