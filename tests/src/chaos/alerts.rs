//! The shipped alerts, each under its own fault: what the row about them is made of.
//!
//! [`rules`] reads what is shipped, and compresses its time. A [`fault`] is a service with what is wrong with it; [`subject`] opens such
//! services. [`prometheus`] runs Debian's Prometheus over them, and [`runbook`] the commands of the runbooks.

pub(super) mod fault;
pub(super) mod prometheus;
pub(super) mod rules;
pub(super) mod runbook;
pub(super) mod subject;
