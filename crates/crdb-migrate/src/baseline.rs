//! Taking over a database that another tool has migrated.

use crdb_exec::{Error as ExecError, Executor, ExecutorExt, Row, SessionSource};

use crate::error::{Error, ErrorKind};
use crate::file::Direction;
use crate::journal::MigrationState;
use crate::lease::Write;
use crate::migrator::{Migrator, no_such};
use crate::plan::Known;
use crate::report::{Migrated, Report};
use crate::runner::number;
use crate::squash;

/// A tool whose table can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Tool {
    /// sqlx: `_sqlx_migrations`.
    Sqlx,
    /// golang-migrate: `schema_migrations`, which has the latest number only.
    GolangMigrate,
    /// Flyway: `flyway_schema_history`.
    Flyway,
    /// Liquibase: `databasechangelog`, which has names and no numbers.
    Liquibase,
    /// refinery: `refinery_schema_history`.
    Refinery,
}

impl Tool {
    const ALL: [Self; 5] = [
        Self::Sqlx,
        Self::GolangMigrate,
        Self::Flyway,
        Self::Liquibase,
        Self::Refinery,
    ];

    /// Its name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::GolangMigrate => "golang-migrate",
            Self::Flyway => "flyway",
            Self::Liquibase => "liquibase",
            Self::Refinery => "refinery",
        }
    }

    /// Its table, and a column that no other tool's table of that name has.
    const fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlx => ("_sqlx_migrations", "success"),
            Self::GolangMigrate => ("schema_migrations", "dirty"),
            Self::Flyway => ("flyway_schema_history", "installed_rank"),
            Self::Liquibase => ("databasechangelog", "orderexecuted"),
            Self::Refinery => ("refinery_schema_history", "applied_on"),
        }
    }

    /// Number (as text), name, and whether it succeeded, in the order in which they ran.
    const fn query(self) -> &'static str {
        match self {
            Self::Sqlx => {
                "SELECT version::TEXT, description::TEXT, success FROM _sqlx_migrations ORDER BY version"
            }
            Self::GolangMigrate => {
                "SELECT version::TEXT, ''::TEXT, NOT dirty FROM schema_migrations ORDER BY version"
            }
            // A version can have several rows, of which the latest counts: it was undone, marked as deleted, or failed before.
            Self::Flyway => {
                "SELECT version::TEXT, description::TEXT, success FROM flyway_schema_history AS row \
                 WHERE version IS NOT NULL AND type NOT LIKE 'UNDO%' AND type <> 'DELETE' AND NOT EXISTS \
                 (SELECT 1 FROM flyway_schema_history AS later WHERE later.version = row.version \
                 AND later.installed_rank > row.installed_rank) ORDER BY installed_rank"
            }
            Self::Liquibase => {
                "SELECT NULL::TEXT, (filename || '::' || id || '::' || author)::TEXT, exectype <> 'FAILED' \
                 FROM databasechangelog ORDER BY orderexecuted"
            }
            Self::Refinery => {
                "SELECT version::TEXT, name::TEXT, true FROM refinery_schema_history ORDER BY version"
            }
        }
    }
}

/// What another tool says that it has run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Foreign {
    /// The tool.
    pub tool: Tool,
    /// Its migrations, in the order in which they ran.
    pub migrations: Vec<ForeignMigration>,
}

/// A migration of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ForeignMigration {
    /// Its number as the tool writes it; `None` where the tool has none.
    pub version: Option<String>,
    /// Its name; empty where the tool keeps none.
    pub name: String,
    /// Whether it succeeded.
    pub succeeded: bool,
}

impl<S: SessionSource> Migrator<S> {
    /// What other tools have run in this database, by their own tables. Nothing is changed.
    ///
    /// # Errors
    /// [`ErrorKind::Database`].
    pub async fn foreign(&self) -> Result<Vec<Foreign>, Error> {
        let database = |error| Error::database("reading the tables of other tools", error);
        let mut found = Vec::new();
        for tool in Tool::ALL {
            if let Some(foreign) = read(&self.db, tool).await.map_err(database)? {
                found.push(foreign);
            }
        }
        Ok(found)
    }

    /// Takes over a database whose schema another tool, or nothing at all, has made: notes migrations as applied without
    /// running them. The other tool's table stays as it is.
    ///
    /// With a number, every migration up to it is noted. Without one, the table of the one other tool that is found says
    /// how far: its numbers have to be those of the files.
    ///
    /// # Errors
    /// [`ErrorKind::Baseline`] when no tool or several are found, when a migration of it failed, or when its numbers are not
    /// those of the files; [`ErrorKind::Refused`] when there is no such migration, or one of them was begun by this crate.
    pub async fn baseline(&self, to: Option<i64>) -> Result<Report, Error> {
        let known = self.known()?;
        let foreign = self.foreign().await?;
        for tool in &foreign {
            refuse_failed(tool)?;
        }
        let to = match to {
            Some(to) => to,
            None => reached(&foreign, &known)?,
        };
        if !known.iter().any(|one| one.version == to) {
            return Err(no_such(to));
        }
        let place = self.place().await?;
        let runner = self.runner(&place).await?;
        let result = async {
            let mut journal = runner.journal().await?;
            squash::accept(&known, &mut journal)?;
            let mut report = Report::default();
            for one in known.iter().filter(|one| one.version <= to) {
                match journal.state(one.version) {
                    MigrationState::Applied => continue,
                    MigrationState::Pending => {}
                    _ => {
                        return Err(Error::new(
                            ErrorKind::Refused,
                            format!("migration {} ({}) has been begun", one.version, one.name),
                        )
                        .remedy("run `up` or `down` to finish it"));
                    }
                }
                runner.note_applied(one).await?;
                report.push(Migrated {
                    version: one.version,
                    name: one.name.to_owned(),
                    direction: Direction::Up,
                });
            }
            Ok(report)
        }
        .await;
        runner.end_with(result).await
    }
}

impl<S: SessionSource> crate::runner::Runner<'_, S> {
    /// Notes every statement of a migration as if it had run.
    async fn note_applied(&self, one: &Known<'_>) -> Result<(), Error> {
        let texts = one.texts();
        let steps = number(texts.len());
        let checksum = one.checksum();
        let indexes: Vec<i64> = (0..steps).collect();
        let writes: Vec<Write<'_>> = indexes
            .iter()
            .zip(&texts)
            .map(|(index, text)| Write {
                text: format!(
                    "INSERT INTO {} (version, direction, step, steps, name, checksum, statement, state, token, done_at, \
                     verified_at) VALUES ($1::INT8, 'up', $2::INT8, $3::INT8, $4::TEXT, $5::TEXT, $6::TEXT, 'verified', \
                     $7::INT8, now(), now()) ON CONFLICT (version, direction, step) DO NOTHING",
                    self.tables.step
                ),
                parameters: vec![
                    &one.version,
                    index,
                    &steps,
                    &one.name,
                    &checksum,
                    text,
                    &self.token,
                ],
            })
            .collect();
        self.write("noting a migration as applied", &writes).await
    }
}

async fn read(db: &impl Executor, tool: Tool) -> Result<Option<Foreign>, ExecError> {
    let (table, column) = tool.table();
    let there = "SELECT count(*) FROM information_schema.columns WHERE table_name = $1::TEXT AND column_name = $2::TEXT \
                 AND table_schema = ANY (current_schemas(false)::TEXT[])";
    let there = db.fetch_one(there, &[&table, &column]).await?;
    if there.get::<i64>(0)? == 0 {
        return Ok(None);
    }
    let rows = db.fetch_all(tool.query(), &[]).await?;
    let migrations = rows.iter().map(|row| {
        Ok(ForeignMigration {
            version: row.get(0)?,
            name: row.get::<Option<String>>(1)?.unwrap_or_default(),
            succeeded: row.get(2)?,
        })
    });
    Ok(Some(Foreign {
        tool,
        migrations: migrations.collect::<Result<_, ExecError>>()?,
    }))
}

fn refuse_failed(foreign: &Foreign) -> Result<(), Error> {
    let failed = foreign.migrations.iter().find(|one| !one.succeeded);
    failed.map_or(Ok(()), |one| {
        let version = one.version.as_deref().unwrap_or_default();
        Err(Error::new(
            ErrorKind::Baseline,
            format!(
                "{} says that its migration {version} {} failed",
                foreign.tool.as_str(),
                one.name
            ),
        )
        .remedy("finish or undo it with that tool, and take the database over then"))
    })
}

/// The number up to which the one tool that was found has come.
fn reached(foreign: &[Foreign], known: &[Known<'_>]) -> Result<i64, Error> {
    let [foreign] = foreign else {
        let names: Vec<&str> = foreign.iter().map(|one| one.tool.as_str()).collect();
        let message = match names.as_slice() {
            [] => "no table of another tool is there".to_owned(),
            names => format!("several tools have left tables: {}", names.join(", ")),
        };
        return Err(Error::new(ErrorKind::Baseline, message)
            .remedy("name the number up to which the schema is there"));
    };
    let tool = foreign.tool.as_str();
    let mut highest = None;
    let mut unknown = Vec::new();
    for one in &foreign.migrations {
        let version = one
            .version
            .as_deref()
            .and_then(|text| text.parse::<i64>().ok());
        match version {
            Some(version) if known.iter().any(|known| known.version == version) => {
                highest = highest.max(Some(version));
            }
            _ => unknown.push(match &one.version {
                Some(version) => format!("{version} {}", one.name),
                None => one.name.clone(),
            }),
        }
    }
    if !unknown.is_empty() {
        return Err(Error::new(
            ErrorKind::Baseline,
            format!(
                "{tool} has run what is not among the files: {}",
                unknown.join(", ")
            ),
        )
        .remedy("give the files its numbers, or name the number up to which the schema is there"));
    }
    highest.ok_or_else(|| {
        Error::new(ErrorKind::Baseline, format!("{tool} has run nothing")).remedy("run `up`")
    })
}
