//! Running this program again, with more of it compiled in.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::workspace;

/// Becomes the same command with a feature of this program. Cargo in turn becomes the program that it has compiled, so a
/// signal to this process reaches it. The current directory stays, so paths mean the same.
///
/// # Errors
/// When cargo cannot be started; otherwise this does not come back.
pub(crate) fn with_feature(feature: &str) -> Result<ExitCode> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = workspace::cargo()
        .args(["run", "--quiet", "--manifest-path"])
        .arg(manifest)
        .args(["--features", feature, "--"])
        .args(std::env::args_os().skip(1))
        .exec();
    Err(error).context("cargo run could not be started")
}
