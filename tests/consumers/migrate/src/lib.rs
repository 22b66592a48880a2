//! A service that migrates its own database.

use crdb_exec::{PooledExecutor, SessionSource};
use crdb_migrate::{Error, Migrations, Migrator, Observer, StepEvent};
use std::sync::Arc;

struct Log;

impl Observer for Log {
    fn step_begins(&self, event: &StepEvent<'_>) {
        println!("{} {}: {}", event.version, event.name, event.text);
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// As the migrator.
pub async fn migrate<S: SessionSource>(db: PooledExecutor<S>) -> Result<Vec<i64>, Error> {
    let migrations = Migrations::from_embedded(&[(
        "0001_accounts.up.sql",
        "CREATE TABLE accounts (id UUID PRIMARY KEY)",
    )])?;
    let migrator = Migrator::new(db, migrations).observer(Arc::new(Log));
    Ok(migrator.up().await?.versions())
}
