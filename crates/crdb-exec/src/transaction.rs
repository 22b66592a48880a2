mod statements;

pub use statements::TransactionRows;

use crate::answer::{Answer, TransactionStatus};
use crate::comment::SqlComments;
use crate::control::{Control, ControlStep};
use crate::deadline::{self, Waited};
use crate::effect::EndedBy;
use crate::error::{Effort, Error, ErrorKind};
use crate::observer::{Failure, Observer, Operation, Outcome};
use crate::progress::{Obstacle, Progress, Request};
use crate::session::{Engine, Parameters, Session, SessionSource};
use crate::sqlstate::SqlState;
use crate::statement::Statement;
use crate::transact::TransactionBody;
use crate::verdict::{CommitErrors, Position, Verdict};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a ROLLBACK may take before the session is left to its source in the state in which it is.
const ROLLBACK_LIMIT: Duration = Duration::from_millis(500);

/// An open transaction: what the body of [`transact`](crate::PooledExecutor::transact) runs its statements on.
///
/// It is an [`Executor`](crate::Executor). A statement's error has the verdict of the whole transaction: return it, and `transact` does
/// what is right. An error that the body swallows comes back at the end, because the server does not commit after an error;
/// to go on after one, use [`savepoint`](Self::savepoint).
///
/// A statement that ends the transaction (COMMIT, ROLLBACK, DDL before which CockroachDB commits) is an error at once:
/// [`ErrorKind::Misuse`], with an unknown outcome. Nothing is sent after it, and nothing is run again.
pub struct Transaction<S: SessionSource> {
    open: Arc<Open<S>>,
    /// The savepoints that were open when this was made.
    level: u32,
    /// Whether each statement keeps to the transaction's deadline, because nothing around them does.
    keeps_deadline: bool,
}

/// What a transaction and its savepoints share.
struct Open<S: SessionSource> {
    lease: S::Lease,
    /// A cancel that may still be on its way; the session is not given back before it has arrived.
    cancel: Mutex<Option<JoinHandle<()>>>,
    progress: Progress,
    /// Whether the answer to BEGIN told the transaction's status.
    watched: AtomicBool,
    commit_errors: CommitErrors,
    deadline: Option<Instant>,
    observer: Option<Arc<dyn Observer>>,
    comments: Option<SqlComments>,
}

impl<S: SessionSource> Transaction<S> {
    /// Takes a session whose transaction is about to begin.
    pub(crate) fn new(
        lease: S::Lease,
        ended_by: EndedBy,
        commit_errors: CommitErrors,
        deadline: Option<Instant>,
        observer: Option<Arc<dyn Observer>>,
        comments: Option<SqlComments>,
    ) -> Self {
        let progress = Progress::new(lease.engine(), ended_by);
        Self {
            open: Arc::new(Open {
                lease,
                cancel: Mutex::default(),
                progress,
                watched: AtomicBool::new(false),
                commit_errors,
                deadline,
                observer,
                comments,
            }),
            level: 0,
            keeps_deadline: false,
        }
    }

    /// From here on each statement ends at the transaction's deadline.
    pub(crate) fn keep_to_deadline(&mut self) {
        self.keeps_deadline = true;
    }

    /// When a statement has to be answered.
    fn limit_of(&self, statement: Statement<'_>) -> Option<Instant> {
        let own = statement
            .own_timeout()
            .and_then(|limit| deadline::after(Instant::now(), limit));
        let whole = self.open.deadline.filter(|_| self.keeps_deadline);
        match (own, whole) {
            (Some(own), Some(whole)) => Some(own.min(whole)),
            (own, whole) => own.or(whole),
        }
    }

    /// The same transaction, for the body that runs on it. It is gone before the transaction ends.
    pub(crate) fn share(&self) -> Self {
        Self {
            open: Arc::clone(&self.open),
            level: self.level,
            keeps_deadline: self.keeps_deadline,
        }
    }

    /// The database at the other end.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.open.lease.engine()
    }

    /// When the transaction has to be over, if it has to. Work that is not a statement may want to know.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.open.deadline
    }

    /// Whether its body may have changed something, or set something for what follows: a statement has been sent that is not known to
    /// only read. Always true unless the options ask to [note changes](crate::TransactionOptions::note_changes). What a savepoint has undone
    /// counts as well.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.open.progress.has_changed()
    }

    pub(crate) fn note_changes(&self) {
        self.open.progress.note_changes();
    }

    /// Runs `body` under a savepoint: when it fails, only what it did is undone, and the transaction goes on.
    ///
    /// The body runs its statements on the transaction that it is given. Until the savepoint has ended, statements on
    /// `self` are refused with [`ErrorKind::Misuse`]: the savepoint would undo them. For the same reason the savepoint is
    /// refused while a statement on `self` is running.
    ///
    /// ```
    /// use crdb_exec::{Error, ExecutorExt, SessionSource, Transaction};
    ///
    /// async fn add<S: SessionSource>(tx: &Transaction<S>, id: i64) -> Result<bool, Error> {
    ///     let added = tx
    ///         .savepoint(async |tx| tx.execute("INSERT INTO account VALUES ($1, 0)", &[&id]).await)
    ///         .await;
    ///     match added {
    ///         Ok(_) => Ok(true),
    ///         Err(error) if error.is_unique_violation() => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// A serialization failure or a lost connection is not undone like this; it still ends the transaction, and `transact`
    /// runs it again.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a part of the body's work in the transaction, which therefore cannot be committed.
    ///
    /// # Errors
    /// What `body` fails with; [`ErrorKind::RolledBack`] when a statement in it failed and it returned success all the
    /// same; [`ErrorKind::Misuse`] when another savepoint is open or a statement is running; [`Error`] when the savepoint itself fails.
    pub async fn savepoint<T, E, F>(&self, body: F) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: AsyncFn(&Self) -> Result<T, E>,
        F: for<'t> TransactionBody<'t, Self, Result<T, E>>,
    {
        self.savepoint_as(|inner| inner, body).await
    }

    /// Runs `body` as [`savepoint`](Self::savepoint) does, on a transaction of the caller's own type: for a layer above that adds
    /// something to it.
    ///
    /// # Cancel safety
    /// As [`savepoint`](Self::savepoint).
    ///
    /// # Errors
    /// As [`savepoint`](Self::savepoint).
    pub async fn savepoint_as<W, T, E, F>(
        &self,
        wrap: impl Fn(Self) -> W + Send + Sync,
        body: F,
    ) -> Result<T, E>
    where
        W: Send + Sync,
        T: Send,
        E: From<Error> + Send,
        F: for<'t> TransactionBody<'t, W, Result<T, E>>,
    {
        let progress = &self.open.progress;
        let savepoint = progress.open_savepoint(self.level)?;
        let number = savepoint.number();
        let inner = Self {
            open: Arc::clone(&self.open),
            level: self.level + 1,
            keeps_deadline: self.keeps_deadline,
        };
        // Not "cockroach_restart", whose release would commit.
        let set = format!("SAVEPOINT crdb_exec_{number}");
        if let Err(error) = inner.control(&set).await {
            savepoint.close();
            return Err(E::from(error));
        }
        let result = {
            let lent = wrap(inner.share());
            body.run(&lent).await
        };
        let failure = progress.failure();
        let (control, result) = match (result, failure) {
            (Ok(value), None) => {
                let release = format!("RELEASE SAVEPOINT crdb_exec_{number}");
                let released = inner.control(&release).await;
                savepoint.close();
                released?;
                return Ok(value);
            }
            (Ok(_), Some(first)) => {
                let error = Error::new(
                    ErrorKind::RolledBack,
                    first.verdict,
                    "releasing a savepoint",
                )
                .with_advice("a statement under it failed and its error was not returned");
                (!progress.is_lost(), Err(E::from(error)))
            }
            (Err(error), _) => (!progress.is_lost(), Err(error)),
        };
        if control {
            let undo = format!(
                "ROLLBACK TO SAVEPOINT crdb_exec_{number}; RELEASE SAVEPOINT crdb_exec_{number}"
            );
            let undone = inner.control(&undo).await;
            savepoint.close();
            undone?;
        } else {
            savepoint.close();
        }
        result
    }

    /// Runs a statement of a savepoint.
    async fn control(&self, text: &str) -> Result<(), Error> {
        let request = self
            .open
            .progress
            .control(self.level, Statement::new(text))?;
        let reply = pin!(
            self.open
                .lease
                .control(Control::new(ControlStep::Savepoint, text))
        );
        self.read(request, reply).await
    }

    /// Waits for a statement's answer.
    async fn read<T: Send>(
        &self,
        request: Request<'_>,
        reply: Pin<&mut (impl Future<Output = Answer<T>> + Send)>,
    ) -> Result<T, Error> {
        let limit = self.limit_of(request.statement());
        match deadline::wait(&*self.open.lease, limit, reply).await {
            Waited::Answered(answer) => request.answered(answer),
            // The cancel may still be on its way and hit what comes next, so the transaction is over either way.
            Waited::AnsweredLate(answer, cancel) => {
                let statement = request.statement();
                let answered = request.answered(answer);
                let error = self.out_of_time(statement, cancel);
                Err(match answered {
                    Err(ended) if self.open.progress.has_ended() => ended,
                    _ => error,
                })
            }
            Waited::Silent(cancel) => {
                let statement = request.statement();
                let may_end = request.may_end();
                drop(request);
                let error = self.out_of_time(statement, cancel);
                Err(if may_end {
                    error.with_verdict(Verdict::OutcomeUnknown)
                } else {
                    error
                })
            }
        }
    }

    fn out_of_time(&self, statement: Statement<'_>, cancel: JoinHandle<()>) -> Error {
        *self
            .open
            .cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(cancel);
        let error = Error::new(
            ErrorKind::Timeout,
            Verdict::Never,
            format!("running \"{}\" in a transaction", statement.label()),
        )
        .after(Effort {
            timeout: statement.own_timeout(),
            attempts: 1,
            last: None,
        });
        self.open.progress.fail(Failure::of(&error));
        error
    }

    /// The text of a statement with its comment, where it gets one.
    fn commented(&self, statement: &Statement<'_>) -> Option<Arc<str>> {
        self.open.comments.as_ref()?.text_of(statement)
    }

    /// Tells the observer that a statement begins.
    fn observed<'a>(
        &'a self,
        statement: &Statement<'a>,
        parameters: Parameters<'_>,
    ) -> Operation<'a> {
        let observer = self.open.observer.as_ref();
        Operation::statement(observer, statement, parameters, true, Instant::now())
    }

    /// Runs a request that a layer above makes on the [`lease`](Self::lease), such as a COPY, and watches its answer as it does a
    /// statement's. `statement` is what the request runs; `request` is not polled before the transaction admits it.
    ///
    /// # Errors
    /// As a statement's.
    ///
    /// # Cancel safety
    /// As a statement's.
    pub async fn request<T: Send>(
        &self,
        statement: Statement<'_>,
        request: impl Future<Output = Answer<T>> + Send,
    ) -> Result<T, Error> {
        let operation = self.observed(&statement, &[]);
        let result = match self.open.progress.request(self.level, statement) {
            Ok(admitted) => self.read(admitted, pin!(request)).await,
            Err(refused) => Err(refused),
        };
        operation.end(Outcome::of(&result), 0, None);
        result
    }

    /// The session that the transaction runs on, as its source lent it: for what a source keeps with its leases. Statements
    /// belong on the transaction itself, which watches what becomes of them.
    #[must_use]
    pub fn lease(&self) -> &S::Lease {
        &self.open.lease
    }

    /// Keeps the session from its source until the cancel is over.
    pub(crate) fn keep_until(self, cancel: JoinHandle<()>) {
        deadline::keep_until(cancel, self.open);
    }

    /// As [`keep_until`](Self::keep_until), and cancels once more: the work did not answer and has been dropped.
    pub(crate) fn give_up(self, cancel: JoinHandle<()>) {
        deadline::give_up(cancel, self.open, |open| &*open.lease);
    }

    /// Gives the session back, once no cancel is on its way to it.
    pub(crate) fn end(self) {
        let cancel = self
            .open
            .cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(cancel) = cancel {
            self.give_up(cancel);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.open
            .cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Whether the failure that the server holds against it is a cancel.
    pub(crate) fn was_cancelled(&self) -> bool {
        self.failure()
            .is_some_and(|failure| failure.kind == ErrorKind::Cancelled)
    }

    /// The failure that the transaction has met, if it has.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.open.progress.failure()
    }

    /// Whether a statement has ended the transaction, or may have: then nothing is run again, and every failure is
    /// unknown.
    pub(crate) fn has_ended(&self) -> bool {
        self.open.progress.has_ended()
    }

    /// Begins with the text that [`TransactionOptions::begin`](crate::TransactionOptions) made.
    ///
    /// CockroachDB before v22.1 does not know the `SET LOCAL` in it, and answers 0A000 before any of it runs. Without it
    /// the client's clock alone limits the transaction.
    pub(crate) async fn begin(&self, text: &str) -> Result<(), Error> {
        let request = self.open.progress.begin(Statement::new(text));
        let lease = &self.open.lease;
        let begin = lease.control(Control::new(ControlStep::Begin, text));
        let mut answer = match self.open.deadline.filter(|_| self.keeps_deadline) {
            None => begin.await,
            Some(deadline) => match timeout_at(deadline, begin).await {
                Ok(answer) => answer,
                Err(_) => {
                    drop(request);
                    let attempted = "beginning a transaction";
                    return Err(Error::new(ErrorKind::Timeout, Verdict::Never, attempted));
                }
            },
        };
        let unknown_local = answer
            .fault()
            .is_some_and(|fault| fault.sqlstate() == Some(SqlState::FEATURE_NOT_SUPPORTED));
        if unknown_local && let Some((begin, _)) = text.split_once(';') {
            answer = lease.control(Control::new(ControlStep::Begin, begin)).await;
        }
        let status = answer.status();
        self.open.watched.store(status.is_some(), Ordering::Relaxed);
        if answer.is_answered() && status == Some(TransactionStatus::Idle) {
            // No transaction is open, so its status is no news about one.
            return request.answered(answer.with_status(None)).and_then(|()| {
                let error =
                    Error::new(ErrorKind::Server, Verdict::Never, "beginning a transaction");
                Err(error.with_advice("BEGIN succeeded, and no transaction is open"))
            });
        }
        request.answered(answer)
    }

    /// Commits, and believes only the command tag of its own answer.
    ///
    /// Dropping the future leaves the outcome unknown.
    pub(crate) async fn commit(&self, attempted: &str) -> Result<(), Error> {
        let watched = self.open.watched.load(Ordering::Relaxed);
        if let Some(obstacle) = self.open.progress.obstacle(watched) {
            self.roll_back().await;
            let refused =
                |kind, verdict, advice| Error::new(kind, verdict, attempted).with_advice(advice);
            return Err(match obstacle {
                Obstacle::Ended => refused(
                    ErrorKind::Misuse,
                    Verdict::OutcomeUnknown,
                    "a statement in it had ended it",
                ),
                Obstacle::Doubtful => refused(
                    ErrorKind::Misuse,
                    Verdict::OutcomeUnknown,
                    "a statement that may have ended it was dropped before its answer",
                ),
                Obstacle::Torn => refused(
                    ErrorKind::Misuse,
                    Verdict::Never,
                    "a savepoint in it was dropped before its end",
                ),
                Obstacle::Failed(first) => refused(
                    ErrorKind::RolledBack,
                    first.verdict,
                    "a statement in it failed and its error was not returned",
                ),
                Obstacle::Unread => refused(
                    ErrorKind::RolledBack,
                    Verdict::Never,
                    "a result in it was not read to its end, and nothing else can tell whether it was an error",
                ),
            });
        }
        let commit = Control::new(ControlStep::Commit, "COMMIT");
        let answer = self.open.lease.control(commit).await;
        let answered = answer.is_answered();
        let tag = answer.tags().last().copied();
        match (tag, answer.into_result()) {
            // The tag counts also when the connection ended right behind it.
            (Some(tag), _) if tag == "COMMIT" => Ok(()),
            (Some(tag), _) if tag == "ROLLBACK" && answered => {
                Err(Error::new(ErrorKind::RolledBack, Verdict::Never, attempted))
            }
            (_, Err(fault)) => {
                let position = Position::Commit(self.open.commit_errors);
                Err(Error::from_fault(fault, position, self.engine(), attempted))
            }
            (None, Ok(())) if !watched => Ok(()),
            (_, Ok(())) => Err(Error::new(
                ErrorKind::Misuse,
                Verdict::OutcomeUnknown,
                attempted,
            )),
        }
    }

    /// Rolls back where that is possible at once; else the source deals with the session as it is.
    pub(crate) async fn roll_back(&self) {
        let progress = &self.open.progress;
        let lease = &self.open.lease;
        if lease.is_closed() || self.is_cancelled() || progress.is_unread() || progress.has_ended()
        {
            return;
        }
        let rollback = Control::new(ControlStep::Rollback, "ROLLBACK");
        // When it does not come to its end, the session stays unfinished.
        drop(timeout(ROLLBACK_LIMIT, lease.control(rollback)).await);
    }
}
