//! Idempotency keys of transactions: claimed by each run, and asked where its outcome is unknown.

use super::Call;
use super::aborted::{Aborted, Cause};
use crate::error::{Error, ErrorKind};
use crate::executor::ExecutorExt;
use crate::idempotency::{self, IdempotencyKey, Resolution};
use crate::observer::{Failure, ResolveEvent};
use crate::pooled::PooledExecutor;
use crate::row::Row;
use crate::session::{NodeId, SessionSource};
use crate::statement::{RetrySafety, Statement};
use crate::transaction::Transaction;
use crate::verdict::Verdict;
use std::time::Duration;
use tokio::time::Instant;

/// How long resolving may take when nothing else limits it.
const RESOLVE_LIMIT: Duration = Duration::from_secs(30);

/// What stands under an idempotency key.
struct Found {
    resolution: Resolution,
    owner: String,
}

impl<S: SessionSource> PooledExecutor<S> {
    /// Writes the idempotency key as part of the transaction.
    pub(super) async fn claim(
        &self,
        call: &Call<'_>,
        transaction: &Transaction<S>,
    ) -> Result<(), Error> {
        let (Some(key), Some(owner)) = (call.options.key(), &call.owner) else {
            return Ok(());
        };
        let claim = Statement::new(idempotency::CLAIM).named("crdb_exec.claim");
        let claimed = transaction.execute(claim, &[&key.as_str(), owner]).await?;
        if claimed > 0 {
            return Ok(());
        }
        let look = Statement::new(idempotency::LOOK).named("crdb_exec.look");
        let row = transaction.fetch_optional(look, &[&key.as_str()]).await?;
        let attempted = call.attempted("claiming the key of");
        let kind = match row.map(|row| row.get::<bool>(0usize)).transpose()? {
            Some(false) => ErrorKind::AlreadyCommitted,
            Some(true) => ErrorKind::Abandoned,
            // It was pruned in between.
            None => return Err(Error::new(ErrorKind::Server, Verdict::Retry, attempted)),
        };
        Err(Error::new(kind, Verdict::Never, attempted))
    }

    /// Where the outcome of a run is unknown and there is a key: finds out, and says whether it is committed.
    pub(super) async fn resolve_unknown<T, E>(
        &self,
        call: &Call<'_>,
        aborted: &mut Aborted<T, E>,
    ) -> Option<bool> {
        let unknown = aborted
            .failure
            .is_some_and(|failure| failure.verdict == Verdict::OutcomeUnknown)
            // What it did after it had ended is not under the key.
            && !aborted.ended;
        let (true, Some(key), Some(owner)) = (unknown, call.options.key(), &call.owner) else {
            return None;
        };
        let left = match call.deadline {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                // The deadline holds for this, too.
                (!left.is_zero()).then_some(left)?
            }
            None => RESOLVE_LIMIT,
        };
        let started = Instant::now();
        let found = self.resolve_as(key, owner, left, aborted.node).await.ok();
        if let Some(observer) = self.observer() {
            observer.resolved(&ResolveEvent {
                name: call.options.given_name(),
                committed: found
                    .as_ref()
                    .map(|found| found.resolution == Resolution::Committed),
                elapsed: started.elapsed(),
            });
        }
        let found = found?;
        let attempted = || call.attempted("resolving the key of");
        let error = match found.resolution {
            Resolution::Committed if found.owner == *owner => return Some(true),
            Resolution::Committed => {
                Error::new(ErrorKind::AlreadyCommitted, Verdict::Never, attempted())
                    .with_advice("another call with this key committed it")
            }
            // This run will never commit, and the key is free for the next one.
            Resolution::Abandoned if found.owner == *owner => {
                if let Some(failure) = &mut aborted.failure {
                    failure.verdict = Verdict::Retry;
                    if let Cause::Ours(error) = &mut aborted.cause {
                        error.set_verdict(Verdict::Retry);
                    }
                }
                return Some(false);
            }
            Resolution::Abandoned => Error::new(ErrorKind::Abandoned, Verdict::Never, attempted()),
        };
        aborted.failure = Some(Failure::of(&error));
        aborted.cause = Cause::Ours(error);
        Some(false)
    }

    /// Finds out what became of the work of `key`, and uses the key up if it is not committed: work that is still running
    /// will fail to commit.
    ///
    /// Dropping the future leaves open whether the key is used up; asking again gives the same answer.
    ///
    /// # Errors
    /// [`Error`] when the question could not be answered. It may be asked again.
    pub async fn resolve(&self, key: &IdempotencyKey) -> Result<Resolution, Error> {
        let limit = self.timeout().unwrap_or(RESOLVE_LIMIT);
        let found = self
            .resolve_as(key, idempotency::CLOSED, limit, None)
            .await?;
        Ok(found.resolution)
    }

    async fn resolve_as(
        &self,
        key: &IdempotencyKey,
        owner: &str,
        limit: Duration,
        avoid: Option<NodeId>,
    ) -> Result<Found, Error> {
        let statement = Statement::new(idempotency::RESOLVE)
            .named("crdb_exec.resolve")
            .retry(RetrySafety::Safe)
            .timeout(limit);
        let rows = self
            .fetch_avoiding(avoid, statement, &[&key.as_str(), &owner], 1)
            .await?;
        let Some(row) = rows.first() else {
            return Err(Error::new(
                ErrorKind::NoRow,
                Verdict::OutcomeUnknown,
                "resolving an idempotency key",
            ));
        };
        Ok(Found {
            resolution: if row.get(0)? {
                Resolution::Abandoned
            } else {
                Resolution::Committed
            },
            owner: row.get(1)?,
        })
    }
}
