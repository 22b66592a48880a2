//! Statements that commit together with their journal entries.

use std::time::Duration;

use crdb_exec::{
    Engine, Error as ExecError, ErrorKind as ExecErrorKind, ExecutorExt, Isolation,
    OpenTransaction, ScopeSource, SessionSource, Statement, TransactionOptions,
};
use tokio::time::sleep;

use super::{ATTEMPTS, Runner, failed, number};
use crate::code::{CodeError, Next};
use crate::error::{Error, ErrorKind};
use crate::journal::StepState;
use crate::lease::{self, Guarded};
use crate::look;
use crate::plan::PlannedStep;
use crate::statement::StepKind;

/// Why a transaction did not do its work.
enum Aborted {
    /// Another runner owns the lease.
    Lost,
    /// A statement, BEGIN or COMMIT failed.
    Failed(ExecError),
    /// A migration in code failed by itself.
    Code(CodeError),
}

impl From<Guarded> for Aborted {
    fn from(guarded: Guarded) -> Self {
        match guarded {
            Guarded::Lost => Self::Lost,
            Guarded::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<ExecError> for Aborted {
    fn from(error: ExecError) -> Self {
        Self::Failed(error)
    }
}

/// What a transaction that committed leaves to do.
enum Committed {
    All,
    /// A migration in code has another part.
    More(String),
}

impl<S: SessionSource> Runner<'_, S> {
    /// Runs steps of one migration in one transaction, with their journal entries, and again when that took no effect.
    pub(super) async fn together(&mut self, steps: &[PlannedStep]) -> Result<(), Error> {
        let Some(first) = steps.first() else {
            return Ok(());
        };
        if let Some(doubtful) = steps.iter().find(|step| step.is_in_doubt()) {
            // It was begun outside of a transaction, or CockroachDB has committed a part of it (XXA00).
            return Err(look::undecided(
                doubtful,
                "its data may have been committed without its entry in the journal",
            ));
        }
        let mut progress = self.progress(first).await?;
        let mut attempt = 1;
        loop {
            let error = match self.try_together(steps, progress.as_deref()).await {
                Ok(Committed::All) => return Ok(()),
                Ok(Committed::More(next)) => {
                    progress = Some(next);
                    attempt = 1;
                    continue;
                }
                Err(Aborted::Lost) => return Err(lease::lost()),
                Err(Aborted::Code(error)) => {
                    // What the code passes on of the database counts as the database's.
                    match error.downcast::<ExecError>() {
                        Ok(error) => *error,
                        Err(error) => return Err(self.give_up(first, error).await),
                    }
                }
                Err(Aborted::Failed(error)) => error,
            };
            if error.kind() == ExecErrorKind::PartlyCommitted {
                self.note_in_doubt(steps, &error).await?;
                return Err(partly_committed(first, error));
            }
            if error.kind() == ExecErrorKind::Misuse && error.is_outcome_unknown() {
                // A statement has committed what came before it, without the journal's entry.
                self.renew().await?;
                self.note_in_doubt(steps, &error).await?;
                let why = "a statement has ended the transaction that it was in";
                return Err(look::undecided(first, why).because(error));
            }
            let unknown = error.is_outcome_unknown() || error.is_connection() || error.is_timeout();
            let again = unknown || error.is_retryable() || is_lock_timeout(&error);
            if !again || attempt == ATTEMPTS {
                return Err(self.give_up(first, error).await);
            }
            if unknown {
                // Once the session has ended, the journal says whether the transaction was committed.
                self.renew().await?;
                if self.is_verified(steps).await? {
                    return Ok(());
                }
                if error.is_timeout() {
                    return Err(self.give_up(first, error).await);
                }
                progress = self.progress(first).await?;
            }
            sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn try_together(
        &self,
        steps: &[PlannedStep],
        progress: Option<&str>,
    ) -> Result<Committed, Aborted> {
        let limit = steps
            .iter()
            .map(|step| self.limit(step))
            .fold(Duration::ZERO, Duration::saturating_add);
        let options = TransactionOptions::new()
            .name("migration")
            .timeout(limit)
            .isolation(match self.engine {
                Engine::CockroachDb => Isolation::Serializable,
                _ => Isolation::ReadCommitted,
            });
        let transaction = self.work.begin(&options).await?;
        match self.in_transaction(&transaction, steps, progress).await {
            Ok(committed) => {
                transaction.commit().await?;
                Ok(committed)
            }
            Err(aborted) => {
                transaction.rollback().await;
                Err(aborted)
            }
        }
    }

    async fn in_transaction(
        &self,
        transaction: &OpenTransaction<ScopeSource<S>>,
        steps: &[PlannedStep],
        progress: Option<&str>,
    ) -> Result<Committed, Aborted> {
        if let Some(limit) = self
            .options
            .lock_timeout
            .filter(|_| self.engine != Engine::CockroachDb)
        {
            // More than the server's integer holds is weeks.
            let millis = limit.as_millis().clamp(1, i32::MAX as u128);
            let text = format!("SET LOCAL lock_timeout = {millis}");
            transaction.execute(text.as_str(), &[]).await?;
        }
        let mut committed = Committed::All;
        for step in steps {
            for setting in &step.settings {
                transaction
                    .execute(Statement::new(&setting.text), &[])
                    .await?;
            }
            let mut next = None;
            if step.class.kind == StepKind::Code {
                let Some(code) = self.code.get(&step.version) else {
                    return Err(Aborted::Code("the program has no code for it".into()));
                };
                match code
                    .run(transaction, progress)
                    .await
                    .map_err(Aborted::Code)?
                {
                    Next::Done => {}
                    Next::Continue(text) => next = Some(text),
                }
            } else {
                let statement = Statement::new(&step.text).timeout(self.limit(step));
                transaction.execute(statement, &[]).await?;
            }
            // Within the transaction, so that a setting that concerns the journal's tables is gone.
            for setting in &step.settings {
                let text = format!("RESET {}", setting.name);
                transaction.execute(text.as_str(), &[]).await?;
            }
            let state = match next {
                None => StepState::Verified.as_str(),
                Some(_) => StepState::Planned.as_str(),
            };
            let text = format!(
                "UPDATE {} SET state = $4::TEXT, token = $5::INT8, statement = $6::TEXT, progress = $7::TEXT, error = NULL, \
                 begun_at = coalesce(begun_at, now()), done_at = now(), verified_at = now() \
                 WHERE version = $1::INT8 AND direction = $2::TEXT AND step = $3::INT8",
                self.tables.step
            );
            let direction = step.direction.as_str();
            let index = number(step.index);
            transaction
                .execute(
                    text.as_str(),
                    &[
                        &step.version,
                        &direction,
                        &index,
                        &state,
                        &self.token,
                        &step.text,
                        &next,
                    ],
                )
                .await?;
            if let Some(next) = next {
                committed = Committed::More(next);
            }
        }
        lease::guard(&**transaction, self.tables, self.token).await?;
        Ok(committed)
    }

    /// How far a migration in code has come.
    async fn progress(&self, step: &PlannedStep) -> Result<Option<String>, Error> {
        if step.class.kind != StepKind::Code {
            return Ok(None);
        }
        let journal = self.journal().await?;
        Ok(journal
            .line(step.version, step.direction, number(step.index))
            .and_then(|line| line.progress.clone()))
    }

    async fn is_verified(&self, steps: &[PlannedStep]) -> Result<bool, Error> {
        let journal = self.journal().await?;
        Ok(steps.iter().all(|step| {
            journal
                .line(step.version, step.direction, number(step.index))
                .is_some_and(|line| line.state == StepState::Verified)
        }))
    }

    /// Notes a failure that took no effect, and makes the error of it.
    pub(super) async fn give_up(&self, step: &PlannedStep, source: impl Into<CodeError>) -> Error {
        let source = source.into();
        let text = source.to_string();
        if let Err(error) = self.note_failure(step, &text).await
            && error.kind() == ErrorKind::LeaseLost
        {
            return error;
        }
        failed(step, source)
    }
}

/// How long before another attempt.
pub(super) fn pause(attempt: u32) -> Duration {
    Duration::from_millis(20 << attempt.min(6))
}

/// PostgreSQL: the lock was not had in time.
pub(super) fn is_lock_timeout(error: &ExecError) -> bool {
    error
        .sqlstate()
        .is_some_and(|state| state.as_str() == "55P03")
}

/// XXA00.
pub(super) fn partly_committed(step: &PlannedStep, source: ExecError) -> Error {
    Error::new(
        ErrorKind::PartlyCommitted,
        format!(
            "{}: the data of statement {} of migration {} ({}) is committed, and its schema change is not",
            step.place(),
            step.step(),
            step.version,
            step.name
        ),
    )
    .because(source)
    .remedy(format!(
        "correct the cause, make the schema change by a migration of its own, and say that this one is done: `repair` with \"{} {} done\"",
        step.version,
        step.step()
    ))
}
