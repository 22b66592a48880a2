use crate::deadline::{self, Waited};
use crate::error::{Error, ErrorKind};
use crate::executor::{Executor, Rows};
use crate::fault::Fault;
use crate::observer::{Failure, Observer, StatementEvent};
use crate::session::{Engine, Parameters, Session, SessionSource, TransactionStatus};
use crate::sqlstate::SqlState;
use crate::statement::Statement;
use crate::verdict::{Position, Verdict};
use futures_util::Stream;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// How long a ROLLBACK may take before the session is left to its source in the state in which it is.
const ROLLBACK_LIMIT: Duration = Duration::from_millis(500);

/// An open transaction: what the body of [`transact`](crate::PooledExecutor::transact) runs its statements on.
///
/// It is an [`Executor`]. A statement's error has the verdict of the whole transaction: return it, and `transact` does
/// what is right. Whoever swallows it gets it back at the end, because the server does not commit after an error; to go
/// on after one, use [`savepoint`](Self::savepoint).
pub struct Transaction<S: SessionSource> {
    lease: S::Lease,
    /// There until the transaction is known to have ended.
    hold: Mutex<Option<<S::Session as Session>::Hold>>,
    /// A cancel that may still be on its way; the session is not given back before it has arrived.
    cancel: Mutex<Option<JoinHandle<()>>>,
    progress: Progress,
    deadline: Option<Instant>,
    observer: Arc<dyn Observer>,
}

/// What is known of a transaction beyond what the server says.
#[derive(Default)]
struct Progress {
    /// The first failure counts: what follows it is 25P02.
    failure: Mutex<Option<Failure>>,
    /// Statements begun whose replies have not been read to the end.
    unread: AtomicUsize,
    savepoints: AtomicU32,
}

impl Progress {
    fn failure(&self) -> Option<Failure> {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, failure: Option<Failure>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Makes an error of a fault inside the transaction, and remembers it if it ended the transaction.
    fn failed(&self, fault: Fault, statement: Statement<'_>) -> Error {
        let follows = fault.sqlstate() == Some(SqlState::IN_FAILED_TRANSACTION);
        let harmless = fault.kind() == crate::FaultKind::Conversion;
        let error = Error::from_fault(
            fault,
            Position::InTransaction,
            format!("running \"{}\" in a transaction", statement.label()),
        );
        if harmless {
            return error;
        }
        match self.failure() {
            Some(first) if follows => error.with_verdict(first.verdict),
            Some(_) => error,
            None => {
                self.set(Some(Failure::of(&error)));
                error
            }
        }
    }
}

impl<S: SessionSource> Transaction<S> {
    /// Takes a session whose transaction is about to begin. It stays held until the transaction has ended, so whatever
    /// happens to this value, its source knows that the session cannot be lent as it is.
    pub(crate) fn new(
        lease: S::Lease,
        deadline: Option<Instant>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let hold = Mutex::new(Some(lease.hold()));
        Self {
            lease,
            hold,
            cancel: Mutex::default(),
            progress: Progress::default(),
            deadline,
            observer,
        }
    }

    /// The database at the other end.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.lease.engine()
    }

    /// When the transaction has to be over, if it has to. Work that is not a statement may want to know.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Runs `body` under a savepoint: when it fails, only what it did is undone, and the transaction goes on.
    ///
    /// A serialization failure or a lost connection is not undone like this; it still ends the transaction, and `transact`
    /// runs it again.
    ///
    /// Dropping the future leaves the savepoint open; the transaction can still be committed with what was done so far,
    /// unless a statement was running.
    ///
    /// # Errors
    /// What `body` fails with, and [`Error`] when the savepoint itself fails.
    pub async fn savepoint<T, E, F>(&self, body: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>> + Send,
    {
        let number = self.progress.savepoints.fetch_add(1, Ordering::Relaxed);
        // Not "cockroach_restart", whose release would commit.
        self.control(&format!("SAVEPOINT crdb_exec_{number}"))
            .await?;
        let before = self.progress.failure();
        match body.await {
            Ok(value) if self.progress.failure() == before => {
                self.control(&format!("RELEASE SAVEPOINT crdb_exec_{number}"))
                    .await?;
                Ok(value)
            }
            result => {
                let fatal = self.progress.failure().is_some_and(|failure| {
                    failure.verdict != Verdict::Never || failure.kind == ErrorKind::Timeout
                });
                if !fatal {
                    self.undo(number, before).await?;
                }
                result
            }
        }
    }

    /// Goes back to a savepoint, after which the failures since then count no more.
    async fn undo(&self, number: u32, before: Option<Failure>) -> Result<(), Error> {
        let text = format!(
            "ROLLBACK TO SAVEPOINT crdb_exec_{number}; RELEASE SAVEPOINT crdb_exec_{number}"
        );
        self.control(&text).await?;
        self.progress.set(before);
        Ok(())
    }

    /// Runs a statement of transaction control.
    async fn control(&self, text: &str) -> Result<(), Error> {
        let reply = pin!(self.lease.batch(text));
        self.read(Statement::new(text), reply).await
    }

    /// Waits for a statement's reply and counts it as unread until it has come.
    async fn read<T: Send>(
        &self,
        statement: Statement<'_>,
        reply: Pin<&mut (impl Future<Output = Result<T, Fault>> + Send)>,
    ) -> Result<T, Error> {
        self.progress.unread.fetch_add(1, Ordering::Relaxed);
        let limit = statement.time_limit().map(|limit| Instant::now() + limit);
        let answer = match deadline::wait(&*self.lease, limit, reply).await {
            Waited::Answered(answer) => answer,
            // The cancel may still be on its way and hit what comes next, so the transaction is over either way.
            Waited::AnsweredLate(_, cancel) => {
                self.progress.unread.fetch_sub(1, Ordering::Relaxed);
                return Err(self.out_of_time(statement, cancel));
            }
            Waited::Silent(cancel) => return Err(self.out_of_time(statement, cancel)),
        };
        self.progress.unread.fetch_sub(1, Ordering::Relaxed);
        answer.map_err(|fault| self.progress.failed(fault, statement))
    }

    fn out_of_time(&self, statement: Statement<'_>, cancel: JoinHandle<()>) -> Error {
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = Some(cancel);
        let error = Error::new(
            ErrorKind::Timeout,
            Verdict::Never,
            format!("running \"{}\" in a transaction", statement.label()),
        );
        if self.progress.failure().is_none() {
            self.progress.set(Some(Failure::of(&error)));
        }
        error
    }

    fn observe<T>(
        &self,
        statement: Statement<'_>,
        started: Instant,
        rows: impl FnOnce(&T) -> u64,
        result: &Result<T, Error>,
    ) {
        self.observer.statement(&StatementEvent {
            name: statement.name(),
            in_transaction: true,
            elapsed: started.elapsed(),
            attempts: 1,
            rows: result.as_ref().map_or(0, rows),
            failure: result.as_ref().err().map(Failure::of),
        });
    }

    fn release(&self) {
        let hold = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(hold) = hold {
            self.lease.release(hold);
        }
    }

    /// The session that the transaction runs on, as its source lent it: for what a source keeps with its leases. Statements
    /// belong on the transaction itself, which watches what becomes of them.
    #[must_use]
    pub fn lease(&self) -> &S::Lease {
        &self.lease
    }

    pub(crate) fn into_lease(self) -> S::Lease {
        self.lease
    }

    /// Gives the session back, once no cancel is on its way to it.
    pub(crate) fn end(self) {
        let cancel = self
            .cancel
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(cancel) = cancel {
            deadline::give_up(cancel, self.lease);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// The failure that ended the transaction, if one did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.progress.failure()
    }

    /// Begins with the text that [`TransactionOptions::begin`](crate::TransactionOptions) made.
    ///
    /// CockroachDB before v22.1 does not know the `SET LOCAL` in it, and answers 0A000 before any of it runs. Without it
    /// the client's clock alone limits the transaction.
    pub(crate) async fn begin(&self, text: &str) -> Result<(), Error> {
        let reply = pin!(async {
            match (self.lease.batch(text).await, text.split_once(';')) {
                (Err(fault), Some((begin, _)))
                    if fault.sqlstate() == Some(SqlState::FEATURE_NOT_SUPPORTED) =>
                {
                    self.lease.batch(begin).await
                }
                (result, _) => result,
            }
        });
        self.read(Statement::new(text), reply).await
    }

    /// Commits, and believes only the command tag.
    ///
    /// Dropping the future leaves the outcome unknown.
    pub(crate) async fn commit(&self, attempted: &str) -> Result<(), Error> {
        if let Some(first) = self.progress.failure() {
            self.roll_back().await;
            return Err(Error::new(ErrorKind::RolledBack, first.verdict, attempted)
                .with_advice("a statement in it failed and its error was not returned"));
        }
        let watched = self.lease.command_tag().is_some();
        if !watched && self.progress.unread.load(Ordering::Relaxed) > 0 {
            return Err(Error::new(ErrorKind::RolledBack, Verdict::Never, attempted).with_advice(
                "a result in it was not read to its end, and nothing else can tell whether it was an error",
            ));
        }
        if self.lease.transaction_status() == Some(TransactionStatus::Idle)
            && self.progress.unread.load(Ordering::Relaxed) == 0
        {
            // Somebody ran COMMIT or ROLLBACK as a statement.
            self.release();
            return Err(Error::new(
                ErrorKind::Misuse,
                Verdict::OutcomeUnknown,
                attempted,
            ));
        }
        let fault = self.lease.batch("COMMIT").await.err();
        // The tag is this COMMIT's: the BEGIN of this transaction has come between it and any other.
        let tag = if watched {
            self.lease.command_tag()
        } else {
            None
        };
        match (tag.as_deref(), fault) {
            // The answer counts also when the connection ended right behind it.
            (Some("COMMIT"), _) | (None, None) => {
                self.release();
                Ok(())
            }
            (Some("ROLLBACK"), _) => {
                self.release();
                Err(Error::new(ErrorKind::RolledBack, Verdict::Never, attempted))
            }
            (_, Some(fault)) => {
                if fault.server_error().is_some() {
                    self.release();
                }
                Err(Error::from_fault(fault, Position::Commit, attempted))
            }
            (Some(_), None) => Err(Error::new(
                ErrorKind::Misuse,
                Verdict::OutcomeUnknown,
                attempted,
            )),
        }
    }

    /// Rolls back where that is possible at once; else the session stays held and its source deals with it.
    pub(crate) async fn roll_back(&self) {
        let unread = self.progress.unread.load(Ordering::Relaxed) > 0;
        if self.lease.is_closed() || self.is_cancelled() || unread {
            return;
        }
        if self.lease.transaction_status() == Some(TransactionStatus::Idle) {
            self.release();
            return;
        }
        if let Ok(Ok(())) = timeout(ROLLBACK_LIMIT, self.lease.batch("ROLLBACK")).await {
            self.release();
        }
    }
}

impl<S: SessionSource> Executor for Transaction<S> {
    type Row = <S::Session as Session>::Row;
    type Rows<'a>
        = TransactionRows<'a, S::Session>
    where
        Self: 'a;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<Self::Row>, Error> {
        let started = Instant::now();
        let reply = pin!(self.lease.fetch(statement, parameters, limit));
        let result = self.read(statement, reply).await;
        self.observe(statement, started, |rows| rows.len() as u64, &result);
        result
    }

    async fn run(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        let started = Instant::now();
        let reply = pin!(self.lease.execute(statement, parameters));
        let result = self.read(statement, reply).await;
        self.observe(statement, started, |affected| *affected, &result);
        result
    }

    async fn stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, Error> {
        let started = Instant::now();
        let reply = pin!(self.lease.open(statement, parameters));
        let result = self.read(statement, reply).await;
        self.observe(statement, started, |_| 0, &result);
        let cursor = result?;
        self.progress.unread.fetch_add(1, Ordering::Relaxed);
        Ok(TransactionRows {
            session: &self.lease,
            progress: &self.progress,
            cursor,
            label: statement.label().to_owned(),
            ended: false,
        })
    }
}

/// The rows of a statement inside a [`Transaction`].
///
/// Dropped before its end, it leaves a reply in the pipe: the transaction can still be committed where the protocol is
/// watched, and the session is cleaned or closed by its source afterwards.
pub struct TransactionRows<'a, S: Session> {
    session: &'a S,
    progress: &'a Progress,
    cursor: S::Cursor,
    label: String,
    ended: bool,
}

impl<S: Session> Stream for TransactionRows<'_, S> {
    type Item = Result<S::Row, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let answer = ready!(this.session.poll_row(&mut this.cursor, cx));
        if !matches!(answer, Ok(Some(_))) {
            this.ended = true;
            this.progress.unread.fetch_sub(1, Ordering::Relaxed);
        }
        Poll::Ready(match answer {
            Ok(row) => row.map(Ok),
            Err(fault) => Some(Err(this
                .progress
                .failed(fault, Statement::new("").named(&this.label)))),
        })
    }
}

impl<S: Session> Rows for TransactionRows<'_, S> {
    type Row = S::Row;

    fn rows_affected(&self) -> Option<u64> {
        self.session.rows_affected(&self.cursor)
    }
}
