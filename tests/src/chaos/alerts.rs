//! The shipped alerts, each under its own fault: what the row about them is made of.
//!
//! [`rules`] reads what is shipped, and compresses its time. A [`fault`] is a service with what is wrong with it; [`subject`] opens such
//! services. [`bank`] is the demo, whose scrape has every metric that is named. [`prometheus`] runs Debian's Prometheus over them,
//! [`runbook`] the commands of the runbooks, and [`picture`] draws the dashboard.

pub(super) mod bank;
pub(super) mod fault;
pub(super) mod picture;
pub(super) mod prometheus;
pub(super) mod rules;
pub(super) mod runbook;
pub(super) mod subject;
