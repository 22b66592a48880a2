//! The service from outside, each test on a database of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
#[path = "../../../../crates/crdb-observe/tests/exported/collector.rs"]
mod collector;
mod deployment;
mod killed;
mod program;
mod replica;
mod runbooks;
mod traced;
