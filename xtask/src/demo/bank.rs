//! The example bank in a database: its tables, its sample data, and what there is to see in it.

use anyhow::{Context as _, Result};
use comfy_table::Table;
use crdb_exec::{ExecutorExt as _, Row as _};
use crdb_facade::Database;
use crdb_sql::token::tokenize;
use indicatif::ProgressBar;
use rust_decimal::Decimal;

use crate::table::table;

/// The statements of a script, each by itself: CockroachDB wants data definitions outside of a common transaction.
pub(crate) fn statements(script: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    for token in tokenize(script) {
        if token.is_symbol(script, ";") {
            statements.push(String::new());
        } else if let Some(statement) = statements.last_mut()
            && !(statement.is_empty() && token.kind.is_trivia())
        {
            statement.push_str(token.text(script));
        }
    }
    statements.retain(|statement| !statement.is_empty());
    statements
}

/// Runs a script's statements one by one.
///
/// # Errors
/// The first that the server refuses.
pub(crate) async fn run_script(database: &Database, script: &str, bar: &ProgressBar) -> Result<()> {
    let statements = statements(script);
    bar.set_length(statements.len() as u64);
    for statement in &statements {
        let head = statement.lines().next().unwrap_or_default();
        database
            .execute(statement.as_str(), &[])
            .await
            .with_context(|| format!("running {head}"))?;
        bar.inc(1);
    }
    Ok(())
}

/// The money in all accounts, and how many transfers are on record.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn books(database: &Database) -> Result<(Decimal, i64)> {
    let total: Decimal = database
        .query("accounts.total")
        .fetch_one()
        .await?
        .get("total")?;
    let transfers = database
        .fetch_one("SELECT count(*) FROM transfers", &[])
        .await?
        .get(0)?;
    Ok((total, transfers))
}

/// `reports.balances_by_country`.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn balances_by_country(database: &Database) -> Result<Table> {
    let mut rows = Vec::new();
    for row in database
        .query("reports.balances_by_country")
        .fetch_all()
        .await?
    {
        rows.push([
            row.get::<String>("country")?,
            row.get::<i64>("customers")?.to_string(),
            row.get::<i64>("accounts")?.to_string(),
            row.get::<Decimal>("total")?.to_string(),
        ]);
    }
    Ok(table(["country", "customers", "accounts", "total"], rows))
}

/// `customers.by_country`, the first few.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn customers_of(database: &Database, country: &str) -> Result<Table> {
    let mut rows = Vec::new();
    let found = database
        .query("customers.by_country")
        .bind("country", &country)
        .fetch_all()
        .await?;
    for row in found.iter().take(5) {
        rows.push([row.get::<String>("name")?, row.get::<String>("email")?]);
    }
    rows.push([
        format!("and {} more", found.len().saturating_sub(5)),
        String::new(),
    ]);
    Ok(table(["name", "email"], rows))
}

/// `reports.busiest_accounts`.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn busiest_accounts(database: &Database) -> Result<Table> {
    let mut rows = Vec::new();
    for row in database
        .query("reports.busiest_accounts")
        .bind("count", &5_i64)
        .fetch_all()
        .await?
    {
        rows.push([
            row.get::<String>("number")?,
            row.get::<String>("name")?,
            row.get::<i64>("transfers")?.to_string(),
            row.get::<Decimal>("moved")?.to_string(),
        ]);
    }
    Ok(table(["account", "customer", "transfers", "moved"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_in_a_string_or_a_comment_ends_nothing() {
        let script = "-- one; two\nSELECT ';' AS a;\n\nSELECT 2 /* ; */ ;\n-- the end\n";
        assert_eq!(statements(script), ["SELECT ';' AS a", "SELECT 2 /* ; */ "]);
    }

    #[test]
    fn the_banks_own_scripts_fall_into_statements() {
        assert_eq!(statements(crdb_example_bank::SCHEMA).len(), 7);
        assert_eq!(statements(crdb_example_bank::SAMPLE_DATA).len(), 3);
    }
}
