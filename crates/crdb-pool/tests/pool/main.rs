//! The pool over nodes that a test makes: growing and shrinking, lending, nodes that fail and recover, cancelled callers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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
