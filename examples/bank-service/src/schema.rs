//! How far the schema is, and what would be done to it, for an operator who has the image alone.

use std::fmt::Write as _;

use crdb_facade::Database;
use crdb_facade::migrate::{Error, Migrations};

/// Each migration with its state, and the runner that is at work.
///
/// # Errors
/// When the database cannot be asked.
pub async fn status(db: &Database, migrations: Migrations) -> Result<String, Error> {
    let status = db.migrator(migrations).status().await?;
    let mut text = String::new();
    for one in &status.migrations {
        let known = if one.is_known {
            ""
        } else {
            ", not known to this program"
        };
        let error = one.error.as_deref().map(|error| format!(": {error}"));
        let error = error.unwrap_or_default();
        // Writing into a String does not fail.
        let _ = writeln!(
            text,
            "{} {}: {}{known}{error}",
            one.version,
            one.name,
            one.state.as_str()
        );
    }
    let runner = status.runner.as_deref().unwrap_or("none");
    let _ = writeln!(text, "runner: {runner}");
    Ok(text)
}

/// Each statement that `migrate` would run, how it would run, and what is risky about it.
///
/// # Errors
/// When the database cannot be asked, or does not fit the files.
pub async fn plan(db: &Database, migrations: Migrations) -> Result<String, Error> {
    let plan = db.migrator(migrations).plan().await?;
    let mut text = String::new();
    for step in plan.steps() {
        let head = step.text().lines().next().unwrap_or_default();
        // Writing into a String does not fail.
        let _ = writeln!(
            text,
            "{} {} ({}): {head}",
            step.version(),
            step.name(),
            step.execution().as_str()
        );
        for risk in step.risks() {
            let _ = writeln!(text, "  risk: {}", risk.text);
        }
    }
    if plan.is_empty() {
        text.push_str("nothing to do\n");
    }
    Ok(text)
}
