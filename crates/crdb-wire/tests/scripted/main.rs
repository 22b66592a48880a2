//! A session on a stream whose every byte a test decides: cut anywhere, and answered by servers that break the protocol.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod cuts;
mod hostile;
mod stream;
mod turns;
