//! What a statement that was cut off has left: its job, and the objects in the catalog.

mod catalog;
mod job;

use std::time::Duration;

use crdb_exec::{Engine, Executor};
use tokio::time::sleep;

use crate::error::{Error, ErrorKind};
use crate::observer::{JobEvent, Observer};
use crate::plan::PlannedStep;
use crate::statement::{Evidence, StepKind};

pub(crate) use catalog::{Seen, drop_invalid_index, seen};
pub(crate) use job::{Job, JobState, newest};

/// Between two looks at a job that runs, at most.
const PAUSE: Duration = Duration::from_secs(2);

/// What is known of a statement's beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// Seconds since 1970 by the server's clock.
    pub(crate) at: f64,
    /// The newest job of the same statement before it.
    pub(crate) earlier_job: Option<i64>,
    /// Whether its effect was in the catalog before it.
    pub(crate) was_there: bool,
}

/// What has become of a statement whose answer is not known, once its session has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It took effect.
    Done,
    /// It took no effect, or running it again does the same.
    NotDone,
    /// It left something that has to be removed before it runs again.
    Invalid,
    /// An operator has cancelled its job, and it took no effect.
    Cancelled {
        /// The job.
        job: i64,
        /// Whether that happened while this runner waited for the job.
        meanwhile: bool,
    },
}

/// Waits for the statement's job, where it has one, and looks at what it left.
pub(crate) async fn look(
    db: &impl Executor,
    engine: Engine,
    step: &PlannedStep,
    begun: Begun,
    observer: &dyn Observer,
) -> Result<Found, Error> {
    let database = |error| {
        Error::database(
            &format!("looking whether {} took effect", step.place()),
            error,
        )
    };
    let job = if engine == Engine::CockroachDb && step.class.kind != StepKind::Data {
        let job = job::newest(db, &step.text, begun).await.map_err(database)?;
        match job {
            Some(job) => {
                let running = job.state == JobState::Running;
                let job = wait_for(db, step, job, observer).await?;
                match job.state {
                    JobState::Cancelled => {
                        return Ok(Found::Cancelled {
                            job: job.id,
                            meanwhile: running,
                        });
                    }
                    JobState::Failed => return Ok(Found::NotDone),
                    _ => Some(job),
                }
            }
            None => None,
        }
    } else {
        None
    };
    let succeeded = job
        .as_ref()
        .is_some_and(|job| job.state == JobState::Succeeded);
    let objects = match &step.class.evidence {
        _ if succeeded && !matches!(step.class.evidence, Evidence::Objects(_)) => {
            return Ok(Found::Done);
        }
        Evidence::Repeatable => return Ok(Found::NotDone),
        Evidence::Nothing => return Err(undecided(step, "the server keeps nothing that shows it")),
        Evidence::Objects(objects) => objects,
    };
    let seen = seen(db, objects, step.search_path())
        .await
        .map_err(database)?;
    decide(seen, begun, succeeded, engine, step)
}

/// What the objects say. Pure.
fn decide(
    seen: Seen,
    begun: Begun,
    succeeded: bool,
    engine: Engine,
    step: &PlannedStep,
) -> Result<Found, Error> {
    match seen {
        Seen::Whole => Ok(if begun.was_there && !step.class.tolerant && !succeeded {
            // It was so before: a statement that does not tolerate that fails when it runs.
            Found::NotDone
        } else {
            Found::Done
        }),
        Seen::None if succeeded => Err(undecided(
            step,
            "its job succeeded, but what it makes is not in the catalog",
        )),
        Seen::None => Ok(Found::NotDone),
        // What a build that was cut off leaves on PostgreSQL. CockroachDB takes it back by itself, in the job.
        Seen::Invalid if engine != Engine::CockroachDb && step.class.makes_indexes() => {
            Ok(Found::Invalid)
        }
        Seen::Invalid => Err(undecided(step, "what it makes is there and not valid")),
        Seen::Partly => Err(undecided(step, "a part of it is in the catalog")),
    }
}

/// Looks at a job until it has ended.
async fn wait_for(
    db: &impl Executor,
    step: &PlannedStep,
    mut job: Job,
    observer: &dyn Observer,
) -> Result<Job, Error> {
    let mut pause = Duration::from_millis(20);
    loop {
        observer.job(&JobEvent {
            id: job.id,
            status: &job.status,
            fraction: job.fraction,
        });
        match job.state {
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => return Ok(job),
            JobState::Paused => {
                return Err(Error::new(
                    ErrorKind::JobPaused,
                    format!("job {} of {} is paused", job.id, step.place()),
                )
                .remedy(format!(
                    "resume or cancel it (`crdb migrate job resume {0}`, `RESUME JOB {0}`), then run again",
                    job.id
                )));
            }
            JobState::Stuck => {
                return Err(undecided(
                    step,
                    &format!("job {} is in the state `{}`", job.id, job.status),
                ));
            }
            JobState::Running => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE);
        let looked = job::by_id(db, job.id).await;
        let attempted = format!("waiting for job {} of {}", job.id, step.place());
        match looked.map_err(|error| Error::database(&attempted, error))? {
            Some(found) => job = found,
            // Jobs are kept for days; one that is gone has ended long ago.
            None => {
                return Err(undecided(
                    step,
                    &format!("job {} is not shown any more", job.id),
                ));
            }
        }
    }
}

/// An error for a person.
pub(crate) fn undecided(step: &PlannedStep, why: &str) -> Error {
    Error::new(
        ErrorKind::Undecided,
        format!(
            "{}: statement {} of migration {} ({}) was cut off, and it cannot be seen whether it took effect: {why}",
            step.place(),
            step.step(),
            step.version,
            step.name
        ),
    )
    .remedy(format!(
        "look by hand, then say it: `repair` with \"{0} {1} done\" or \"{0} {1} not done\"",
        step.version,
        step.step()
    ))
}
