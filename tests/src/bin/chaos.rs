//! `cargo xtask chaos` runs this program.

use clap::Parser as _;
use crdb_tests::chaos::command::{Arguments, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    crdb_cli::end_quietly_without_a_reader();
    run(Arguments::parse()).await
}
