//! One session as a source of its own.

use crate::answer::{Answer, Next, TransactionStatus};
use crate::control::{Control, ControlStep};
use crate::fault::Fault;
use crate::row::Row as _;
use crate::session::{
    AcquireError, AcquireOptions, Engine, NodeId, Parameters, ServerVersion, Session,
    SessionOutcome, SessionSource,
};
use crate::statement::Statement;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lends the one session of a [`ScopedSession`](super::ScopedSession), to one borrower at a time.
pub struct ScopeSource<S: SessionSource> {
    session: Arc<ScopeSession<S>>,
    gate: Arc<Semaphore>,
    node: NodeId,
}

impl<S: SessionSource> ScopeSource<S> {
    pub(super) fn new(lease: S::Lease, node: NodeId, ceiling: Option<Duration>) -> Self {
        Self {
            session: Arc::new(ScopeSession {
                lease,
                ceiling,
                unanswered: AtomicUsize::new(0),
                in_transaction: AtomicBool::new(false),
            }),
            gate: Arc::new(Semaphore::new(1)),
            node,
        }
    }
}

impl<S: SessionSource> fmt::Debug for ScopeSource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeSource")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// The session of a [`ScopedSession`](super::ScopedSession), for as long as one call has it.
pub struct ScopeLease<S: SessionSource> {
    session: Arc<ScopeSession<S>>,
    _permit: OwnedSemaphorePermit,
}

impl<S: SessionSource> Deref for ScopeLease<S> {
    type Target = ScopeSession<S>;

    fn deref(&self) -> &Self::Target {
        &self.session
    }
}

impl<S: SessionSource> fmt::Debug for ScopeLease<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeLease").finish_non_exhaustive()
    }
}

impl<S: SessionSource> SessionSource for ScopeSource<S> {
    type Session = ScopeSession<S>;
    type Lease = ScopeLease<S>;

    async fn acquire(&self, _: AcquireOptions) -> Result<ScopeLease<S>, AcquireError> {
        let permit = Arc::clone(&self.gate)
            .acquire_owned()
            .await
            .map_err(AcquireError::refused)?;
        if self.session.is_unfinished() {
            return Err(AcquireError::refused(
                "an earlier statement or transaction of this session was dropped before its end",
            ));
        }
        if self.session.is_closed() {
            return Err(AcquireError::refused(
                "the connection of this session has ended",
            ));
        }
        Ok(ScopeLease {
            session: Arc::clone(&self.session),
            _permit: permit,
        })
    }

    fn node(&self, _: &ScopeLease<S>) -> NodeId {
        self.node
    }

    /// The session's own source sees its end when the session is returned.
    fn report(&self, _: &ScopeLease<S>, _: SessionOutcome) {}

    /// What is set in a block of work stays until it ends.
    fn sessions_differ(&self) -> bool {
        true
    }
}

/// A session that knows whether what was begun on it has ended.
pub struct ScopeSession<S: SessionSource> {
    lease: S::Lease,
    ceiling: Option<Duration>,
    unanswered: AtomicUsize,
    in_transaction: AtomicBool,
}

impl<S: SessionSource> ScopeSession<S> {
    fn is_unfinished(&self) -> bool {
        self.unanswered.load(Ordering::Acquire) > 0 || self.in_transaction.load(Ordering::Acquire)
    }

    fn begins(&self) {
        self.unanswered.fetch_add(1, Ordering::AcqRel);
    }

    fn answered<T>(&self, answer: Answer<T>) -> Answer<T> {
        self.unanswered.fetch_sub(1, Ordering::AcqRel);
        if let Some(status) = answer.status() {
            let open = status != TransactionStatus::Idle;
            self.in_transaction.store(open, Ordering::Release);
        }
        answer
    }

    /// What a SHOW answers.
    pub(super) async fn show(&self, show: &'static str) -> Result<String, Fault> {
        let rows = self.fetch_at_most(Statement::new(show), &[], 1).await;
        let rows = rows.into_result()?;
        let shown = rows.first().and_then(|row| row.value(0));
        Ok(shown
            .map(|shown| String::from_utf8_lossy(shown).into_owned())
            .unwrap_or_default())
    }
}

impl<S: SessionSource> fmt::Debug for ScopeSession<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeSession").finish_non_exhaustive()
    }
}

impl<S: SessionSource> Session for ScopeSession<S> {
    type Row = <S::Session as Session>::Row;
    type Cursor = <S::Session as Session>::Cursor;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Answer<Vec<Self::Row>> {
        self.begins();
        self.answered(self.lease.fetch_at_most(statement, parameters, limit).await)
    }

    async fn execute(&self, statement: Statement<'_>, parameters: Parameters<'_>) -> Answer<u64> {
        self.begins();
        self.answered(self.lease.execute(statement, parameters).await)
    }

    async fn fetch_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Cursor, Answer<u64>> {
        self.begins();
        let opened = self.lease.fetch_stream(statement, parameters).await;
        opened.map_err(|answer| self.answered(answer))
    }

    fn poll_row(&self, cursor: &mut Self::Cursor, cx: &mut Context<'_>) -> Poll<Next<Self::Row>> {
        Poll::Ready(match ready!(self.lease.poll_row(cursor, cx)) {
            Next::End(answer) => Next::End(self.answered(answer)),
            row @ Next::Row(_) => row,
        })
    }

    async fn control(&self, control: Control<'_>) -> Answer<()> {
        self.begins();
        if control.step() == ControlStep::Begin {
            self.in_transaction.store(true, Ordering::Release);
        }
        let answer = self.answered(self.lease.control(control).await);
        let ends = matches!(control.step(), ControlStep::Commit | ControlStep::Rollback);
        if ends && answer.status().is_none() && answer.is_answered() {
            self.in_transaction.store(false, Ordering::Release);
        }
        answer
    }

    async fn statement_ceiling(&self) -> Result<Option<Duration>, Fault> {
        match self.ceiling {
            Some(ceiling) => Ok(Some(ceiling)),
            None => self.lease.statement_ceiling().await,
        }
    }

    fn is_closed(&self) -> bool {
        self.lease.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        self.lease.cancel()
    }

    fn engine(&self) -> Engine {
        self.lease.engine()
    }

    fn version(&self) -> Option<ServerVersion> {
        self.lease.version()
    }
}
