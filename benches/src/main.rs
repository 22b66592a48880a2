//! `cargo xtask bench` runs this program, built for release.

use std::process::ExitCode;

use clap::Parser as _;
use crdb_benches::command::{Arguments, run};

#[tokio::main]
async fn main() -> ExitCode {
    run(Arguments::parse()).await
}
