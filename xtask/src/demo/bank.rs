//! The example bank in a database: its tables, its sample data, and what there is to see in it.

use anyhow::Result;
use comfy_table::Table;
use crdb_exec::Row as _;
use crdb_facade::Database;
use rust_decimal::Decimal;

use crdb_cli::table;

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
        .bind("country", country)
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
        .bind("count", 5_i64)
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
