//! `cargo xtask chaos`: runs the chaos harness's own program.
//!
//! It is built as the tests are, so that whoever runs tests has it compiled already.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::workspace;

/// Runs the stack while everything around it breaks, and checks what was seen.
///
/// Everything is explained by `cargo xtask chaos --help`, which the program itself answers.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Rows and options, for example `R2 --seconds 30`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<String>,
}

/// Runs the program in `tests/` with the arguments; its exit code is the command's.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let status = Command::new(workspace::cargo())
        .args(["run", "--quiet", "--package", "crdb-tests"])
        .args(["--bin", "chaos", "--"])
        .args(&arguments.arguments)
        .current_dir(workspace::root()?)
        .status()
        .context("cargo run could not be started")?;
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    })
}
