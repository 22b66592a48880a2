//! A short run of the chaos harness, in the profile that the tests have compiled already.

use anyhow::{Context as _, Result, ensure};

use super::context::Context;
use crate::workspace::succeed;

/// All rows together take about this long, besides what they do at least.
const SECONDS: usize = 50;

/// Runs every row but those that the steps for tests and fuzzing run already, each for its part of the time.
pub(crate) fn short(context: &Context) -> Result<()> {
    let list = context
        .program("chaos")?
        .args(["--native", "--list"])
        .output()
        .context("the chaos harness could not be started")?;
    let rows = String::from_utf8_lossy(&list.stdout).lines().count();
    ensure!(
        list.status.success() && rows > 0,
        "the chaos harness lists no rows"
    );
    let seconds = SECONDS.div_ceil(rows).to_string();
    succeed(
        context
            .program("chaos")?
            .args(["--native", "--check", "--seconds", &seconds]),
    )
}
