//! The executor on real servers: statements, transactions and blocks, their failures, and what observers see of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blocks;
mod cockroach_habits;
mod dropped;
mod errors;
mod failures;
mod fixture;
mod keys;
mod observed;
mod policy;
mod polled;
#[cfg(all(feature = "bb8", feature = "deadpool-postgres"))]
mod pools;
mod statements;
mod transactions;
mod values;
