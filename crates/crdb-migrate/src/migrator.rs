//! What callers use: the commands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crdb_exec::{
    AcquireOptions, Engine, Executor, ExecutorExt, PooledExecutor, Row, Session, SessionSource,
};

#[cfg(feature = "lints")]
use crdb_sql::Repository;

use crate::code::CodeMigration;
use crate::error::{Error, ErrorKind};
use crate::file::Migrations;
use crate::journal::{Journal, MigrationState};
use crate::observer::Observer;
use crate::options::Options;
use crate::plan::{self, Body, Known, Plan};
use crate::problem::{Problem, ProblemKind};
use crate::report::{Report, Status};
use crate::runner::{Code, Runner};
use crate::squash;
use crate::tables::Tables;

/// Migrates one database.
///
/// It needs a source that lends three sessions at once: for the migrations, for heartbeats, and for the journal. Sessions
/// have to be the server's own: a proxy that shares them between transactions hides which one the lease has to name.
///
/// Every method that changes something waits for the lease first, and may be called by many programs at once.
///
/// # Cancel safety
/// Dropping a future of `up`, `down`, `redo`, `repair` or `baseline` is as if the program had been killed: the lease runs
/// out, and the next runner goes on.
pub struct Migrator<S: SessionSource> {
    pub(crate) db: PooledExecutor<S>,
    pub(crate) migrations: Migrations,
    pub(crate) code: Code<S>,
    pub(crate) names: BTreeMap<i64, String>,
    pub(crate) options: Options,
    pub(crate) observer: Arc<dyn Observer>,
    #[cfg(feature = "lints")]
    pub(crate) queries: Option<Repository>,
    lent_at_once: Option<usize>,
}

/// For the migrations, for heartbeats, and for the journal.
const SESSIONS: usize = 3;

impl<S: SessionSource> fmt::Debug for Migrator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("migrations", &self.migrations.len())
            .field("code", &self.names)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Where to work: asked of the server once a call.
pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) tables: Tables,
}

impl<S: SessionSource> Migrator<S> {
    /// Migrates the database that `db` reaches.
    pub fn new(db: PooledExecutor<S>, migrations: Migrations) -> Self {
        Self {
            db,
            migrations,
            code: Code::new(),
            names: BTreeMap::new(),
            options: Options::default(),
            observer: Arc::new(()),
            #[cfg(feature = "lints")]
            queries: None,
            lent_at_once: None,
        }
    }

    /// Sets how migrations are run.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets who learns what happens. By default there is no observer.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Says how many sessions the source lends at once at most, such as the size of its pool. Where they are too few, what changes
    /// something is refused at once: it would wait for the third session while it holds the other two. By default they are enough.
    #[must_use]
    pub fn lent_at_once(mut self, most: usize) -> Self {
        self.lent_at_once = Some(most);
        self
    }

    /// Adds a migration in code, which takes its place among the files by its number.
    #[must_use]
    pub fn code(
        mut self,
        version: i64,
        name: impl Into<String>,
        migration: impl CodeMigration<S>,
    ) -> Self {
        self.code.insert(version, Arc::new(migration));
        self.names.insert(version, name.into());
        self
    }

    /// The migrations of files and code, in order.
    pub(crate) fn known(&self) -> Result<Vec<Known<'_>>, Error> {
        let mut known: Vec<Known<'_>> = self.migrations.iter().map(Known::of).collect();
        for (version, code) in &self.code {
            let name = self.names.get(version).map_or("", String::as_str);
            let squashed = known.iter().find(|one| {
                let from = one.squashes().iter().map(|squashed| squashed.from).min();
                from.is_some_and(|from| (from..one.version).contains(version))
            });
            if let Some(squashed) = squashed {
                let message =
                    format!("it stands for migration {version} too, which is `{name}` in code");
                return Err(Error::files(vec![
                    Problem::new(ProblemKind::Squashed, &squashed.file(), message).help(
                        "what code does is not in a squashed file: squash up to the number before it",
                    ),
                ]));
            }
            if let Some(file) = self.migrations.get(*version) {
                let message = format!("the number {version} is also that of `{name}` in code");
                return Err(Error::files(vec![Problem::new(
                    ProblemKind::DuplicateVersion,
                    &file.up.path,
                    message,
                )]));
            }
            known.push(Known {
                version: *version,
                name,
                up: Body::Code(code.checksum()),
                down: None,
            });
        }
        known.sort_by_key(|one| one.version);
        Ok(known)
    }

    pub(crate) async fn place(&self) -> Result<Place, Error> {
        let lease = self
            .db
            .source()
            .acquire(AcquireOptions::default())
            .await
            .map_err(|error| {
                Error::new(ErrorKind::Database, "reaching the database")
                    .because(format!("{error:?}"))
            })?;
        let engine = lease.engine();
        drop(lease);
        let tables = self.options.tables.resolve(&self.db).await?;
        Ok(Place { engine, tables })
    }

    /// The journal, with files that stand for others in their place; an empty one where there are no tables yet.
    pub(crate) async fn journal(
        &self,
        known: &[Known<'_>],
        tables: &Tables,
    ) -> Result<Journal, Error> {
        let attempted = "reading the journal";
        let database = |error| Error::database(attempted, error);
        if !tables.exist(&self.db).await.map_err(database)? {
            return Ok(Journal::default());
        }
        let mut journal = Journal::read(&self.db, tables).await.map_err(database)?;
        squash::accept(known, &mut journal)?;
        Ok(journal)
    }

    /// Applies every pending migration.
    ///
    /// # Errors
    /// [`ErrorKind::Files`], [`ErrorKind::Newer`], [`ErrorKind::Preflight`] and [`ErrorKind::PartlyUndone`] before anything
    /// runs; [`ErrorKind::Step`] when a statement failed, [`ErrorKind::Undecided`] when it was cut off and cannot be seen;
    /// [`ErrorKind::Busy`] and [`ErrorKind::LeaseLost`] because of other runners; [`ErrorKind::Refused`] where
    /// [too few sessions](Self::lent_at_once) are lent.
    pub async fn up(&self) -> Result<Report, Error> {
        self.apply(None).await
    }

    /// Applies pending migrations up to this number and with it.
    ///
    /// # Errors
    /// As [`up`](Self::up), and [`ErrorKind::Refused`] when there is no such migration.
    pub async fn up_to(&self, version: i64) -> Result<Report, Error> {
        if !self.known()?.iter().any(|one| one.version == version) {
            return Err(no_such(version));
        }
        self.apply(Some(version)).await
    }

    async fn apply(&self, to: Option<i64>) -> Result<Report, Error> {
        let known = self.known()?;
        self.change(&known, |journal, engine| {
            plan::fits(&known, journal, self.options.out_of_order)?;
            let plan = plan::up(&known, journal, engine, to)?;
            #[cfg(feature = "lints")]
            self.fits_queries(&plan)?;
            Ok(plan)
        })
        .await
    }

    /// Takes the latest migration back.
    ///
    /// # Errors
    /// As [`up`](Self::up), and [`ErrorKind::Irreversible`] when it has no down file.
    pub async fn down(&self) -> Result<Report, Error> {
        let known = self.known()?;
        self.change(&known, |journal, engine| {
            plan::fits(&known, journal, true)?;
            let applied: Vec<i64> = known
                .iter()
                .map(|one| one.version)
                .filter(|version| journal.state(*version) != MigrationState::Pending)
                .collect();
            match applied.last() {
                None => Ok(Plan::default()),
                Some(latest) => plan::down(&known, journal, engine, latest - 1),
            }
        })
        .await
    }

    /// Takes back every migration above this number, the latest first; 0 takes all of them back.
    ///
    /// # Errors
    /// As [`down`](Self::down), and [`ErrorKind::Refused`] when there is no such migration.
    pub async fn down_to(&self, version: i64) -> Result<Report, Error> {
        let known = self.known()?;
        if version != 0 && !known.iter().any(|one| one.version == version) {
            return Err(no_such(version));
        }
        self.change(&known, |journal, engine| {
            plan::fits(&known, journal, true)?;
            plan::down(&known, journal, engine, version)
        })
        .await
    }

    /// Takes the latest migration back and applies it again.
    ///
    /// # Errors
    /// As [`down`](Self::down) and [`up`](Self::up).
    pub async fn redo(&self) -> Result<Report, Error> {
        let mut report = self.down().await?;
        if let Some(version) = report.versions().last().copied() {
            report.extend(self.apply(Some(version)).await?);
        }
        Ok(report)
    }

    /// What `up` would do now, without doing it.
    ///
    /// # Errors
    /// As [`up`](Self::up) before anything runs.
    pub async fn plan(&self) -> Result<Plan, Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let journal = self.journal(&known, &place.tables).await?;
        plan::fits(&known, &journal, self.options.out_of_order)?;
        let mut plan = plan::up(&known, &journal, place.engine, None)?;
        for step in &mut plan.steps {
            if let Some(table) = step
                .class
                .table
                .as_deref()
                .filter(|_| step.rewrites || !step.risks.is_empty())
            {
                step.table_bytes = self.table_bytes(place.engine, table).await;
            }
        }
        Ok(plan)
    }

    /// The size of a table, where it is there and the server tells.
    async fn table_bytes(&self, engine: Engine, table: &str) -> Option<i64> {
        let text = match engine {
            Engine::CockroachDb => format!(
                "SELECT sum(range_size)::INT8 FROM [SHOW RANGES FROM TABLE {table} WITH DETAILS]"
            ),
            _ => format!(
                "SELECT pg_catalog.pg_total_relation_size(pg_catalog.to_regclass('{}'))",
                table.replace('\'', "''")
            ),
        };
        let row = self.db.fetch_one(text.as_str(), &[]).await.ok()?;
        row.get::<Option<i64>>(0).ok()?
    }

    /// How far every migration has come, and who is at work.
    ///
    /// # Errors
    /// [`ErrorKind::Database`].
    pub async fn status(&self) -> Result<Status, Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let journal = self.journal(&known, &place.tables).await?;
        let lease = Status::lease(&self.db, &place.tables).await?;
        Ok(Status::of(&known, &journal, lease))
    }

    /// Whether the schema is at least at this migration: for the readiness check of a service. A database that is newer
    /// than the program passes, so that a program can go back without its schema.
    ///
    /// # Errors
    /// [`ErrorKind::Older`] when a migration up to this number has not been applied.
    pub async fn check_at_least(&self, version: i64) -> Result<(), Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let journal = self.journal(&known, &place.tables).await?;
        let pending: Vec<String> = known
            .iter()
            .filter(|one| one.version <= version)
            .filter(|one| journal.state(one.version) != MigrationState::Applied)
            .map(|one| format!("{} ({})", one.version, one.name))
            .collect();
        let reached = journal.latest().is_some_and(|latest| latest >= version);
        if reached && pending.is_empty() {
            return Ok(());
        }
        let missing = if pending.is_empty() {
            format!("{version}")
        } else {
            pending.join(", ")
        };
        Err(Error::new(
            ErrorKind::Older,
            format!(
                "the database is older than migration {version}: {missing} has not been applied"
            ),
        )
        .remedy("run `up` with a program that has it"))
    }

    /// Plans, and where there is something to do, takes the lease, plans again and runs.
    pub(crate) async fn change(
        &self,
        known: &[Known<'_>],
        plan: impl Fn(&Journal, Engine) -> Result<Plan, Error>,
    ) -> Result<Report, Error> {
        let place = self.place().await?;
        let journal = self.journal(known, &place.tables).await?;
        let first = plan(&journal, place.engine)?;
        if first.is_empty() {
            return Ok(Report::default());
        }
        self.preflight(&place).await?;
        self.may_alter(&place, &first).await?;
        let mut runner = self.runner(&place).await?;
        let result = async {
            let mut journal = runner.journal().await?;
            squash::accept(known, &mut journal)?;
            let plan = plan(&journal, place.engine)?;
            runner.run(&plan).await?;
            Ok(Report::of(&plan))
        }
        .await;
        runner.end_with(result).await
    }

    /// Waits for the lease.
    pub(crate) async fn runner<'a>(&'a self, place: &'a Place) -> Result<Runner<'a, S>, Error> {
        if let Some(most) = self.lent_at_once.filter(|most| *most < SESSIONS) {
            let message = format!(
                "migrations need {SESSIONS} sessions at once, and the pool lends {most} at most"
            );
            return Err(Error::new(ErrorKind::Refused, message)
                .remedy("raise pool.max_size for what migrates"));
        }
        place.tables.create(&self.db).await?;
        Runner::start(
            &self.db,
            place.engine,
            &place.tables,
            &self.options,
            &*self.observer,
            &self.code,
        )
        .await
    }

    /// Refuses a plan that alters a table of another owner, before anything is changed (PostgreSQL, where only owners alter).
    async fn may_alter(&self, place: &Place, plan: &Plan) -> Result<(), Error> {
        if place.engine == Engine::CockroachDb {
            return Ok(());
        }
        let mut asked = BTreeSet::new();
        for step in plan.steps() {
            // A name that its file looks up elsewhere cannot be asked about here.
            let Some(table) = step
                .class
                .table
                .as_deref()
                .filter(|_| step.settings.is_empty())
            else {
                continue;
            };
            if !asked.insert(table) {
                continue;
            }
            let attempted = format!("asking who owns {table}");
            let text = "SELECT pg_catalog.pg_get_userbyid(relowner)::TEXT FROM pg_catalog.pg_class \
                        WHERE oid = pg_catalog.to_regclass($1::TEXT) AND NOT pg_catalog.pg_has_role(relowner, 'USAGE')";
            let owner = async {
                let row = self.db.fetch_optional(text, &[&table]).await?;
                row.map(|row| row.get::<String>(0)).transpose()
            };
            let owner = owner
                .await
                .map_err(|error| Error::database(&attempted, error))?;
            if let Some(owner) = owner {
                let message = format!(
                    "{}: the table {table} belongs to `{owner}`, and only its owner may alter it",
                    step.place()
                );
                return Err(Error::new(ErrorKind::Preflight, message)
                    .remedy("run as its owner, or as a member of that role"));
            }
        }
        Ok(())
    }

    /// Refuses a database that cannot be changed, before anything is.
    async fn preflight(&self, place: &Place) -> Result<(), Error> {
        let attempted = "asking whether the database can be changed";
        let read_only = ask(&self.db, "SHOW transaction_read_only", attempted).await?;
        if read_only == "on" {
            return Err(Error::new(
                ErrorKind::Preflight,
                "the session may only read: it is on a standby, or `default_transaction_read_only` is on",
            )
            .remedy("connect to the primary, or turn the setting off for the runner's user"));
        }
        let text = "SELECT has_schema_privilege($1::TEXT, 'CREATE')::TEXT";
        let may = async {
            let row = self.db.fetch_one(text, &[&place.tables.schema]).await?;
            row.get::<String>(0)
        };
        let may = may
            .await
            .map_err(|error| Error::database(attempted, error))?;
        if may.starts_with('t') {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Preflight,
            format!(
                "the runner's user may not create anything in the schema `{}`",
                place.tables.schema
            ),
        )
        .remedy("grant CREATE on the schema, or run as another user"))
    }
}

async fn ask(db: &impl Executor, text: &str, attempted: &str) -> Result<String, Error> {
    let answer = async { db.fetch_one(text, &[]).await?.get(0) };
    answer
        .await
        .map_err(|error| Error::database(attempted, error))
}

pub(crate) fn no_such(version: i64) -> Error {
    Error::new(
        ErrorKind::Refused,
        format!("there is no migration {version}"),
    )
    .remedy("`status` lists them")
}
