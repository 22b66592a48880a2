//! Programs that are timed from their start to their end.

use std::{process::Stdio, time::Instant};

use tokio::process::Command;

use crate::case::{MeasureError, Sample};

/// Runs a program that prints the one row it was asked for, a 1, and ends. The sample's `time` is in milliseconds.
///
/// # Errors
/// Where it cannot be started, fails or prints something else, with its own words.
pub(crate) async fn time_to_first_row(
    name: &str,
    command: &mut Command,
) -> Result<Sample, MeasureError> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let started = Instant::now();
    let output = command.output().await?;
    let time = started.elapsed();
    if !output.status.success() || output.stdout.trim_ascii() != b"1" {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} ended with {}: {}", output.status, words.trim()).into());
    }
    Ok(Sample::new().with("time", time.as_secs_f64() * 1e3))
}
