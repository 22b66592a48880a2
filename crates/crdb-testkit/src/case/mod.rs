//! One test on a database of its own: what `#[crdb_testkit::test]` runs.

mod argument;
mod files;
mod outcome;

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;

pub use self::argument::FromDatabase;
pub use self::outcome::TestOutcome;

use self::files::{Script, directory};
use crate::engine::{Database, Engine, EngineKind};
use crate::error::{Error, ErrorKind};
use crate::quirks::{QuirksOptions, QuirksProxy};

/// The directory whose files are run when a test names none.
const DEFAULT_MIGRATIONS: &str = "sql/migrations";

/// Runs one test function on a database of its own. `#[crdb_testkit::test]` writes the calls; use it by hand where a test
/// framework of your own runs the tests.
///
/// ```no_run
/// use crdb_testkit::{Database, TestCase};
///
/// TestCase::new(env!("CARGO_MANIFEST_DIR"))
///     .migrations("sql/migrations")
///     .run(async |database: Database| println!("{}", database.url()));
/// ```
#[must_use = "nothing runs until run"]
pub struct TestCase {
    package: PathBuf,
    migrations: Migrations,
    fixtures: Vec<PathBuf>,
    imitated: Option<String>,
}

/// What makes the tables.
enum Migrations {
    /// The files of [`DEFAULT_MIGRATIONS`], if that exists.
    Default,
    /// The files of this directory.
    Directory(PathBuf),
    /// Code of the user's.
    Function(Migrate),
}

type Migrate = Box<dyn for<'a> FnOnce(&'a Database) -> Migrating<'a>>;
type Migrating<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

impl TestCase {
    /// A test of the package in this directory, from where relative paths count.
    pub fn new(package: impl Into<PathBuf>) -> Self {
        Self {
            package: package.into(),
            migrations: Migrations::Default,
            fixtures: Vec::new(),
            imitated: None,
        }
    }

    /// Sets the directory whose SQL files are run before the test, in the order of their numbers. Default:
    /// `sql/migrations`, if it exists.
    pub fn migrations(mut self, directory: impl Into<PathBuf>) -> Self {
        self.migrations = Migrations::Directory(directory.into());
        self
    }

    /// Sets a function that makes the tables, instead of a directory: a migration tool's own.
    pub fn migrate_with<E: fmt::Display>(
        mut self,
        migrate: impl AsyncFnOnce(&Database) -> Result<(), E> + 'static,
    ) -> Self {
        self.migrations = Migrations::Function(Box::new(|database| {
            Box::pin(async move {
                let migrated = migrate(database).await;
                migrated.map_err(|error| error.to_string())
            })
        }));
        self
    }

    /// Adds an SQL file that is run after the migrations.
    pub fn fixture(mut self, file: impl Into<PathBuf>) -> Self {
        self.fixtures.push(file.into());
        self
    }

    /// Lets a [`QuirksProxy`] answer as this release of CockroachDB (`v25.2`) where the engine is PostgreSQL. An engine that is
    /// CockroachDB is used as it is.
    pub fn imitating(mut self, release: impl Into<String>) -> Self {
        self.imitated = Some(release.into());
        self
    }

    /// Makes a database on the [shared engine](Engine::shared), runs the SQL files, then `test`, on a Tokio runtime of the
    /// test's own. A database whose test succeeded is dropped; the other is kept as long as its server.
    ///
    /// # Panics
    /// With a message that starts with `did not run: ` when no engine can be had; with the file, the line and the server's
    /// answer when an SQL file fails; and as `test` does.
    pub fn run<T: TestOutcome>(self, test: impl AsyncFnOnce(Database) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(source) => Error::new(ErrorKind::Start, "no Tokio runtime for the test")
                .with_source(source)
                .end_test(),
        };
        runtime.block_on(async {
            let prepared = match self.prepare().await {
                Ok(prepared) => prepared,
                Err(error) => error.end_test(),
            };
            let kept = Kept(&prepared);
            let outcome = test(prepared.database.clone()).await;
            if outcome.is_success() {
                std::mem::forget(kept);
                prepared.drop_database().await;
            }
            outcome
        })
    }

    async fn prepare(self) -> Result<Prepared, Error> {
        let (migrations, fixtures) = self.scripts()?;
        let engine = match Engine::try_shared().await {
            Ok(engine) => engine,
            Err(error) => error.end_test(),
        };
        let proxy = match &self.imitated {
            Some(release) if engine.kind() == EngineKind::PostgreSql => {
                let options = QuirksOptions::default().version(release.parse()?);
                Some(QuirksProxy::start(engine, options).await?)
            }
            _ => None,
        };
        let database = engine.try_create_database().await?;
        let port = proxy.as_ref().map_or(engine.port(), QuirksProxy::port);
        let prepared = Prepared {
            database: engine.database_at(port, database.name()),
            engine,
            proxy,
        };
        let target = engine.administrator_at(port, database.name());
        for script in &migrations {
            script.run(&target).await?;
        }
        if let Migrations::Function(migrate) = self.migrations {
            let migrated = migrate(&prepared.database).await;
            migrated.map_err(|error| {
                Error::new(ErrorKind::Database, "the migrations failed").with_source(error)
            })?;
        }
        for script in &fixtures {
            script.run(&target).await?;
        }
        Ok(prepared)
    }

    /// The files of the migrations and the fixtures, in order.
    fn scripts(&self) -> Result<(Vec<Script>, Vec<Script>), Error> {
        let default = self.package.join(DEFAULT_MIGRATIONS);
        let migrations = match &self.migrations {
            Migrations::Directory(migrations) => directory(&self.package.join(migrations))?,
            Migrations::Default if default.is_dir() => directory(&default)?,
            Migrations::Default | Migrations::Function(_) => Vec::new(),
        };
        let fixtures = self.fixtures.iter();
        let fixtures = fixtures.map(|file| Script::read(&self.package.join(file)));
        Ok((migrations, fixtures.collect::<Result<_, _>>()?))
    }
}

impl fmt::Debug for TestCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestCase")
            .field("package", &self.package)
            .field("fixtures", &self.fixtures)
            .finish_non_exhaustive()
    }
}

/// A database that is ready for its test.
struct Prepared {
    database: Database,
    engine: &'static Engine,
    /// Stands in front of the engine until the test is over.
    proxy: Option<QuirksProxy>,
}

impl Prepared {
    async fn drop_database(self) {
        drop(self.proxy);
        // The test has succeeded: that its database stays behind is not its fault.
        if let Err(error) = self.engine.drop_database(&self.database).await {
            tracing::warn!(%error, database = self.database.name(), "the database of a test was not dropped");
        }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Says where a failed test's database is, if its server outlives the test.
struct Kept<'a>(&'a Prepared);

impl Drop for Kept<'_> {
    #[allow(
        clippy::print_stderr,
        reason = "it belongs to the output of the failed test"
    )]
    fn drop(&mut self) {
        if self.0.engine.is_external() {
            eprintln!(
                "the database {} of this test is kept at {}:{}",
                self.0.database.name(),
                self.0.engine.host(),
                self.0.engine.port()
            );
        }
    }
}
