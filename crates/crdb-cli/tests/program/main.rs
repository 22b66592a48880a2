//! The program as its users have it: arguments in; output, errors and an exit code out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod arguments;
mod bed;
mod beginning;
mod bulk;
mod files;
mod guide;
mod migrate;
mod outputs;
mod production;
mod profile;
mod queries;
mod scripts;
mod shell;
mod top;
