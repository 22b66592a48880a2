//! What commands answer.

use crdb_exec::{Executor, ExecutorExt, Row};

use crate::error::Error;
use crate::file::Direction;
use crate::journal::{Journal, MigrationState, StepState};
use crate::plan::{Known, Plan};
use crate::tables::Tables;

/// What `up` or `down` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    /// Migrations, in the order in which they ran.
    migrations: Vec<Migrated>,
}

/// A migration that was applied or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Migrated {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether it was applied or taken back.
    pub direction: Direction,
}

impl Report {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut migrations: Vec<Migrated> = plan
            .steps()
            .iter()
            .map(|step| Migrated {
                version: step.version,
                name: step.name.clone(),
                direction: step.direction,
            })
            .collect();
        migrations.dedup();
        Self { migrations }
    }

    pub(crate) fn push(&mut self, migrated: Migrated) {
        self.migrations.push(migrated);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.migrations.extend(other.migrations);
    }

    /// The migrations, in the order in which they ran.
    #[must_use]
    pub fn migrations(&self) -> &[Migrated] {
        &self.migrations
    }

    /// Their numbers.
    #[must_use]
    pub fn versions(&self) -> Vec<i64> {
        self.migrations.iter().map(|one| one.version).collect()
    }

    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.migrations.is_empty()
    }
}

/// How far every migration has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// Every migration of the files, the code and the journal, in order.
    pub migrations: Vec<MigrationStatus>,
    /// The runner that is at work, if one is.
    pub runner: Option<String>,
}

/// How far one migration has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MigrationStatus {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// How far it has come.
    pub state: MigrationState,
    /// Whether the program knows it.
    pub is_known: bool,
    /// Whether its file was edited since it ran.
    pub is_edited: bool,
    /// How many of its statements have run.
    pub steps_done: usize,
    /// What its latest failure was, where a statement failed.
    pub error: Option<String>,
    /// The job of a statement that was begun (CockroachDB).
    pub job: Option<i64>,
}

impl Status {
    /// Whether every migration that the program knows has been applied.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.migrations
            .iter()
            .all(|one| !one.is_known || one.state == MigrationState::Applied)
    }

    /// The owner of a lease that has not run out.
    pub(crate) async fn lease(
        db: &impl Executor,
        tables: &Tables,
    ) -> Result<Option<String>, Error> {
        let database = |error| Error::database("reading the lease", error);
        if !tables.exist(db).await.map_err(database)? {
            return Ok(None);
        }
        let text = format!(
            "SELECT owner FROM {} WHERE expires_at > now() ORDER BY id LIMIT 1",
            tables.lease
        );
        let row = db
            .fetch_optional(text.as_str(), &[])
            .await
            .map_err(database)?;
        row.map(|row| row.get(0)).transpose().map_err(database)
    }

    pub(crate) fn of(known: &[Known<'_>], journal: &Journal, runner: Option<String>) -> Self {
        let mut migrations: Vec<MigrationStatus> = known
            .iter()
            .map(|one| MigrationStatus {
                is_edited: journal
                    .lines(one.version, Direction::Up)
                    .first()
                    .is_some_and(|line| line.checksum != one.checksum()),
                ..Self::one(journal, one.version, one.name, true)
            })
            .collect();
        for entry in journal.migrations() {
            if !known.iter().any(|one| one.version == entry.version) {
                migrations.push(Self::one(journal, entry.version, &entry.name, false));
            }
        }
        migrations.sort_by_key(|one| one.version);
        Self { migrations, runner }
    }

    fn one(journal: &Journal, version: i64, name: &str, is_known: bool) -> MigrationStatus {
        let lines = || {
            [Direction::Up, Direction::Down]
                .into_iter()
                .flat_map(|direction| journal.lines(version, direction))
        };
        MigrationStatus {
            version,
            name: name.to_owned(),
            state: journal.state(version),
            is_known,
            is_edited: false,
            steps_done: journal
                .lines(version, Direction::Up)
                .iter()
                .filter(|line| line.state >= StepState::Done)
                .count(),
            error: lines().find_map(|line| line.error.clone()),
            job: lines()
                .filter(|line| line.state == StepState::Begun)
                .find_map(|line| line.job),
        }
    }
}
