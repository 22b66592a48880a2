//! What became of the targets, for people and for machines.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::campaign::Outcome;
use crdb_cli::table;

/// A table, and behind it each failure with the command that repeats it.
pub(super) fn print(outcomes: &[Outcome]) {
    let rows = outcomes
        .iter()
        .map(|outcome| {
            [
                outcome.target.to_string(),
                outcome.runs.to_string(),
                format!("{:.0}", outcome.took.as_secs_f64()),
                format!("{:.0}", outcome.runs_per_second()),
                outcome.peak_memory.to_string(),
                outcome
                    .failure
                    .as_ref()
                    .map_or_else(|| "ok".to_owned(), |failure| failure.what.clone()),
            ]
        })
        .collect();
    println!(
        "{}",
        table(
            ["target", "runs", "s", "runs/s", "MiB at most", "verdict"],
            rows
        )
    );
    for outcome in outcomes {
        let Some(failure) = &outcome.failure else {
            continue;
        };
        println!("\n{} failed: {}", outcome.target, failure.what);
        for line in &failure.last_words {
            println!("  {line}");
        }
        if let Some(input) = &failure.input {
            println!(
                "  again: cargo xtask fuzz {} --input {input}",
                outcome.target
            );
        }
    }
}

/// One JSON object a line, one line a target.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write_json(outcomes: &[Outcome], file: &Path) -> Result<()> {
    let mut text = String::new();
    for outcome in outcomes {
        let object = json!({
            "crate": outcome.target.package,
            "target": outcome.target.name,
            "runs": outcome.runs,
            "seconds": outcome.took.as_secs_f64(),
            "runs_per_second": outcome.runs_per_second(),
            "peak_memory_mib": outcome.peak_memory,
            "failure": outcome.failure.as_ref().map(|failure| &failure.what),
            "input": outcome.failure.as_ref().and_then(|failure| failure.input.as_ref()),
        });
        text.push_str(&format!("{object}\n"));
    }
    fs::write(file, text).with_context(|| format!("{} could not be written", file.display()))
}
