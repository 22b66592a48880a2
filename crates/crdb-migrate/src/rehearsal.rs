//! Trying migrations before they are run.

use crdb_exec::{
    Engine, Error as ExecError, ExecutorExt, PooledExecutor, RetrySafety, Row, SessionSource,
    Statement,
};

use crate::code::CodeError;
use crate::drift::Drift;
use crate::error::{Error, ErrorKind};
use crate::migrator::Migrator;
use crate::plan;
use crate::tables::quoted;

/// What became of trying the pending migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Rehearsal {
    /// All files ran on a scratch database.
    Passed,
    /// There is nothing that would run.
    NothingPending,
    /// No scratch database may be made: why.
    NotPossible(String),
}

/// What scratch databases are called: this, eight hexadecimal digits for the second in which it was made, and eight at random.
const PREFIX: &str = "crdb_migrate_scratch_";

/// How old a scratch database is that its owner has left, in seconds. CockroachDB drops one that is in use: nothing that is tried takes a day.
/// PostgreSQL refuses to, so that this has to cover the moments before the first session and between two.
fn left_after(engine: Engine) -> i64 {
    match engine {
        Engine::CockroachDb => 24 * 60 * 60,
        _ => 60 * 60,
    }
}

impl<S: SessionSource> Migrator<S> {
    /// Tries every pending migration on a scratch database: all files are applied to it from the first on. What fails there is
    /// told before it fails on the real one. Migrations in code are left out: there are no rows for them.
    ///
    /// `scratch` reaches an empty database on a server of the same version. It is left as the files make it.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn rehearse<T: SessionSource>(
        &self,
        scratch: &PooledExecutor<T>,
    ) -> Result<(), Error> {
        let rehearsal =
            Migrator::new(scratch.clone(), self.migrations.clone()).options(self.options.clone());
        let there = rehearsal.place().await?;
        rehearsal.refuse_full(&there.tables).await?;
        rehearsal.up().await.map(drop)
    }

    /// As [`rehearse`](Self::rehearse), on a scratch database that is made for it on the same server and dropped afterwards. Where the
    /// user may not make one, nothing is tried, and nothing fails.
    ///
    /// `open` reaches the database of the name that it is given.
    ///
    /// # Errors
    /// As [`rehearse`](Self::rehearse); [`ErrorKind::Database`] when the scratch database cannot be reached or dropped.
    ///
    /// # Cancel safety
    /// A future that is dropped leaves the scratch database, whose name begins with `crdb_migrate_scratch_`, as a program that is killed does.
    /// The next one is made after it was dropped: after an hour on PostgreSQL, after a day on CockroachDB, and where the user may.
    pub async fn rehearse_in_scratch<T: SessionSource>(
        &self,
        open: impl AsyncFnOnce(String) -> Result<PooledExecutor<T>, CodeError>,
    ) -> Result<Rehearsal, Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let journal = self.journal(&known, &place.tables).await?;
        plan::fits(&known, &journal, self.options.out_of_order)?;
        if plan::up(&known, &journal, place.engine, None)?.is_empty() {
            return Ok(Rehearsal::NothingPending);
        }
        let name = match self.create_scratch(place.engine).await {
            Ok(name) => name,
            Err(error) => return Ok(Rehearsal::NotPossible(error.to_string())),
        };
        let work = async |scratch: &PooledExecutor<T>| self.rehearse(scratch).await;
        self.in_scratch(place.engine, name, open, work).await?;
        Ok(Rehearsal::Passed)
    }

    /// As [`verify`](Self::verify), on a scratch database that is made for it on the same server and dropped afterwards.
    ///
    /// `open` reaches the database of the name that it is given.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); [`ErrorKind::Preflight`] when no scratch database may be made, [`ErrorKind::Database`] when it
    /// cannot be reached or dropped.
    ///
    /// # Cancel safety
    /// As [`rehearse_in_scratch`](Self::rehearse_in_scratch).
    pub async fn verify_in_scratch<T: SessionSource>(
        &self,
        open: impl AsyncFnOnce(String) -> Result<PooledExecutor<T>, CodeError>,
    ) -> Result<Drift, Error> {
        let place = self.place().await?;
        let name = self.create_scratch(place.engine).await.map_err(|error| {
            Error::new(ErrorKind::Preflight, "creating a scratch database")
                .because(error)
                .remedy("grant the user CREATEDB, or name an empty database")
        })?;
        let work = async |scratch: &PooledExecutor<T>| self.verify(scratch).await;
        self.in_scratch(place.engine, name, open, work).await
    }

    /// Works on a scratch database, and drops it.
    async fn in_scratch<T: SessionSource, R>(
        &self,
        engine: Engine,
        name: String,
        open: impl AsyncFnOnce(String) -> Result<PooledExecutor<T>, CodeError>,
        work: impl AsyncFnOnce(&PooledExecutor<T>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let done = match open(name.clone()).await {
            Ok(scratch) => work(&scratch).await,
            Err(error) => {
                let attempted = format!("opening the scratch database {name}");
                Err(Error::new(ErrorKind::Database, attempted).because(error))
            }
        };
        let dropped = self.drop_scratch(engine, &name).await;
        let done = done?;
        dropped.map_err(|error| {
            Error::database(&format!("dropping the scratch database {name}"), error)
        })?;
        Ok(done)
    }

    /// Creates an empty database, and gives its name.
    async fn create_scratch(&self, engine: Engine) -> Result<String, ExecError> {
        let now = "SELECT floor(extract(epoch FROM now()))::INT8";
        let now: i64 = self.db.fetch_one(now, &[]).await?.get(0)?;
        self.drop_left(engine, now).await;
        let name = format!("{PREFIX}{now:08x}{:08x}", rand::random::<u32>());
        let text = format!("CREATE DATABASE {}", quoted(&name));
        let mut attempt = 1;
        loop {
            let created = self.db.execute(text.as_str(), &[]).await;
            match created {
                // PostgreSQL: another session makes one from the same template at this moment.
                Err(error) if attempt < 5 && is_template_in_use(&error) => {
                    let pause = std::time::Duration::from_millis(100 * attempt);
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
                created => return created.map(|_| name),
            }
        }
    }

    /// Drops the scratch databases of owners that were killed. What cannot be dropped now is left to the next.
    async fn drop_left(&self, engine: Engine, now: i64) {
        let text = format!(
            "SELECT datname::TEXT FROM pg_catalog.pg_database WHERE datname LIKE '{}%' AND datname <> current_database()",
            PREFIX.replace('_', "\\_")
        );
        let Ok(rows) = self.db.fetch_all(text.as_str(), &[]).await else {
            return;
        };
        // Without FORCE: PostgreSQL refuses to drop one that is in use.
        let how = match engine {
            Engine::CockroachDb => " CASCADE",
            _ => "",
        };
        for row in rows {
            let Ok(name) = row.get::<String>(0) else {
                continue;
            };
            let is_left = made_at(&name).is_some_and(|made| now - made > left_after(engine));
            if is_left {
                let text = format!("DROP DATABASE IF EXISTS {}{how}", quoted(&name));
                let statement = Statement::new(&text).retry(RetrySafety::Safe);
                drop(self.db.execute(statement, &[]).await);
            }
        }
    }

    async fn drop_scratch(&self, engine: Engine, name: &str) -> Result<(), ExecError> {
        let how = match engine {
            Engine::CockroachDb => "CASCADE",
            // Sessions that are still being closed do not keep it.
            _ => "WITH (FORCE)",
        };
        let text = format!("DROP DATABASE IF EXISTS {} {how}", quoted(name));
        let statement = Statement::new(&text).retry(RetrySafety::Safe);
        self.db.execute(statement, &[]).await.map(drop)
    }
}

/// The second in which the scratch database of this name was made, by the server's clock.
fn made_at(name: &str) -> Option<i64> {
    let ours = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = name
        .strip_prefix(PREFIX)
        .filter(|rest| rest.len() == 16 && rest.bytes().all(ours))?;
    i64::from_str_radix(digits.get(..8)?, 16).ok()
}

fn is_template_in_use(error: &ExecError) -> bool {
    error
        .sqlstate()
        .is_some_and(|state| state.as_str() == "55006")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_it_was_made() {
        assert_eq!(
            made_at("crdb_migrate_scratch_692a5f0000000001"),
            Some(0x692a_5f00)
        );
        for other in [
            "crdb_migrate_scratch_",
            "crdb_migrate_scratch_of_mine",
            "crdb_migrate_scratch_zzzzzzzz00000001",
            "crdb_migrate_scratch_692a5f00000000010",
            "crdb_migrate_scratch_20250101_example",
            "crdb_migrate_scratch_-000000100000001",
            "crdb_migrate_scratch_692A5F0000000001",
            "bank",
        ] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
