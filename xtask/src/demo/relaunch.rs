//! Running this program again, with the stack compiled in.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::workspace;

/// Becomes `cargo xtask ARGUMENTS` with the feature `stack`. Cargo in turn becomes the program that it has compiled, so a
/// signal to this process reaches it.
///
/// # Errors
/// When cargo cannot be started; otherwise this does not come back.
pub(crate) fn with_stack(arguments: &[&str]) -> Result<ExitCode> {
    let error = Command::new(workspace::cargo())
        .args(["run", "--package", "xtask", "--features", "stack", "--"])
        .args(arguments)
        .current_dir(workspace::root()?)
        .exec();
    Err(error).context("cargo run could not be started")
}
