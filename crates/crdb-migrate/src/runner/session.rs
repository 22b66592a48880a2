//! The session that migrations run on.

use std::time::Duration;

use crdb_exec::{
    Engine, ExecutorExt, PooledExecutor, ScopedSession, SessionSettings, SessionSource, Statement,
};

use super::Runner;
use crate::error::Error;
use crate::fence;
use crate::lease::{GUARDED, Write};
use crate::plan::PlannedStep;

/// How long the server lets one statement run. What a step may take is kept by the client, which may be given more.
const CEILING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Opens a session and learns its name.
pub(super) async fn open<S: SessionSource>(
    db: &PooledExecutor<S>,
    engine: Engine,
) -> Result<(ScopedSession<S>, String), Error> {
    let settings = SessionSettings::new()
        .statement_timeout(CEILING)
        .application_name("crdb-migrate");
    let attempted = "opening the session for the migrations";
    let session = db
        .session(&settings)
        .await
        .map_err(|error| Error::database(attempted, error))?;
    let id = fence::own_session(&*session, engine)
        .await
        .map_err(|error| Error::database(attempted, error))?;
    Ok((session, id))
}

impl<S: SessionSource> Runner<'_, S> {
    /// Ends sessions that worked for runners before this one, and notes that only this one's is left.
    pub(super) async fn fence(&self, earlier: &[String]) -> Result<(), Error> {
        if earlier.is_empty() {
            return Ok(());
        }
        for session in earlier {
            fence::end_session(self.db, self.engine, session).await?;
        }
        self.note_sessions(&self.work_id).await
    }

    /// Ends the session that the migrations ran on and takes another. What ran on it has ended then, one way or another.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        let (work, id) = open(self.db, self.engine).await?;
        let old = std::mem::replace(&mut self.work, work);
        let old_id = std::mem::replace(&mut self.work_id, id);
        self.note_sessions(&format!("{old_id} {}", self.work_id))
            .await?;
        // Held until it has ended, so that its source lends it to no other borrower before.
        let fenced = self.fence(&[old_id]).await;
        drop(old);
        fenced
    }

    async fn note_sessions(&self, sessions: &str) -> Result<(), Error> {
        let write = Write {
            text: format!(
                "UPDATE {} SET sessions = $1::TEXT WHERE id = {GUARDED}",
                self.tables.lease
            ),
            parameters: vec![&sessions],
        };
        self.write("noting the runner's session", &[write]).await
    }

    /// Sets what a file has set before this statement.
    pub(super) async fn apply_settings(&self, step: &PlannedStep) -> Result<(), crdb_exec::Error> {
        for setting in &step.settings {
            self.work
                .execute(Statement::new(&setting.text), &[])
                .await?;
        }
        Ok(())
    }

    /// Resets it.
    pub(super) async fn reset_settings(&self, step: &PlannedStep) -> Result<(), crdb_exec::Error> {
        for setting in &step.settings {
            let text = format!("RESET {}", setting.name);
            self.work.execute(text.as_str(), &[]).await?;
        }
        Ok(())
    }
}
