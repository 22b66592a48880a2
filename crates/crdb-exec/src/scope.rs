//! A session for one block of work, with settings that end with it.

mod settings;
mod source;

pub use settings::SessionSettings;
pub use source::{ScopeLease, ScopeSession, ScopeSource};

use crate::control::{Control, ControlStep};
use crate::error::{Error, ErrorKind};
use crate::pooled::PooledExecutor;
use crate::session::{AcquireOptions, Session, SessionSource};
use crate::verdict::{Position, Verdict};
use std::fmt;
use std::ops::Deref;

/// A session for a block of work: an executor whose statements and transactions all run on the same session, with settings
/// that are restored by [`end`](Self::end). Made by [`PooledExecutor::session`].
///
/// It runs one thing at a time; what comes beside it waits. A statement or transaction in it that is dropped before its end
/// ends the session's use: what comes after is refused.
///
/// Dropped without [`end`](Self::end), the session's source restores the settings, at the price of a reset.
pub struct ScopedSession<S: SessionSource> {
    executor: PooledExecutor<ScopeSource<S>>,
    restore: String,
}

impl<S: SessionSource> PooledExecutor<S> {
    /// Borrows a session for a block of work and applies these settings to it.
    ///
    /// Retries, observer and timeouts are those of this executor.
    ///
    /// ```
    /// use std::time::Duration;
    /// use crdb_exec::{Error, ExecutorExt, PooledExecutor, SessionSettings, SessionSource};
    ///
    /// async fn nightly<S: SessionSource>(db: &PooledExecutor<S>) -> Result<u64, Error> {
    ///     let settings = SessionSettings::new()
    ///         .application_name("nightly")
    ///         .statement_timeout(Duration::from_secs(600));
    ///     let session = db.session(&settings).await?;
    ///     let removed = session.execute("DELETE FROM event WHERE age(at) > '1 year'", &[]).await?;
    ///     session.end().await?;
    ///     Ok(removed)
    /// }
    /// ```
    ///
    /// # Errors
    /// When no session can be had, or the server refuses a setting.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing set for the next borrower.
    pub async fn session(&self, settings: &SessionSettings) -> Result<ScopedSession<S>, Error> {
        let attempted = "opening a session for a block of work";
        let deadline = self.deadline();
        let lease = self.lease(deadline, None, attempted).await?;
        let node = self.source().node(&lease);
        let ceiling = settings.ceiling();
        let source = ScopeSource::new(lease, node, ceiling);
        let scope = source
            .acquire(AcquireOptions::default())
            .await
            .map_err(|error| {
                Error::new(ErrorKind::Acquire, Verdict::Never, attempted)
                    .with_source(error.into_source())
            })?;
        let work = async {
            let mut restore = Vec::new();
            for (name, show) in settings.shows() {
                let engine = scope.engine();
                let before = scope.show(show).await.map_err(|fault| {
                    Error::from_fault(fault, Position::InTransaction, engine, attempted)
                })?;
                restore.push(settings::restoring(name, &before));
            }
            let apply = settings.applying();
            if !apply.is_empty() {
                let control = Control::new(ControlStep::Scope, &apply);
                let answer = scope.control(control).await;
                answer.into_result().map_err(|fault| {
                    Error::from_fault(fault, Position::InTransaction, scope.engine(), attempted)
                })?;
            }
            Ok(restore.join("; "))
        };
        let restore = match deadline {
            None => work.await?,
            Some(deadline) => tokio::time::timeout_at(deadline, work)
                .await
                .map_err(|_| Error::new(ErrorKind::Timeout, Verdict::Never, attempted))??,
        };
        drop(scope);
        Ok(ScopedSession {
            executor: self.over(source),
            restore,
        })
    }
}

impl<S: SessionSource> ScopedSession<S> {
    /// Restores the settings and gives the session back.
    ///
    /// # Errors
    /// When they could not be restored, or something in the block was dropped before its end: the session's source then
    /// resets or closes the session.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it to the session's source.
    pub async fn end(self) -> Result<(), Error> {
        let attempted = "ending a session for a block of work";
        let scope = self
            .executor
            .lease(self.executor.deadline(), None, attempted)
            .await?;
        if self.restore.is_empty() {
            return Ok(());
        }
        let control = Control::new(ControlStep::Restore, &self.restore);
        let restored = scope.control(control);
        let answer = match self.executor.deadline() {
            None => restored.await,
            Some(deadline) => tokio::time::timeout_at(deadline, restored)
                .await
                .map_err(|_| Error::new(ErrorKind::Timeout, Verdict::Never, attempted))?,
        };
        let engine = scope.engine();
        answer
            .into_result()
            .map_err(|fault| Error::from_fault(fault, Position::InTransaction, engine, attempted))
    }
}

impl<S: SessionSource> Deref for ScopedSession<S> {
    type Target = PooledExecutor<ScopeSource<S>>;

    fn deref(&self) -> &Self::Target {
        &self.executor
    }
}

impl<S: SessionSource> fmt::Debug for ScopedSession<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedSession").finish_non_exhaustive()
    }
}
