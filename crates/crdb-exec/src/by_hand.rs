//! A transaction that the caller begins and ends.

use crate::deadline;
use crate::error::{Error, ErrorKind};
use crate::observer::{Failure, Operation, Outcome};
use crate::options::TransactionOptions;
use crate::pooled::PooledExecutor;
use crate::session::SessionSource;
use crate::transaction::Transaction;
use crate::verdict::Verdict;
use std::fmt;
use std::ops::Deref;
use std::pin::pin;
use tokio::time::{Instant, timeout_at};

/// A transaction that was [begun](PooledExecutor::begin) by hand: nothing in it is tried again.
///
/// It gives its statements as a [`Transaction`]. Dropped before [`commit`](Self::commit), it is rolled back by the source of
/// its session, before the session is lent again.
pub struct OpenTransaction<S: SessionSource> {
    transaction: Transaction<S>,
    name: String,
    operation: Operation<'static>,
}

impl<S: SessionSource> PooledExecutor<S> {
    /// Begins a transaction that the caller ends. Prefer [`transact`](Self::transact), which runs the work again when it
    /// has lost against other transactions; here that is the caller's task, for as long as
    /// [`Error::is_retryable`] says so.
    ///
    /// The options' timeout, or the executor's, counts from here to the end of COMMIT.
    ///
    /// ```
    /// use crdb_exec::{Error, ExecutorExt, PooledExecutor, SessionSource, TransactionOptions};
    ///
    /// async fn rename<S: SessionSource>(db: &PooledExecutor<S>, id: i64, name: &str) -> Result<(), Error> {
    ///     let tx = db.begin(&TransactionOptions::new()).await?;
    ///     tx.execute("UPDATE customer SET name = $2 WHERE id = $1", &[&id, &name]).await?;
    ///     tx.commit().await
    /// }
    /// ```
    ///
    /// # Errors
    /// When no session can be had or BEGIN fails; [`ErrorKind::Unsupported`] with an idempotency key, which belongs to
    /// `transact`.
    ///
    /// # Cancel safety
    /// Dropping the future leaves no transaction open.
    pub async fn begin(&self, options: &TransactionOptions) -> Result<OpenTransaction<S>, Error> {
        if options.key().is_some() {
            let attempted = format!("beginning {}", options.label());
            return Err(
                Error::new(ErrorKind::Unsupported, Verdict::Never, attempted)
                    .with_advice("a transaction with an idempotency key is run by `transact`"),
            );
        }
        let started = Instant::now();
        let deadline = options
            .own_timeout()
            .or(self.timeout())
            .and_then(|limit| deadline::after(started, limit));
        self.earn();
        let operation = Operation::transaction(self.observer(), options.given_name(), started);
        let opened = {
            let opening = pin!(self.open_by_hand(options, deadline));
            operation.scope(opening).await
        };
        match opened {
            Ok(transaction) => Ok(OpenTransaction {
                transaction,
                name: options.label().to_owned(),
                operation: operation.keep(),
            }),
            Err(error) => {
                operation.end(Outcome::Failed(Failure::of(&error)), 0, None);
                Err(error)
            }
        }
    }
}

impl<S: SessionSource> OpenTransaction<S> {
    /// Commits.
    ///
    /// # Errors
    /// [`ErrorKind::RolledBack`] when a statement in it had failed; else as COMMIT is answered. An unknown outcome is an
    /// [error that says so](Error::is_outcome_unknown).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the outcome unknown.
    pub async fn commit(self) -> Result<(), Error> {
        let attempted = format!("committing {}", self.name);
        let deadline = self.transaction.deadline();
        let commit = self.transaction.commit(&attempted);
        let result = match deadline.map(|deadline| deadline + deadline::GRACE) {
            None => commit.await,
            Some(deadline) => match timeout_at(deadline, commit).await {
                Ok(result) => result,
                Err(_) => Err(Error::new(
                    ErrorKind::Timeout,
                    Verdict::OutcomeUnknown,
                    attempted,
                )),
            },
        };
        self.transaction.end();
        self.operation.end(Outcome::of(&result), 0, None);
        result
    }

    /// Rolls back. When that cannot be done at once, the session's source does it.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it to the session's source.
    pub async fn rollback(self) {
        self.transaction.roll_back().await;
        self.transaction.end();
        self.operation.end(Outcome::RolledBack, 0, None);
    }
}

impl<S: SessionSource> Deref for OpenTransaction<S> {
    type Target = Transaction<S>;

    fn deref(&self) -> &Transaction<S> {
        &self.transaction
    }
}

impl<S: SessionSource> fmt::Debug for OpenTransaction<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTransaction")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
