//! Tables that CockroachDB locks against schema changes (`schema_locked`, on for new tables since v26.1).
//!
//! Most schema changes unlock the table by themselves. Some are refused (57000): for those the runner unlocks the table,
//! notes that in the journal first, and locks it again.

use crdb_exec::{Engine, Error as ExecError, ExecutorExt, SessionSource};

use super::Runner;
use crate::error::Error;
use crate::plan::PlannedStep;
use crate::statement::StepKind;

impl<S: SessionSource> Runner<'_, S> {
    /// Whether the statement was refused because its table is locked.
    pub(super) fn is_locked(&self, step: &PlannedStep, error: &ExecError) -> bool {
        self.engine == Engine::CockroachDb
            && step.class.kind == StepKind::Schema
            && step.class.table.is_some()
            && error
                .sqlstate()
                .is_some_and(|state| state.as_str() == "57000")
    }

    /// Unlocks the table, or locks it again.
    pub(super) async fn set_lock(
        &self,
        step: &PlannedStep,
        table: Option<&str>,
        locked: bool,
    ) -> Result<(), Error> {
        let Some(table) = table else {
            return Ok(());
        };
        let text = format!("ALTER TABLE IF EXISTS {table} SET (schema_locked = {locked})");
        let attempted = format!(
            "{} {table} for {}",
            if locked { "locking" } else { "unlocking" },
            step.place()
        );
        self.work
            .execute(text.as_str(), &[])
            .await
            .map_err(|error| Error::database(&attempted, error))?;
        if locked {
            self.note_unlocked(step, None).await?;
        }
        Ok(())
    }

    /// Notes the table that is unlocked, or that none is.
    pub(super) async fn note_unlocked(
        &self,
        step: &PlannedStep,
        table: Option<&str>,
    ) -> Result<(), Error> {
        self.note(step, "unlocked = $4::TEXT", &table).await
    }
}
