//! Checks of SQL files: verdicts, lints, and what schema files say.
#![cfg(feature = "checks")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod lints;
mod schema;
mod verdicts;
