//! Each quirk as bytes: the questions of recorded sessions with CockroachDB and PostgreSQL, asked of the proxy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    missing_docs,
    reason = "a test ends by panicking, helpers of tests included"
)]

mod batches;
mod changefeeds;
mod copy;
mod ddl;
mod drain;
mod failures;
mod fidelity;
mod greeting;
mod portals;
mod raw;
mod refusals;
mod schema_changes;
mod settings;
mod syntax;
mod transactions;
mod upserts;
