//! `cargo xtask migrate`: `crdb migrate`, compiled here.
//!
//! The feature `stack` compiles what needs a database. Without that feature the command runs cargo again with it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

/// Applies migrations, takes them back, and says how far a database has come.
///
/// Exits with 1 when something failed, is pending (`status`) or differs (`verify`).
#[derive(Debug, Args)]
// What is flattened into it has a group of this name.
#[group(skip)]
#[cfg_attr(
    not(feature = "stack"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    migrate: crdb_cli::migrate::Arguments,
    #[command(flatten)]
    connection: crdb_cli::Connection,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
}

/// Runs the chosen command.
#[cfg(feature = "stack")]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let exit = crdb_cli::migrate::run(&arguments.migrate, &arguments.connection, arguments.json)?;
    Ok(exit.into())
}

/// Compiles the stack and hands over to it.
#[cfg(not(feature = "stack"))]
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
    crate::relaunch::with_feature("stack")
}
