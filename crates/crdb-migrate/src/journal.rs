//! What has run, statement by statement.

use std::collections::BTreeMap;

use crdb_exec::{Error as ExecError, Executor, ExecutorExt, Row};

use crate::file::Direction;
use crate::plan::Known;
use crate::runner::number;
use crate::tables::Tables;

/// How far one statement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum StepState {
    /// It is to run.
    Planned,
    /// It may be running, or may have run.
    Begun,
    /// The server has answered that it ran.
    Done,
    /// Its effect was seen in the catalog, or it was committed together with its entry.
    Verified,
}

impl StepState {
    /// As it stands in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Verified => "verified",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Planned, Self::Begun, Self::Done, Self::Verified]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// A line of the journal.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) version: i64,
    pub(crate) direction: Direction,
    pub(crate) step: i64,
    pub(crate) steps: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
    /// Its text, once it was begun.
    pub(crate) statement: String,
    pub(crate) state: StepState,
    /// Seconds since 1970 by the server's clock.
    pub(crate) begun_at: Option<f64>,
    pub(crate) job: Option<i64>,
    pub(crate) earlier_job: Option<i64>,
    pub(crate) was_there: Option<bool>,
    pub(crate) unlocked: Option<String>,
    pub(crate) progress: Option<String>,
    pub(crate) error: Option<String>,
}

/// How far a migration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MigrationState {
    /// Nothing of it has run.
    Pending,
    /// A part of it has run; `up` goes on with it.
    Begun,
    /// All of it has run.
    Applied,
    /// A part of it has been taken back; `down` goes on with it.
    PartlyUndone,
}

impl MigrationState {
    /// A lasting name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Begun => "begun",
            Self::Applied => "applied",
            Self::PartlyUndone => "partly_undone",
        }
    }
}

/// The whole journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    entries: BTreeMap<(i64, Direction), Vec<Entry>>,
}

impl Journal {
    fn add(&mut self, entry: Entry) {
        self.entries
            .entry((entry.version, entry.direction))
            .or_default()
            .push(entry);
    }

    /// Reads all of it.
    pub(crate) async fn read(db: &impl Executor, tables: &Tables) -> Result<Self, ExecError> {
        let text = format!(
            "SELECT version, direction, step, steps, name, checksum, statement, state, \
             extract(epoch FROM begun_at)::FLOAT8 AS begun_at, job, earlier_job, was_there, unlocked, progress, error \
             FROM {} ORDER BY version, direction, step",
            tables.step
        );
        let mut journal = Self::default();
        for row in db.fetch_all(text.as_str(), &[]).await? {
            let direction: String = row.get("direction")?;
            let state: String = row.get("state")?;
            journal.add(Entry {
                version: row.get("version")?,
                direction: Direction::from_word(&direction).unwrap_or(Direction::Up),
                step: row.get("step")?,
                steps: row.get("steps")?,
                name: row.get("name")?,
                checksum: row.get("checksum")?,
                statement: row.get("statement")?,
                state: StepState::from_word(&state).unwrap_or(StepState::Begun),
                begun_at: row.get("begun_at")?,
                job: row.get("job")?,
                earlier_job: row.get("earlier_job")?,
                was_there: row.get("was_there")?,
                unlocked: row.get("unlocked")?,
                progress: row.get("progress")?,
                error: row.get("error")?,
            });
        }
        Ok(journal)
    }

    /// Puts one migration that is applied in the place of all from this number up to its own.
    pub(crate) fn replace(&mut self, from: i64, one: &Known<'_>) {
        self.entries
            .retain(|(version, _), _| !(from..=one.version).contains(version));
        let texts = one.texts();
        let steps = number(texts.len());
        for (step, text) in (0..).zip(texts) {
            self.add(Entry {
                version: one.version,
                direction: Direction::Up,
                step,
                steps,
                name: one.name.to_owned(),
                checksum: one.checksum().to_owned(),
                statement: text.to_owned(),
                state: StepState::Verified,
                begun_at: None,
                job: None,
                earlier_job: None,
                was_there: None,
                unlocked: None,
                progress: None,
                error: None,
            });
        }
    }

    /// The lines of one migration in one direction.
    pub(crate) fn lines(&self, version: i64, direction: Direction) -> &[Entry] {
        self.entries
            .get(&(version, direction))
            .map_or(&[], Vec::as_slice)
    }

    /// The line of one statement.
    pub(crate) fn line(&self, version: i64, direction: Direction, step: i64) -> Option<&Entry> {
        self.lines(version, direction)
            .iter()
            .find(|entry| entry.step == step)
    }

    /// How far a migration has come.
    pub(crate) fn state(&self, version: i64) -> MigrationState {
        if !self.lines(version, Direction::Down).is_empty() {
            return MigrationState::PartlyUndone;
        }
        let lines = self.lines(version, Direction::Up);
        let Some(first) = lines.first() else {
            return MigrationState::Pending;
        };
        let verified = lines
            .iter()
            .filter(|entry| entry.state == StepState::Verified)
            .count();
        if i64::try_from(verified) == Ok(first.steps) {
            MigrationState::Applied
        } else {
            MigrationState::Begun
        }
    }

    /// Every migration that has left a line, with its name and checksum when it was applied.
    pub(crate) fn migrations(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|((_, direction), _)| *direction == Direction::Up)
            .filter_map(|(_, lines)| lines.first())
    }

    /// The highest number that has run, in part or wholly.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.entries.keys().map(|(version, _)| *version).max()
    }
}
