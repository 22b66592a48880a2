//! `cargo xtask chaos` runs this program.

use clap::Parser as _;
use crdb_tests::chaos::command::{Arguments, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(Arguments::parse()).await
}
