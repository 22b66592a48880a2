//! The command line: one line for each command.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{
    bench, chaos, ci, codegen, completions, coverage, demo, dev, doctor, fuzz, image, migrate,
    pgtest, program, release, setup, sql, test, tidy,
};

/// The workspace's workflows: see it work, change it, prove the change.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    max_term_width = 100,
    after_help = START,
    after_long_help = START
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const START: &str = "\
Where to start:
  cargo xtask demo               see the whole stack at work, on whatever server is here
  cargo xtask dev                start a server to develop against, and print its URL
  cargo xtask test               run the tests; installs what they need, says what could not run
  cargo xtask test transfer      only the tests whose name contains \"transfer\"
  cargo xtask test -p crdb-sql   only one crate's
  cargo xtask ci --step clippy   one step of what has to hold before a change lands; `ci --list` names them

Every command explains itself: `cargo xtask help test`.
The tests find their server by themselves: CRDB_TEST_URL, else a cockroach binary on PATH, else PostgreSQL's programs.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole stack at work on a small bank
    Demo(demo::Arguments),
    /// Start a server to develop against, and print its URL
    Dev(dev::Arguments),
    /// Walk a login step by step and say what is wrong with it
    Doctor(doctor::Arguments),
    /// Check SQL files: format, grammar, lints, and on request a server
    Sql(sql::Arguments),
    /// Apply migrations to a database, take them back, say how far it has come
    Migrate(migrate::Arguments),
    /// Write the typed functions for the queries in SQL files
    Codegen(codegen::Arguments),
    /// Install the system packages that builds and tests need
    Setup(setup::Arguments),
    /// Run every test, with what the tests need set up first
    Test(test::Arguments),
    /// Run everything that has to hold before a change lands
    Ci(ci::Arguments),
    /// Measure this toolkit beside its peers, in one run
    Bench(bench::Arguments),
    /// Break everything around this toolkit, and check what it says
    Chaos(chaos::Arguments),
    /// Feed hostile input to everything that reads what others wrote
    Fuzz(fuzz::Arguments),
    /// Replay wire tests against the quirks proxy or a server
    Pgtest(pgtest::Arguments),
    /// Build the program `crdb` as one static file, and try it
    Program(program::Arguments),
    /// Build the container image of the bank service, and run it
    Image(image::Arguments),
    /// Say how many lines of each crate the tests reach
    Coverage(coverage::Arguments),
    /// Show what a release would be, and make it
    Release(release::Arguments),
    /// Check what the compiler does not: layers, orphan files, names, lints, manifests
    Tidy(tidy::Arguments),
    /// Print a shell's completions for an alias `xtask`
    Completions(completions::Arguments),
}

impl Cli {
    /// Runs the chosen command; the exit code is the command's verdict, an error is a command that could not run.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Demo(arguments) => demo::run(&arguments),
            Command::Dev(arguments) => dev::run(&arguments),
            Command::Doctor(arguments) => doctor::run(&arguments),
            Command::Sql(arguments) => sql::run(&arguments),
            Command::Migrate(arguments) => migrate::run(&arguments),
            Command::Codegen(arguments) => codegen::run(&arguments),
            Command::Setup(arguments) => setup::run(&arguments),
            Command::Test(arguments) => test::run(&arguments),
            Command::Ci(arguments) => ci::run(&arguments),
            Command::Bench(arguments) => bench::run(&arguments),
            Command::Chaos(arguments) => chaos::run(&arguments),
            Command::Fuzz(arguments) => fuzz::run(&arguments),
            Command::Pgtest(arguments) => pgtest::run(&arguments),
            Command::Program(arguments) => program::run(&arguments),
            Command::Image(arguments) => image::run(&arguments),
            Command::Coverage(arguments) => coverage::run(&arguments),
            Command::Release(arguments) => release::run(&arguments),
            Command::Tidy(arguments) => tidy::run(&arguments),
            Command::Completions(arguments) => completions::run(&arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
