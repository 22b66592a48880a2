//! Running a transaction as often as is right.

mod aborted;
mod resolve;

use aborted::{Aborted, Cause};

use crate::deadline::{self, Waited};
use crate::effect::EndedBy;
use crate::error::{Error, ErrorKind};
use crate::observer::{Failure, Operation, Outcome};
use crate::options::{COMMITS_BEFORE_DDL, KNOWS_COMMIT_BEFORE_DDL, TransactionOptions};
use crate::pooled::{Attempts, Failed, PooledExecutor};
use crate::session::{Engine, NodeId, Session, SessionSource};
use crate::transaction::Transaction;
use crate::verdict::{Position, Verdict};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The body of a transaction: an async closure whose future can move between threads. Every
/// `async |tx: &Transaction<S>| -> Result<T, E> { .. }` that keeps to `Send` is one; there is no need to implement it.
///
/// It exists because an `AsyncFn` bound alone cannot say that the future is `Send`.
pub trait TransactionBody<'t, Argument: 't, Output>: Sync {
    /// Its future.
    type Future: Future<Output = Output> + Send;

    /// Runs it.
    fn run(&self, argument: &'t Argument) -> Self::Future;
}

impl<'t, Argument: 't, Output, F, Fut> TransactionBody<'t, Argument, Output> for F
where
    F: Fn(&'t Argument) -> Fut + Sync,
    Fut: Future<Output = Output> + Send,
{
    type Future = Fut;

    fn run(&self, argument: &'t Argument) -> Fut {
        self(argument)
    }
}

/// What every run of one call has in common.
struct Call<'a> {
    options: &'a TransactionOptions,
    deadline: Option<Instant>,
    /// Set when there is a key.
    owner: Option<String>,
}

impl Call<'_> {
    fn attempted(&self, what: &str) -> String {
        format!("{what} {}", self.options.label())
    }

    /// Whether the deadline has passed, as far as a server can tell that counts whole milliseconds.
    fn is_out_of_time(&self) -> bool {
        let soon = Instant::now() + Duration::from_millis(2);
        self.deadline.is_some_and(|deadline| soon >= deadline)
    }

    fn out_of_time(&self, verdict: Verdict) -> Error {
        Error::new(ErrorKind::Timeout, verdict, self.attempted("running"))
    }
}

impl<S: SessionSource> PooledExecutor<S> {
    /// Runs `body` in a transaction and commits it, as often as it takes.
    ///
    /// `body` may run several times, so it must have no effect but through the transaction that it is given. It is run
    /// again when it is certain that nothing took effect (a serialization failure, a connection lost before COMMIT): after
    /// a jittered wait, on another node if the node was what failed, until the attempts or the time of the options are
    /// used up. An error that `body` makes up itself rolls back and is returned as it is.
    ///
    /// When the deadline passes, what runs is cancelled, and the caller is free within 100 ms, be the server answering or
    /// not.
    ///
    /// Dropping the future abandons the transaction: it is rolled back, or its session closed, by the session's source. If
    /// COMMIT had been sent, the outcome is unknown.
    ///
    /// ```
    /// use crdb_exec::{ExecutorExt, PooledExecutor, Row, SessionSource, TransactionOptions};
    ///
    /// #[derive(Debug)]
    /// enum TransferError {
    ///     Insufficient,
    ///     Database(crdb_exec::Error),
    /// }
    ///
    /// impl From<crdb_exec::Error> for TransferError {
    ///     fn from(error: crdb_exec::Error) -> Self {
    ///         Self::Database(error)
    ///     }
    /// }
    ///
    /// async fn transfer<S: SessionSource>(
    ///     db: &PooledExecutor<S>,
    ///     from: i64,
    ///     to: i64,
    ///     amount: i64,
    /// ) -> Result<i64, TransferError> {
    ///     db.transact(&TransactionOptions::new().name("transfer"), async |tx| {
    ///         let row = tx
    ///             .fetch_one(
    ///                 "UPDATE account SET balance = balance - $2 WHERE id = $1 RETURNING balance",
    ///                 &[&from, &amount],
    ///             )
    ///             .await?;
    ///         let left: i64 = row.get("balance")?;
    ///         if left < 0 {
    ///             return Err(TransferError::Insufficient);
    ///         }
    ///         tx.execute(
    ///             "UPDATE account SET balance = balance + $2 WHERE id = $1",
    ///             &[&to, &amount],
    ///         )
    ///         .await?;
    ///         Ok(left)
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of `body`, or an [`Error`] made into it. With an idempotency key also
    /// [`ErrorKind::AlreadyCommitted`] and [`ErrorKind::Abandoned`].
    pub async fn transact<T, E, F>(&self, options: &TransactionOptions, body: F) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: AsyncFn(&Transaction<S>) -> Result<T, E>,
        F: for<'t> TransactionBody<'t, Transaction<S>, Result<T, E>>,
    {
        self.transact_as(options, |transaction| transaction, body)
            .await
    }

    /// Runs `body` as [`transact`](Self::transact) does, on a transaction of the caller's own type: for a layer above that adds
    /// something to it. `wrap` makes it anew for each attempt.
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    pub async fn transact_as<W, T, E, F>(
        &self,
        options: &TransactionOptions,
        wrap: impl Fn(Transaction<S>) -> W + Send + Sync,
        body: F,
    ) -> Result<T, E>
    where
        W: Send + Sync,
        T: Send,
        E: From<Error> + Send,
        F: for<'t> TransactionBody<'t, W, Result<T, E>>,
    {
        let started = Instant::now();
        let timeout = options.own_timeout().or(self.timeout());
        let call = Call {
            options,
            deadline: timeout.and_then(|timeout| deadline::after(started, timeout)),
            owner: options.key().map(|_| self.name_owner()),
        };
        self.earn();
        let mut attempts = Attempts {
            name: options.given_name(),
            is_transaction: true,
            started,
            began: started,
            made: 0,
            policy: Some(
                options
                    .own_policy()
                    .or(self.own_policy())
                    .unwrap_or(options.limited_attempts()),
            ),
            deadline: call.deadline,
            timeout,
            last: None,
        };
        let operation = Operation::transaction(self.observer(), attempts.name, started);
        let mut avoid = None;
        // A future is moved when it is spawned and kept for as long as it waits: the work has a box of its own.
        let mut work = Box::pin(async {
            loop {
                attempts.begin();
                operation.attempts(attempts.made);
                let observed =
                    Operation::attempt(self.observer(), attempts.name, true, attempts.made);
                let mut attempt = Box::pin(self.run_once(&call, avoid, &wrap, &body));
                let result = observed.scope(attempt.as_mut()).await;
                drop(attempt);
                let mut aborted = match result {
                    Ok((value, node)) => {
                        observed.end(Outcome::Done, 0, Some(node));
                        break Ok(value);
                    }
                    Err(aborted) => aborted,
                };
                observed.end(aborted.outcome(), 0, aborted.node);
                // What is rare has a box of its own, so that the future of every call stays small.
                if let Some(true) = Box::pin(self.resolve_unknown(&call, &mut aborted)).await
                    && let Some(value) = aborted.value.take()
                {
                    break Ok(value);
                }
                let again = match aborted.failure {
                    Some(failure) => {
                        let connection =
                            matches!(failure.kind, ErrorKind::Connection | ErrorKind::Acquire);
                        avoid = if connection { aborted.node } else { None };
                        self.try_again(&attempts, failure, aborted.node).await
                    }
                    None => false,
                };
                if !again {
                    break Err(aborted.after(attempts.effort()));
                }
                attempts.last = aborted.failure;
            }
        });
        let result = operation.scope(work.as_mut()).await;
        drop(work);
        match result {
            Ok(value) => {
                operation.end(Outcome::Done, 0, None);
                Ok(value)
            }
            Err(aborted) => {
                operation.end(aborted.outcome(), 0, None);
                Err(aborted.cause.into_error())
            }
        }
    }

    /// The limit that the server gets: what is left of the call's time, where that is less than the session's own.
    async fn server_limit(
        &self,
        lease: &S::Lease,
        options: &TransactionOptions,
        deadline: Option<Instant>,
    ) -> Result<Option<Duration>, Failed> {
        let Some(deadline) = deadline else {
            return Ok(None);
        };
        let attempted = format!("beginning {}", options.label());
        let ceiling = match timeout_at(deadline, lease.statement_ceiling()).await {
            Ok(Ok(ceiling)) => ceiling,
            Ok(Err(fault)) => {
                let engine = lease.engine();
                let error = Error::from_fault(fault, Position::InTransaction, engine, attempted);
                let node = self.report(lease, Some(Failure::of(&error)));
                return Err(Failed {
                    error,
                    node: Some(node),
                });
            }
            Err(_) => {
                return Err(Failed {
                    error: Error::new(ErrorKind::Timeout, Verdict::Never, attempted),
                    node: Some(self.source().node(lease)),
                });
            }
        };
        let left = deadline.saturating_duration_since(Instant::now());
        Ok(ceiling.is_none_or(|ceiling| left < ceiling).then_some(left))
    }

    /// A transaction on this session that is about to begin, and the text that begins it.
    async fn prepare_transaction(
        &self,
        lease: S::Lease,
        options: &TransactionOptions,
        deadline: Option<Instant>,
    ) -> Result<(Transaction<S>, String), Failed> {
        let ended_by = ended_by(&*lease);
        let commit_errors = options.commit_errors(lease.engine(), lease.version());
        let limit = self.server_limit(&lease, options, deadline).await?;
        let begin = options
            .begin(lease.engine(), lease.version(), limit)
            .map_err(|error| Failed { error, node: None })?;
        let begin = match self.comments() {
            Some(comments) => comments.begin(options.given_name(), begin),
            None => begin,
        };
        let observer = self.observer().cloned();
        let comments = self.comments().cloned();
        let transaction =
            Transaction::new(lease, ended_by, commit_errors, deadline, observer, comments);
        Ok((transaction, begin))
    }

    /// Begins a transaction whose statements keep to the deadline themselves.
    pub(crate) async fn open_by_hand(
        &self,
        options: &TransactionOptions,
        deadline: Option<Instant>,
    ) -> Result<Transaction<S>, Error> {
        let attempted = format!("beginning {}", options.label());
        let lease = self.lease(deadline, None, &attempted).await?;
        let (mut transaction, begin) = self
            .prepare_transaction(lease, options, deadline)
            .await
            .map_err(|failed| failed.error)?;
        transaction.keep_to_deadline();
        if let Err(error) = transaction.begin(&begin).await {
            self.report(transaction.lease(), Some(Failure::of(&error)));
            transaction.roll_back().await;
            transaction.end();
            return Err(error);
        }
        Ok(transaction)
    }

    async fn run_once<W, T, E, F>(
        &self,
        call: &Call<'_>,
        avoid: Option<NodeId>,
        wrap: &(impl Fn(Transaction<S>) -> W + Send + Sync),
        body: &F,
    ) -> Result<(T, NodeId), Aborted<T, E>>
    where
        W: Send + Sync,
        T: Send,
        E: From<Error> + Send,
        F: for<'t> TransactionBody<'t, W, Result<T, E>>,
    {
        let attempted = call.attempted("beginning");
        let lease = self
            .lease(call.deadline, avoid, &attempted)
            .await
            .map_err(|error| Aborted::ours(error, None))?;
        let (transaction, begin) = self
            .prepare_transaction(lease, call.options, call.deadline)
            .await
            .map_err(|failed| Aborted::ours(failed.error, failed.node))?;

        let waited = {
            let work = pin!(async {
                transaction.begin(&begin).await.map_err(Cause::Ours)?;
                if call.owner.is_some() {
                    let claim = Box::pin(self.claim(call, &transaction));
                    claim.await.map_err(Cause::Ours)?;
                }
                if call.options.notes_changes() {
                    transaction.note_changes();
                }
                let lent = wrap(transaction.share());
                body.run(&lent).await.map_err(Cause::Body)
            });
            deadline::wait(&**transaction.lease(), call.deadline, work).await
        };
        let value = match waited {
            Waited::Answered(Ok(value)) => value,
            Waited::Answered(Err(cause)) => {
                // The server keeps to the same limit and may be a moment ahead of the timer here.
                let cause = if call.is_out_of_time() && transaction.was_cancelled() {
                    Cause::Ours(call.out_of_time(late_verdict(&transaction)))
                } else {
                    cause
                };
                return Err(Box::pin(self.abort(call, transaction, cause)).await);
            }
            // Without a COMMIT it is certain that nothing took effect, but the time is up.
            Waited::AnsweredLate(_, cancel) => {
                let node = self.source().node(transaction.lease());
                let verdict = late_verdict(&transaction);
                transaction.keep_until(cancel);
                return Err(Aborted::ours(call.out_of_time(verdict), Some(node)));
            }
            Waited::Silent(cancel) => {
                let node = self.source().node(transaction.lease());
                let verdict = late_verdict(&transaction);
                transaction.give_up(cancel);
                return Err(Aborted::ours(call.out_of_time(verdict), Some(node)));
            }
        };
        match self.commit(call, &transaction).await {
            Ok(()) => {
                if let Some(time) = call.options.asks_commit_time() {
                    time.ask(&**transaction.lease(), call.deadline).await;
                }
                let node = self.source().node(transaction.lease());
                Ok((value, node))
            }
            Err(error) => {
                let node = self.report(transaction.lease(), Some(Failure::of(&error)));
                let ended = transaction.has_ended();
                transaction.end();
                Err(Aborted {
                    value: Some(value),
                    ended,
                    ..Aborted::ours(error, Some(node))
                })
            }
        }
    }

    /// Commits. A COMMIT that is on its way is never cancelled: that would only add to the doubt.
    async fn commit(&self, call: &Call<'_>, transaction: &Transaction<S>) -> Result<(), Error> {
        let attempted = call.attempted("committing");
        let commit = transaction.commit(&attempted);
        match call.deadline.map(|deadline| deadline + deadline::GRACE) {
            None => commit.await,
            Some(deadline) => match timeout_at(deadline, commit).await {
                Ok(result) => result,
                Err(_) => Err(call.out_of_time(Verdict::OutcomeUnknown)),
            },
        }
    }

    /// Rolls back after an error of the body or of the statements before it.
    async fn abort<T, E>(
        &self,
        call: &Call<'_>,
        transaction: Transaction<S>,
        cause: Cause<E>,
    ) -> Aborted<T, E> {
        let mut failure = match &cause {
            Cause::Ours(error) => Some(Failure::of(error)),
            Cause::Body(_) => transaction.failure(),
        };
        let ended = transaction.has_ended();
        let cause = if ended {
            // Whatever the body says, what it did may be committed.
            let error = Error::new(
                ErrorKind::Misuse,
                Verdict::OutcomeUnknown,
                call.attempted("running"),
            )
            .with_advice("a statement in it had ended it");
            failure = Some(Failure::of(&error));
            Cause::Ours(error)
        } else {
            cause
        };
        let node = self.report(transaction.lease(), failure);
        let roll_back = transaction.roll_back();
        match call.deadline {
            None => roll_back.await,
            Some(deadline) => {
                // When there is no time, the session goes back as it is.
                drop(timeout_at(deadline + deadline::GRACE, roll_back).await);
            }
        }
        transaction.end();
        Aborted {
            cause,
            failure,
            node: Some(node),
            value: None,
            ended,
        }
    }
}

/// What can end a transaction on this session. BEGIN tells a CockroachDB that would commit before DDL by default not to. One that can be
/// set to do so, and one whose version is not known, may.
fn ended_by<S: Session>(session: &S) -> EndedBy {
    match (session.engine(), session.version()) {
        (Engine::CockroachDb, None) => EndedBy::Definition,
        (Engine::CockroachDb, Some(version))
            if (KNOWS_COMMIT_BEFORE_DDL..COMMITS_BEFORE_DDL).contains(&version) =>
        {
            EndedBy::Definition
        }
        _ => EndedBy::Control,
    }
}

/// What is certain when the time is up before COMMIT: nothing took effect, unless a statement has ended the transaction.
fn late_verdict<S: SessionSource>(transaction: &Transaction<S>) -> Verdict {
    if transaction.has_ended() {
        Verdict::OutcomeUnknown
    } else {
        Verdict::Never
    }
}
