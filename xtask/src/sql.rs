//! `cargo xtask sql check`: `crdb sql check`, compiled here.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use crdb_cli::sql_check;

/// Works on SQL files.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: SqlCommand,
}

#[derive(Debug, Subcommand)]
enum SqlCommand {
    /// Check files or trees; exits with 1 when there are errors
    Check(sql_check::Arguments),
}

/// Runs the chosen command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let SqlCommand::Check(arguments) = &arguments.command;
    #[cfg(not(feature = "engine"))]
    if arguments.engine().is_some() {
        return crate::relaunch::with_feature("engine");
    }
    Ok(sql_check::run(arguments, &crate::codegen::own_sql(), false)?.into())
}
