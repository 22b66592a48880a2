//! The workspace's workflows, run as `cargo xtask COMMAND`.
//!
//! Each command is a module with an `Arguments` struct and a `run` function, registered in [`cli`].
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to its terminal"
)]

mod artefact;
mod bench;
mod chaos;
mod ci;
mod cli;
mod codegen;
mod completions;
mod coverage;
mod demo;
mod dev;
mod doctor;
mod fuzz;
mod image;
mod migrate;
mod pgtest;
mod program;
#[cfg(not(all(feature = "engine", feature = "stack")))]
mod relaunch;
mod release;
#[cfg(feature = "engine")]
mod runtime;
#[cfg(feature = "stack")]
mod server;
mod setup;
mod sql;
mod test;
mod tidy;
mod tool;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    crdb_cli::end_quietly_without_a_reader();
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
