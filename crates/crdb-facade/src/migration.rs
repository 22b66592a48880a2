//! Migrations of the database's schema.

use crdb_migrate::{Error, ErrorKind, Migrations, Migrator, Report};

use crate::database::Database;
use crate::source::Source;

impl Database {
    /// Applies every pending migration: for the start of a service. Many replicas may do so at once; one of them works, the
    /// others wait, and each migration takes effect once.
    ///
    /// A schema that is newer than these migrations, and has all of them, is left as it is, with a WARN: so a program can be taken back
    /// without its schema. [`Migrator::up`] refuses it.
    ///
    /// It needs three of the pool's sessions at a time, and refuses a pool that has fewer.
    ///
    /// ```no_run
    /// use crdb_facade::Database;
    /// use crdb_facade::migrate::Migrations;
    ///
    /// # async fn example(db: &Database) -> Result<(), crdb_facade::migrate::Error> {
    /// let migrations = Migrations::from_embedded(&[
    ///     ("0001_accounts.up.sql", "CREATE TABLE accounts (id UUID PRIMARY KEY)"),
    /// ])?;
    /// db.migrate(migrations.clone()).await?;
    /// // For a readiness check; it passes on a newer database too.
    /// db.migrator(migrations).check_at_least(1).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// It does not try them on a scratch database first, which `crdb migrate up` does where it may: a service at its start has neither the right nor the
    /// time. One that has both calls [`Migrator::rehearse_in_scratch`] before it.
    ///
    /// # Errors
    /// As [`Migrator::up`], but for a newer schema that has all of these migrations.
    ///
    /// # Cancel safety
    /// As if the program had been killed: the next runner goes on.
    pub async fn migrate(&self, migrations: Migrations) -> Result<Report, Error> {
        let latest = migrations.latest();
        let migrator = self.migrator(migrations);
        match (migrator.up().await, latest) {
            (Err(error), Some(latest)) if error.kind() == ErrorKind::Newer => {
                migrator.check_at_least(latest).await?;
                tracing::warn!(target: crate::TARGET, %error, "the schema is left as it is");
                Ok(Report::default())
            }
            (result, _) => result,
        }
    }

    /// The migrator of this database, for everything beside [`migrate`](Self::migrate). Its observer is what `observe` asks for; another one
    /// takes its place.
    #[must_use]
    pub fn migrator(&self, migrations: Migrations) -> Migrator<Source> {
        let sessions = usize::try_from(self.pool_status().max_size).unwrap_or(usize::MAX);
        Migrator::new(self.executor().clone(), migrations)
            .lent_at_once(sessions)
            .observer(self.migrate_observer())
    }
}
