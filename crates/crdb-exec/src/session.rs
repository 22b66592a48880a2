//! What this crate consumes: live sessions, and somebody who hands them out.

use crate::fault::Fault;
use crate::row::Row;
use crate::statement::Statement;
use crate::verdict::{Position, Verdict, verdict};
use postgres_types::ToSql;
use std::error::Error as StdError;
use std::future::Future;
use std::ops::Deref;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// The values of a statement's parameters, `$1` first.
pub type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The database at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// CockroachDB.
    CockroachDb,
    /// PostgreSQL, or something that behaves like it.
    PostgreSql,
}

/// What the last ReadyForQuery said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// No transaction is open.
    Idle,
    /// A transaction is open.
    InTransaction,
    /// A transaction is open and has failed.
    Failed,
}

/// A node of the cluster, as the [`SessionSource`] numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u64);

impl NodeId {
    /// The node of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A live session with a server, on which one borrower at a time runs statements.
///
/// Most use [`ClientSession`](crate::ClientSession), which implements it over a `tokio_postgres::Client`.
///
/// # Contract
/// - Requests are carried out in the order in which they were first polled.
/// - A future or [`Cursor`](Self::Cursor) that is dropped before its reply has been read to the end leaves the session
///   *unfinished*, for good: see [`SessionSource::Lease`].
/// - A [`Fault`] reports facts. [`NotWritten`](crate::FaultKind::NotWritten) is a promise that the server cannot have
///   seen the statement; when in doubt it is [`Unanswered`](crate::FaultKind::Unanswered).
pub trait Session: Send + Sync + 'static {
    /// Its rows.
    type Row: Row + Unpin + 'static;
    /// The place in a result that is being read.
    type Cursor: Send + Unpin + 'static;
    /// What keeps the session marked as unfinished.
    type Hold: Send + Sync + 'static;

    /// Runs a statement and keeps up to `limit` of its rows; the rest is read and thrown away, so nothing stays half
    /// read.
    fn fetch(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Fault>> + Send;

    /// Runs a statement to its end and gives the number of rows it affected, as its command tag says.
    fn execute(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// Runs a statement and gives its rows one by one through [`poll_row`](Self::poll_row).
    fn open(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Cursor, Fault>> + Send;

    /// The next row, or `None` once the reply has been read to its end. Not to be called again after that or a fault.
    fn poll_row(
        &self,
        cursor: &mut Self::Cursor,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Self::Row>, Fault>>;

    /// The number of rows affected, known once `poll_row` has given `None`.
    fn rows_affected(&self, cursor: &Self::Cursor) -> Option<u64>;

    /// Runs statements in the simple protocol. It is given only text that this crate makes: BEGIN, COMMIT, ROLLBACK,
    /// SAVEPOINT and SET LOCAL.
    fn batch(&self, text: &str) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The command tag of the last CommandComplete that was read, also after the connection has ended. `None` where
    /// nothing watches the protocol.
    fn command_tag(&self) -> Option<String>;

    /// What the last ReadyForQuery said; `None` where nothing watches the protocol.
    fn transaction_status(&self) -> Option<TransactionStatus>;

    /// Marks the session as unfinished until the hold is [released](Self::release); dropping it is no release.
    fn hold(&self) -> Self::Hold;

    /// Undoes a [`hold`](Self::hold).
    fn release(&self, hold: Self::Hold);

    /// Whether the connection is known to have ended, or the server is known to have announced its end: nothing more
    /// would reach it.
    fn is_closed(&self) -> bool;

    /// Asks the server to cancel what runs in this session, on a connection of its own. It ends by itself when the request
    /// has been answered or its own time limit has passed, and does not say whether anything was cancelled.
    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static;

    /// The database at the other end.
    fn engine(&self) -> Engine;
}

/// What a borrower asks of a [`SessionSource`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AcquireOptions {
    /// When the caller stops waiting; `None` leaves it to the source.
    pub deadline: Option<Instant>,
    /// A node that has just failed; another one is preferred, if there is one.
    pub avoid: Option<NodeId>,
}

/// How a borrower fared with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionOutcome {
    /// The connection was lost.
    Lost,
    /// The node announced that it shuts down (57P01).
    Draining,
    /// The node has too many connections (53300).
    Overloaded,
}

/// Hands out sessions: a pool, or a single connection.
pub trait SessionSource: Send + Sync + 'static {
    /// The sessions.
    type Session: Session;

    /// A borrowed session. Dropping it gives the session back.
    ///
    /// It may be dropped in any state: with a transaction open (the session is then also held, see
    /// [`Session::hold`]), unfinished, or with its connection gone. The source must not give such a session to anybody
    /// else before it has been brought back to a clean state, or must close it.
    type Lease: Deref<Target = Self::Session> + Send + Sync + 'static;

    /// Borrows a session.
    ///
    /// Dropping the future must leave nothing borrowed.
    fn acquire(
        &self,
        options: AcquireOptions,
    ) -> impl Future<Output = Result<Self::Lease, AcquireError>> + Send;

    /// The node that a session is connected to.
    fn node(&self, lease: &Self::Lease) -> NodeId;

    /// Learns how a borrower fared, when that says something about the node.
    fn report(&self, lease: &Self::Lease, outcome: SessionOutcome);
}

/// Why no session could be had.
#[derive(Debug)]
pub struct AcquireError {
    timed_out: bool,
    retryable: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl AcquireError {
    /// Nobody gave a session back in time. The source has waited already, so this is not tried again: the caller gets
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout).
    pub fn timed_out(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            timed_out: true,
            retryable: false,
            source: source.into(),
        }
    }

    /// No node could be reached for now; another attempt may do.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            timed_out: false,
            retryable: true,
            source: source.into(),
        }
    }

    /// It will not work: wrong credentials, a closed pool, a certificate that is not trusted.
    pub fn refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            timed_out: false,
            retryable: false,
            source: source.into(),
        }
    }

    /// A server's or the network's answer to an attempt to connect; what it means follows from the fault.
    #[must_use]
    pub fn from_fault(fault: Fault) -> Self {
        Self {
            timed_out: false,
            retryable: verdict(&fault, Position::Acquire) == Verdict::Retry,
            source: Box::new(fault),
        }
    }

    /// Whether waiting took too long.
    #[must_use]
    pub const fn is_timed_out(&self) -> bool {
        self.timed_out
    }

    /// Whether another attempt may do.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.retryable
    }

    pub(crate) fn into_source(self) -> Box<dyn StdError + Send + Sync> {
        self.source
    }
}
