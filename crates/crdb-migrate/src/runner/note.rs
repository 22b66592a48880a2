//! Short entries of the journal.

use crdb_exec::SessionSource;

use super::{Runner, number};
use crate::error::Error;
use crate::journal::StepState;
use crate::lease::Write;
use crate::plan::PlannedStep;

impl<S: SessionSource> Runner<'_, S> {
    /// Notes the job of the statement.
    pub(super) async fn note_job(&self, step: &PlannedStep, job: i64) -> Result<(), Error> {
        self.note(step, "job = $4::INT8", &job).await
    }

    /// Notes how far the statement has come.
    pub(super) async fn note_state(
        &self,
        step: &PlannedStep,
        state: StepState,
    ) -> Result<(), Error> {
        let set = match state {
            StepState::Verified => "state = $4::TEXT, verified_at = now()",
            _ => "state = $4::TEXT, done_at = now()",
        };
        self.note(step, set, &state.as_str()).await
    }

    /// Notes that the statement failed without effect.
    pub(super) async fn note_failure(&self, step: &PlannedStep, error: &str) -> Result<(), Error> {
        self.note(step, "state = 'planned', error = $4::TEXT", &error)
            .await
    }

    /// Notes that a person has to decide: data was committed, and an entry or a schema change that belongs to it was not.
    pub(super) async fn note_in_doubt(
        &self,
        steps: &[PlannedStep],
        error: &crdb_exec::Error,
    ) -> Result<(), Error> {
        let text = error.to_string();
        for step in steps {
            self.note(step, "state = 'begun', error = $4::TEXT", &text)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn note(
        &self,
        step: &PlannedStep,
        set: &str,
        value: &(dyn crdb_exec::ToSql + Sync),
    ) -> Result<(), Error> {
        let direction = step.direction.as_str();
        let index = number(step.index);
        let write = Write {
            text: format!(
                "UPDATE {} SET {set}, token = $5::INT8 WHERE version = $1::INT8 AND direction = $2::TEXT AND step = $3::INT8",
                self.tables.step
            ),
            parameters: vec![&step.version, &direction, &index, value, &self.token],
        };
        self.write(
            &format!("noting how far {} has come", step.place()),
            &[write],
        )
        .await
    }
}
