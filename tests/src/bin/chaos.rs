//! `cargo xtask chaos` runs this program.

use clap::Parser as _;
use crdb_tests::chaos::command::{Arguments, run};
use std::process::ExitCode;

// One source for the programs of xtask.
#[path = "../../../xtask/src/output.rs"]
mod output;

#[tokio::main]
async fn main() -> ExitCode {
    output::end_quietly_without_a_reader();
    run(Arguments::parse()).await
}
