//! Statements outside of transactions: begun, run, looked for, done, verified.

use std::time::Duration;

use crdb_exec::{
    Engine, Error as ExecError, ErrorKind as ExecErrorKind, ExecutorExt, RetrySafety, Row,
    SessionSource, SqlState, Statement,
};
use tokio::time::sleep;

use super::transaction::{is_lock_timeout, partly_committed, pause};
use super::{ATTEMPTS, Runner, number};
use crate::error::{Error, ErrorKind};
use crate::journal::StepState;
use crate::lease::Write;
use crate::look::{self, Begun, Found, Seen};
use crate::observer::JobEvent;
use crate::plan::PlannedStep;
use crate::statement::{Evidence, StepKind};

/// What a run of the statement says.
enum Ran {
    /// The server answered that it ran.
    Done,
    /// The server refused it.
    Refused(ExecError),
    /// It may have taken effect.
    Doubt(ExecError),
}

impl<S: SessionSource> Runner<'_, S> {
    /// Runs one step, from wherever an earlier runner left it.
    pub(super) async fn alone(&mut self, step: &PlannedStep) -> Result<(), Error> {
        let journal = self.journal().await?;
        let line = journal
            .line(step.version, step.direction, number(step.index))
            .cloned();
        let state = line.as_ref().map(|line| line.state);
        let mut begun = line.as_ref().and_then(|line| {
            Some(Begun {
                at: line.begun_at?,
                earlier_job: line.earlier_job,
                was_there: line.was_there.unwrap_or(false),
            })
        });
        let mut unlocked = line.and_then(|line| line.unlocked);
        if state == Some(StepState::Done) {
            return self.verify(step, begun, unlocked).await;
        }
        begun = begun.filter(|_| state == Some(StepState::Begun));
        // An earlier runner was cut off; its sessions have ended.
        let mut doubt = begun.is_some();
        let mut cut_off: Option<ExecError> = None;
        let mut attempt = 1;
        loop {
            if let Some(begun) = begun
                && std::mem::take(&mut doubt)
            {
                self.note_job_in_doubt(step, begun).await?;
                match look::look(self.db, self.engine, step, begun, self.observer).await? {
                    Found::Done => break,
                    Found::NotDone => {}
                    Found::Invalid => self.remove_invalid(step).await?,
                    // One that an operator cancelled before this runner came may be run again.
                    Found::Cancelled { job, meanwhile } if meanwhile || cut_off.is_some() => {
                        if unlocked.is_some() {
                            self.set_lock(step, unlocked.as_deref(), true).await?;
                        }
                        let why = format!("its job {job} was cancelled");
                        return Err(self.give_up(step, why).await);
                    }
                    Found::Cancelled { .. } => {}
                }
                // A statement that had its time, or that an operator has cancelled, is not run again.
                if let Some(error) = cut_off
                    .take_if(|error| error.is_timeout() || error.kind() == ExecErrorKind::Cancelled)
                {
                    if unlocked.is_some() {
                        self.set_lock(step, unlocked.as_deref(), true).await?;
                    }
                    return Err(self.give_up(step, error).await);
                }
            }
            if unlocked.is_some() {
                self.set_lock(step, unlocked.as_deref(), false).await?;
            }
            let now = match begun {
                Some(begun) if attempt > 1 => begun,
                _ => self.begin(step).await?,
            };
            begun = Some(now);
            match self.try_alone(step, now).await? {
                Ran::Done => break,
                Ran::Doubt(error) if attempt < ATTEMPTS => {
                    self.renew().await?;
                    cut_off = Some(error);
                    doubt = true;
                }
                Ran::Doubt(error) => {
                    return Err(Error::new(
                        ErrorKind::Step,
                        format!(
                            "{}: it was cut off {ATTEMPTS} times and has taken no effect yet",
                            step.place()
                        ),
                    )
                    .because(error)
                    .remedy(
                        "run again when the server is well, or give it more time by `-- timeout:`",
                    ));
                }
                Ran::Refused(error) if error.kind() == ExecErrorKind::PartlyCommitted => {
                    return Err(partly_committed(step, error));
                }
                Ran::Refused(error) if unlocked.is_none() && self.is_locked(step, &error) => {
                    unlocked.clone_from(&step.class.table);
                    self.note_unlocked(step, unlocked.as_deref()).await?;
                }
                Ran::Refused(error)
                    if attempt < ATTEMPTS && (error.is_retryable() || is_lock_timeout(&error)) =>
                {
                    sleep(pause(attempt)).await;
                    // An index build on PostgreSQL that fails leaves the index, not valid.
                    doubt = self.engine != Engine::CockroachDb && step.class.makes_indexes();
                }
                Ran::Refused(error) => {
                    // The server answered, but a statement that commits on its way may have left something.
                    if error.is_outcome_unknown() {
                        let found = look::look(self.db, self.engine, step, now, self.observer);
                        if found.await? == Found::Done {
                            break;
                        }
                    }
                    self.remove_leftovers(step).await?;
                    if unlocked.is_some() {
                        self.set_lock(step, unlocked.as_deref(), true).await?;
                    }
                    return Err(self.give_up(step, error).await);
                }
            }
            attempt += 1;
        }
        self.note_state(step, StepState::Done).await?;
        self.verify(step, begun, unlocked).await
    }

    /// Notes that the statement may be running from now on, and what was there before it.
    async fn begin(&self, step: &PlannedStep) -> Result<Begun, Error> {
        let attempted = format!("looking at what is there before {}", step.place());
        let database = |error| Error::database(&attempted, error);
        let was_there = match &step.class.evidence {
            Evidence::Objects(objects) => {
                match look::seen(self.db, objects, step.search_path())
                    .await
                    .map_err(database)?
                {
                    Seen::Whole => true,
                    Seen::Invalid
                        if step.class.makes_indexes() && self.engine != Engine::CockroachDb =>
                    {
                        return Err(self
                            .in_the_way(step, "an index of this name is there and not valid")
                            .await);
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        if was_there && !step.class.tolerant {
            let what = "by the names in the catalog its effect is there already; definitions are not compared";
            return Err(self.in_the_way(step, what).await);
        }
        let earlier_job =
            if self.engine == Engine::CockroachDb && step.class.kind == StepKind::Schema {
                let ever = Begun {
                    at: 0.0,
                    earlier_job: None,
                    was_there,
                };
                let job = look::newest(self.db, &step.text, ever)
                    .await
                    .map_err(database)?;
                job.map(|job| job.id)
            } else {
                None
            };
        let direction = step.direction.as_str();
        let index = number(step.index);
        let write = Write {
            text: format!(
                "UPDATE {} SET state = 'begun', token = $4::INT8, statement = $5::TEXT, begun_at = now(), job = NULL, \
                 earlier_job = $6::INT8, was_there = $7::BOOL, error = NULL \
                 WHERE version = $1::INT8 AND direction = $2::TEXT AND step = $3::INT8",
                self.tables.step
            ),
            parameters: vec![
                &step.version,
                &direction,
                &index,
                &self.token,
                &step.text,
                &earlier_job,
                &was_there,
            ],
        };
        self.write("noting that a statement begins", &[write])
            .await?;
        let text = format!(
            "SELECT extract(epoch FROM begun_at)::FLOAT8 FROM {} \
             WHERE version = $1::INT8 AND direction = $2::TEXT AND step = $3::INT8",
            self.tables.step
        );
        let at = async {
            let row = self
                .db
                .fetch_one(text.as_str(), &[&step.version, &direction, &index])
                .await?;
            row.get(0)
        };
        Ok(Begun {
            at: at.await.map_err(database)?,
            earlier_job,
            was_there,
        })
    }

    async fn in_the_way(&self, step: &PlannedStep, what: &str) -> Error {
        let error = Error::new(
            ErrorKind::Step,
            format!("{}: it was not run: {what}", step.place()),
        )
        .remedy(
            "compare what is there with the file, then take the database over with `baseline`, write IF NOT EXISTS or \
             IF EXISTS, or remove what is in the way",
        );
        match self.note_failure(step, what).await {
            Err(lost) if lost.kind() == ErrorKind::LeaseLost => lost,
            _ => error,
        }
    }

    /// Runs it, watching its job.
    async fn try_alone(&self, step: &PlannedStep, begun: Begun) -> Result<Ran, Error> {
        let run = async {
            self.apply_settings(step).await?;
            let statement = Statement::new(&step.text)
                .retry(RetrySafety::Never)
                .timeout(self.limit(step));
            let ran = self.work.execute(statement, &[]).await;
            let reset = self.reset_settings(step).await;
            ran?;
            reset
        };
        let result = if self.engine == Engine::CockroachDb && step.class.kind == StepKind::Schema {
            tokio::select! {
                biased;
                result = run => result,
                never = self.watch_job(step, begun) => match never {},
            }
        } else {
            run.await
        };
        Ok(match result {
            Ok(()) => Ran::Done,
            Err(error) if has_ended(&error) => Ran::Refused(error),
            Err(error) => Ran::Doubt(error),
        })
    }

    /// Notes the job for which a look is about to wait, so that `status` shows it and an operator can reach it.
    async fn note_job_in_doubt(&self, step: &PlannedStep, begun: Begun) -> Result<(), Error> {
        if self.engine != Engine::CockroachDb || step.class.kind != StepKind::Schema {
            return Ok(());
        }
        // What cannot be seen now is reported by the look.
        match look::newest(self.db, &step.text, begun).await {
            Ok(Some(job)) => self.note_job(step, job.id).await,
            _ => Ok(()),
        }
    }

    /// Tells the observer and the journal of the statement's job, for as long as the statement runs.
    async fn watch_job(&self, step: &PlannedStep, begun: Begun) -> std::convert::Infallible {
        let mut wait = Duration::from_millis(250);
        let mut noted = None;
        loop {
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
            // What cannot be seen now is seen later, or after the statement.
            let Ok(Some(job)) = look::newest(self.db, &step.text, begun).await else {
                continue;
            };
            self.observer.job(&JobEvent {
                id: job.id,
                status: &job.status,
                fraction: job.fraction,
            });
            if noted != Some(job.id) && self.note_job(step, job.id).await.is_ok() {
                noted = Some(job.id);
            }
        }
    }

    /// Looks whether the effect is there, and notes it. CockroachDB may answer before the work of a schema change is
    /// complete (omicron#9878), so what is not there yet is waited for.
    async fn verify(
        &self,
        step: &PlannedStep,
        begun: Option<Begun>,
        unlocked: Option<String>,
    ) -> Result<(), Error> {
        if let Evidence::Objects(objects) = &step.class.evidence {
            let seen = look::seen(self.db, objects, step.search_path())
                .await
                .map_err(|error| Error::database(&format!("verifying {}", step.place()), error))?;
            let waited = match begun {
                Some(begun) if seen != Seen::Whole && self.engine == Engine::CockroachDb => {
                    look::look(self.db, self.engine, step, begun, self.observer).await?
                        == Found::Done
                }
                _ => false,
            };
            if seen != Seen::Whole && !waited {
                return Err(look::undecided(
                    step,
                    "the server answered that it ran, and the catalog does not show it",
                ));
            }
        }
        if unlocked.is_some() {
            self.set_lock(step, unlocked.as_deref(), true).await?;
        }
        self.note_state(step, StepState::Verified).await
    }

    async fn remove_invalid(&self, step: &PlannedStep) -> Result<(), Error> {
        if let Evidence::Objects(objects) = &step.class.evidence {
            look::drop_invalid_index(&*self.work, objects, step.search_path())
                .await
                .map_err(|error| {
                    let attempted =
                        format!("removing the index that {} left half built", step.place());
                    Error::database(&attempted, error)
                })?;
        }
        Ok(())
    }

    /// After a failure: what a failed build on PostgreSQL leaves.
    async fn remove_leftovers(&self, step: &PlannedStep) -> Result<(), Error> {
        if self.engine == Engine::CockroachDb || !step.class.makes_indexes() {
            return Ok(());
        }
        if let Evidence::Objects(objects) = &step.class.evidence
            && matches!(
                look::seen(self.db, objects, step.search_path()).await,
                Ok(Seen::Invalid)
            )
        {
            return self.remove_invalid(step).await;
        }
        Ok(())
    }
}

/// Whether the statement has ended, and failed. On CockroachDB a schema change goes on when its statement is
/// cancelled or runs into a time limit; and a statement whose session was lost may still run.
fn has_ended(error: &ExecError) -> bool {
    match error.kind() {
        ExecErrorKind::Refused | ExecErrorKind::Arguments | ExecErrorKind::PartlyCommitted => true,
        ExecErrorKind::Server => error.sqlstate().is_some_and(|state| {
            state != SqlState::QUERY_CANCELED && state != SqlState::STATEMENT_COMPLETION_UNKNOWN
        }),
        _ => false,
    }
}
