//! Trying migrations before they are run.

use crdb_exec::{
    Engine, Error as ExecError, ExecutorExt, PooledExecutor, RetrySafety, SessionSource, Statement,
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

/// What scratch databases are called, and 16 hexadecimal digits.
const PREFIX: &str = "crdb_migrate_scratch_";

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
    /// A future that is dropped leaves the scratch database, whose name begins with `crdb_migrate_scratch_`.
    pub async fn rehearse_in_own<T: SessionSource>(
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
        let name = match self.create_scratch().await {
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
    /// As [`rehearse_in_own`](Self::rehearse_in_own).
    pub async fn verify_in_own<T: SessionSource>(
        &self,
        open: impl AsyncFnOnce(String) -> Result<PooledExecutor<T>, CodeError>,
    ) -> Result<Drift, Error> {
        let place = self.place().await?;
        let name = self.create_scratch().await.map_err(|error| {
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
    async fn create_scratch(&self) -> Result<String, ExecError> {
        let name = format!("{PREFIX}{:016x}", rand::random::<u64>());
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

fn is_template_in_use(error: &ExecError) -> bool {
    error
        .sqlstate()
        .is_some_and(|state| state.as_str() == "55006")
}
