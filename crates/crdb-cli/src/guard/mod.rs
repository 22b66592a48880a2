//! What may be done with a database: all, or only reading where the configuration marks it as production.
//!
//! Two fences stand against mistakes: statements that write, or that would lift the other fence, are refused here; and the server refuses
//! to write in these sessions. Against intent only rights help: give people a role that cannot write.

mod audit;
mod statement;

use anyhow::Result;
use crdb_facade::Config;
use crdb_facade::config::keys;

use crate::exit::{Exit, Usage};
use audit::Lift;
pub(crate) use audit::SIGNER;
pub(crate) use statement::only_reads;

/// What may be done.
pub(crate) struct Guard {
    access: Access,
}

enum Access {
    All,
    ReadOnly,
    Lifted(Lift),
}

impl Guard {
    /// What this configuration allows, with the reason that was given to write.
    ///
    /// # Errors
    /// [`Usage`] when a reason is needed to be audited and cannot be.
    pub(crate) fn of(config: &Config, reason: Option<&str>) -> Result<Self> {
        let access = match (config.get(keys::cli::PRODUCTION), reason) {
            (false, _) => Access::All,
            (true, None) => Access::ReadOnly,
            (true, Some(reason)) => Access::Lifted(Lift::open(config, reason)?),
        };
        Ok(Self { access })
    }

    /// Whether the database is only read.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(self.access, Access::ReadOnly)
    }

    /// Refuses a statement that does not only read, where nothing else is allowed.
    ///
    /// # Errors
    /// [`Usage`] with the reason.
    pub(crate) fn check(&self, text: &str) -> Result<()> {
        if !self.only_reads() {
            return Ok(());
        }
        statement::only_reads(text).map_err(|why| {
            Usage::new(format!(
                "{why}, and cli.production marks this database as one that is only read; give --reason to write"
            ))
            .into()
        })
    }

    /// Refuses a command that writes, where nothing but reading is allowed.
    ///
    /// # Errors
    /// [`Usage`].
    pub(crate) fn may_write(&self, command: &str) -> Result<()> {
        if self.only_reads() {
            return Err(Usage::new(format!(
                "{command} writes, and cli.production marks this database as one that is only read; give --reason to write"
            ))
            .into());
        }
        Ok(())
    }

    /// Does some work, a named one or that of a text. If the fence was lifted for it, the audit log has it before and after.
    ///
    /// # Errors
    /// When it cannot be written to the log that the work begins: then it does not. Else as the work, and when its end cannot be written.
    pub(crate) async fn record(
        &self,
        name: Option<&str>,
        text: &str,
        work: impl Future<Output = Result<Exit>>,
    ) -> Result<Exit> {
        let Access::Lifted(lift) = &self.access else {
            return work.await;
        };
        lift.begins(name, text).await?;
        let done = work.await;
        let exit = done.as_ref().map_or_else(Exit::of, |exit| *exit);
        let recorded = lift.ended(name, text, exit).await;
        let exit = done?;
        recorded?;
        Ok(exit)
    }

    /// Signs and closes the audit log, if the fence was lifted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn close(&self) -> Result<()> {
        match &self.access {
            Access::Lifted(lift) => lift.close().await,
            _ => Ok(()),
        }
    }
}
