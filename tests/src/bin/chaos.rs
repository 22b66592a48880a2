//! `cargo xtask chaos` runs this program.

use clap::Parser as _;
use crdb_tests::chaos::command::{Arguments, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    crdb_cli::end_quietly_without_a_reader();
    // A row starts this program again as what it kills.
    if let Some(code) = crdb_tests::chaos::rows::loader_if_ordered().await {
        return code;
    }
    run(Arguments::parse()).await
}
