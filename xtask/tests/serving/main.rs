//! Commands that start a server: they serve, end by a signal, and leave nothing behind.
#![cfg(feature = "stack")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot prepare itself fails"
)]

mod demo;
mod dev;
mod started;
