//! SQL scripts, run statement by statement.

use anyhow::{Context as _, Result};
use crdb_facade::Database;
use crdb_sql::dialect::split_statements;

/// Runs a script's statements one by one: CockroachDB wants data definitions outside of a common transaction. Tells `progress`
/// after each how many are done, and of how many.
///
/// # Errors
/// The first that the server refuses.
pub(crate) async fn run(
    database: &Database,
    script: &str,
    mut progress: impl FnMut(usize, usize),
) -> Result<()> {
    let statements = split_statements(script);
    let count = statements.len();
    for (done, statement) in statements.into_iter().enumerate() {
        let (line, text) = (statement.line, statement.text);
        let head = text.lines().next().unwrap_or_default();
        database
            .execute(text, &[])
            .await
            .with_context(|| format!("line {line}: running {head}"))?;
        progress(done + 1, count);
    }
    Ok(())
}
