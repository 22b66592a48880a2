//! Migrations on real servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bed;
mod doubt;
mod files;
mod issues;
mod jobs;
mod kill;
mod others;
mod source;
mod squash;
mod up;
mod witness;
