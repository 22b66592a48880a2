//! The command line: one line for each command.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{setup, test, tidy};

/// The workspace's workflows.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install the system packages that builds and tests need
    Setup(setup::Arguments),
    /// Run every test, with what the tests need set up first
    Test(test::Arguments),
    /// Check what the compiler does not: layers, orphan files, names, lints, manifests
    Tidy(tidy::Arguments),
}

impl Cli {
    /// Runs the chosen command; the exit code is the command's verdict, an error is a command that could not run.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Setup(arguments) => setup::run(&arguments),
            Command::Test(arguments) => test::run(&arguments),
            Command::Tidy(arguments) => tidy::run(&arguments),
        }
    }
}
