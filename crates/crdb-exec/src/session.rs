//! What this crate consumes: live sessions, and a source that lends them.

use crate::answer::{Answer, Next};
use crate::control::Control;
use crate::fault::Fault;
use crate::row::Row;
use crate::statement::Statement;
use crate::verdict::{Position, Verdict, verdict};
use postgres_types::ToSql;
use std::error::Error as StdError;
use std::future::Future;
use std::ops::Deref;
use std::task::{Context, Poll};
use std::time::Duration;
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

/// A server's version, as far as the first three numbers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

impl ServerVersion {
    /// CockroachDB 26.1.3 is `(26, 1, 3)`, PostgreSQL 15.18 is `(15, 18, 0)`.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
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
/// With the feature `tokio-postgres`, `ClientSession` implements it over a `tokio_postgres::Client`.
///
/// # Contract
/// - Requests are carried out in the order in which they were first polled.
/// - Every method gives the answer to its own request: the tags that came for it and the status of the ReadyForQuery that
///   closed it. A session that cannot tell them from another request's leaves them out; it must not guess. A status that
///   became idle at any moment of a request is reported as idle.
/// - A future or [`Cursor`](Self::Cursor) that is dropped before its answer leaves the session *unfinished*, and so does a
///   transaction that was [begun](crate::ControlStep::Begin) and has not ended: see [`SessionSource::Lease`].
/// - [`Written::Not`](crate::Written::Not) is a promise that the server cannot have seen the request; when in doubt it is
///   [`Written::Wholly`](crate::Written::Wholly).
/// - What the client refuses before it writes anything (a value that does not encode, NUL in the text, more than 65,535
///   parameters, COPY) is [`Fault::refused`]: the session stays as it was.
pub trait Session: Send + Sync + 'static {
    /// Its rows.
    type Row: Row + Unpin + 'static;
    /// The place in a result that is being read.
    type Cursor: Send + Unpin + 'static;

    /// Runs a statement and keeps up to `limit` of its rows; the rest is read and thrown away, so nothing stays half
    /// read.
    fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> impl Future<Output = Answer<Vec<Self::Row>>> + Send;

    /// Runs a statement to its end and gives the number of rows it affected, as its command tag says.
    fn execute(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Answer<u64>> + Send;

    /// Runs a statement and gives its rows one by one through [`poll_row`](Self::poll_row). The error is the closing answer
    /// of a statement that failed before its first row.
    fn fetch_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Cursor, Answer<u64>>> + Send;

    /// The next row, or the closing answer. Not to be called again after that.
    fn poll_row(&self, cursor: &mut Self::Cursor, cx: &mut Context<'_>) -> Poll<Next<Self::Row>>;

    /// Runs a request of transaction control in the simple protocol.
    fn control(&self, control: Control<'_>) -> impl Future<Output = Answer<()>> + Send;

    /// The session's own `statement_timeout`, which no transaction may exceed: `None` means no limit. Asked of the server
    /// once, and kept; [`timeout_from_setting`](crate::timeout_from_setting) reads what `SHOW statement_timeout` answers.
    fn statement_ceiling(&self) -> impl Future<Output = Result<Option<Duration>, Fault>> + Send;

    /// Whether the connection is known to have ended, or the server is known to have announced its end: nothing more
    /// would reach it.
    fn is_closed(&self) -> bool;

    /// Asks the server to cancel what runs in this session, on a connection of its own. It ends by itself when the request
    /// has been answered or its own timeout has passed, and does not say whether anything was cancelled.
    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static;

    /// The database at the other end.
    fn engine(&self) -> Engine;

    /// The server's version; `None` when it is not known, which costs certainty.
    fn version(&self) -> Option<ServerVersion> {
        None
    }
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

impl SessionOutcome {
    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Draining => "draining",
            Self::Overloaded => "overloaded",
        }
    }
}

/// Hands out sessions: a pool, or a single connection.
pub trait SessionSource: Send + Sync + 'static {
    /// The sessions.
    type Session: Session;

    /// A borrowed session. Dropping it gives the session back.
    ///
    /// It may be dropped in any state: with a transaction open, with a request unanswered, or with its connection gone. The
    /// source must bring such a session back to a clean state, or close it, before it lends it again.
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

    /// Whether one borrower may find a session set otherwise than the next: what a borrower sets stays, as on the one session of a block
    /// of work, or each loan is set up for its caller. A cache in front of such sessions keeps nothing. Always the same for a source.
    fn sessions_differ(&self) -> bool {
        false
    }
}

/// Why no session could be had.
#[derive(Debug)]
pub struct AcquireError {
    timed_out: bool,
    retryable: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl AcquireError {
    /// No session came free in time. The source has waited already, so this is not tried again: the caller gets
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
            retryable: verdict(&fault, Position::Acquire, Engine::CockroachDb) == Verdict::Retry,
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

    /// Why, as the source said it.
    #[must_use]
    pub fn into_source(self) -> Box<dyn StdError + Send + Sync> {
        self.source
    }
}
