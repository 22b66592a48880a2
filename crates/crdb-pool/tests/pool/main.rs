//! The pool over nodes that a test makes: growing and shrinking, lending, nodes that fail and recover, cancelled callers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attempts;
mod cancelling;
mod cluster;
#[cfg(feature = "conformance")]
mod conforming;
mod evidence;
mod extremes;
mod growing;
mod hooks;
mod labels;
mod lending;
mod lifecycle;
mod nodes;
