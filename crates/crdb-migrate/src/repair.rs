//! What a person has to decide, and the words that decide it.

use crdb_exec::{ExecutorExt, SessionSource};

use crate::error::{Error, ErrorKind};
use crate::file::Direction;
use crate::journal::{Entry, Journal, MigrationState, StepState};
use crate::lease::Write;
use crate::migrator::Migrator;
use crate::plan::{Known, says_what_ran};
use crate::squash;

/// Something that a person has to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Repair {
    /// What was found.
    pub found: String,
    /// The words that [`Migrator::repair`] takes, each with what it does.
    pub choices: Vec<RepairChoice>,
}

/// One way to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RepairChoice {
    /// The words.
    pub words: String,
    /// What they do.
    pub effect: String,
    #[cfg_attr(feature = "serde", serde(skip))]
    action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    /// A statement that was cut off ran, or did not.
    State {
        version: i64,
        direction: Direction,
        step: i64,
        state: StepState,
    },
    /// A file whose statements are those that ran has another checksum.
    Checksum { version: i64, checksum: String },
}

/// What to do with the job of a schema change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobCommand {
    /// `PAUSE JOB`
    Pause,
    /// `RESUME JOB`
    Resume,
    /// `CANCEL JOB`: what it did is taken back.
    Cancel,
}

impl<S: SessionSource> Migrator<S> {
    /// What a person has to decide: statements that were cut off and whose effect cannot be seen, and files that were edited
    /// since they ran in what is no statement. Nothing is changed.
    ///
    /// # Errors
    /// [`ErrorKind::Database`], [`ErrorKind::Files`].
    pub async fn repairs(&self) -> Result<Vec<Repair>, Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let journal = self.journal(&known, &place.tables).await?;
        Ok(repairs(&known, &journal))
    }

    /// Does what a person has decided, by the words of one of the [`repairs`](Self::repairs).
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when nothing that was found has these words.
    pub async fn repair(&self, words: &str) -> Result<(), Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let runner = self.runner(&place).await?;
        let result = async {
            let mut journal = runner.journal().await?;
            squash::accept(&known, &mut journal)?;
            let repairs = repairs(&known, &journal);
            let choice = repairs
                .iter()
                .flat_map(|repair| &repair.choices)
                .find(|choice| choice.words == words.trim());
            let Some(choice) = choice else {
                let all: Vec<String> = repairs
                    .iter()
                    .flat_map(|repair| &repair.choices)
                    .map(|choice| format!("\"{}\"", choice.words))
                    .collect();
                let message = format!("nothing was found to which \"{}\" is an answer", words.trim());
                return Err(Error::new(ErrorKind::Refused, message).remedy(match all.len() {
                    0 => "there is nothing to repair".to_owned(),
                    _ => format!("the words are {}", all.join(", ")),
                }));
            };
            let table = &place.tables.step;
            match &choice.action {
                Action::State {
                    version,
                    direction,
                    step,
                    state,
                } => {
                    let (direction, state) = (direction.as_str(), state.as_str());
                    let write = Write {
                        text: format!(
                            "UPDATE {table} SET state = $4::TEXT, error = 'decided by hand' \
                             WHERE version = $1::INT8 AND direction = $2::TEXT AND step = $3::INT8"
                        ),
                        parameters: vec![version, &direction, step, &state],
                    };
                    runner.write("noting what was decided", &[write]).await
                }
                Action::Checksum { version, checksum } => {
                    let write = Write {
                        text: format!(
                            "UPDATE {table} SET checksum = $2::TEXT WHERE version = $1::INT8 AND direction = 'up'"
                        ),
                        parameters: vec![version, checksum],
                    };
                    runner.write("noting an edited file", &[write]).await
                }
            }
        }
        .await;
        runner.end_with(result).await
    }

    /// Pauses, resumes or cancels the job of a statement that was begun (CockroachDB). `status` has its id.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when no statement that was begun has this job; [`ErrorKind::Database`].
    pub async fn control_job(&self, job: i64, command: JobCommand) -> Result<(), Error> {
        let status = self.status().await?;
        if !status.migrations.iter().any(|one| one.job == Some(job)) {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("no statement of a migration that was begun has the job {job}"),
            )
            .remedy("`status` shows the jobs"));
        }
        let verb = match command {
            JobCommand::Pause => "PAUSE",
            JobCommand::Resume => "RESUME",
            JobCommand::Cancel => "CANCEL",
        };
        let text = format!("{verb} JOB {job}");
        let done = self.db.execute(text.as_str(), &[]).await;
        done.map(drop)
            .map_err(|error| Error::database(&format!("telling job {job} to {verb}"), error))
    }
}

fn repairs(known: &[Known<'_>], journal: &Journal) -> Vec<Repair> {
    let mut repairs = Vec::new();
    for one in known {
        for direction in [Direction::Up, Direction::Down] {
            for line in journal.lines(one.version, direction) {
                if line.state == StepState::Begun {
                    repairs.push(undecided(one, direction, line));
                }
            }
        }
        let ran = journal.lines(one.version, Direction::Up);
        let edited = ran
            .first()
            .is_some_and(|line| line.checksum != one.checksum());
        if edited
            && journal.state(one.version) == MigrationState::Applied
            && says_what_ran(one, journal)
        {
            repairs.push(Repair {
                found: format!(
                    "`{}` was edited since it ran, and its statements are those that ran",
                    one.file().display()
                ),
                choices: vec![RepairChoice {
                    words: format!("{} edited", one.version),
                    effect: "takes the file as it is now for the one that ran".to_owned(),
                    action: Action::Checksum {
                        version: one.version,
                        checksum: one.checksum().to_owned(),
                    },
                }],
            });
        }
    }
    repairs
}

fn undecided(one: &Known<'_>, direction: Direction, line: &Entry) -> Repair {
    let step = line.step;
    let choice = |word: &str, state, effect: &str| RepairChoice {
        words: format!("{} {} {word}", one.version, step + 1),
        effect: effect.to_owned(),
        action: Action::State {
            version: one.version,
            direction,
            step,
            state,
        },
    };
    // What its runner noted, where it lived: that the data is committed and the schema change is not (XXA00), for one.
    let noted = match &line.error {
        Some(error) => format!(": {error}"),
        None => ", and no runner has seen how it ended".to_owned(),
    };
    Repair {
        found: format!(
            "statement {} of migration {} ({}) was begun{noted}",
            step + 1,
            one.version,
            one.name
        ),
        choices: vec![
            choice("done", StepState::Verified, "takes it for done"),
            choice("not done", StepState::Planned, "lets the next run do it"),
        ],
    }
}
