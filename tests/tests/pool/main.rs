//! The pool with real sessions: servers that stop, hang, drain and restart under load, and borrowers who leave a mess. The
//! same in large is what the rows of `cargo xtask chaos` do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its figures"
)]

mod conforming;
mod evidence;
mod hooks;
mod trouble;
