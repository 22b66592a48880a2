//! Lanes: connections that many tasks share for autocommit statements.

mod admission;
mod config;
mod connection;
mod estimate;
mod gate;
mod keeper;
mod lock;
mod policy;
mod run;
#[cfg(test)]
#[expect(
    clippy::duplicate_mod,
    reason = "the gate is compiled again, against a lock whose schedules are explored"
)]
mod schedules;
mod source;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub use config::LaneConfig;
pub use source::LaneSource;

use crate::Parameters;
use crate::answer::{Answer, Written};
use crate::error::Error;
use crate::request::Request;
use crate::row_stream::Rows;
use run::Inner;

/// Why no lane could be opened, for everyone that waited for one.
type OpenError = Arc<dyn StdError + Send + Sync>;

/// Connections that many tasks share: each sends its statement behind those of the others, without waiting for theirs, and gets its own answer.
///
/// A session's statements run one after another on the server. So a lane saves round trips and wakes, and never the time that the
/// server takes. How many lanes there are and how many statements are under way on each follows from what is measured: the arrival
/// rate, the round trip, and how long the server takes. Where it takes longer than the round trip, a lane has one statement at a
/// time, as a session of a pool. Where it takes much less, statements gather while the server is busy with those before them, and are
/// written together.
///
/// Every statement is a transaction of its own: one Sync each, so that an error of one leaves the others alone. Statements whose text
/// may leave something behind in the session, or may move a transaction, and COPY are refused: see
/// [`Footprint::is_shareable`](crate::Footprint::is_shareable). A statement that nevertheless changes its session, because a function
/// of the user's own does, ends its lane once that shows.
///
/// Callers are served first come, first served. They encode their statements themselves, and each lane has a task of its own that
/// moves its bytes.
///
/// ```no_run
/// use crdb_wire::{LaneConfig, LaneSource, Lanes, Session};
///
/// struct Source(crdb_auth::Connector, crdb_auth::Endpoint);
///
/// impl LaneSource for Source {
///     type Session = Session;
///     type Error = crdb_auth::Error;
///
///     async fn open(&self) -> Result<Session, crdb_auth::Error> {
///         Ok(Session::start(self.0.open(&self.1).await?))
///     }
/// }
///
/// # async fn example(source: Source) -> Result<(), crdb_wire::Error> {
/// let lanes = Lanes::new(source, LaneConfig::default());
/// let rows = lanes
///     .fetch_all("SELECT balance FROM accounts WHERE id = $1", &[&1_i64], None)
///     .await?;
/// # let _ = rows;
/// # Ok(())
/// # }
/// ```
pub struct Lanes<S: LaneSource> {
    inner: Arc<Inner<S>>,
    keeper: JoinHandle<()>,
}

/// What [`Lanes`] are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneStatus {
    /// How many connections there are, those included that take no new statements.
    pub lanes: usize,
    /// How many connections take new statements.
    pub open: usize,
    /// How many statements are under way on one connection at most.
    pub depth: usize,
    /// How many statements wait or are under way.
    pub statements: usize,
}

impl<S: LaneSource> Lanes<S> {
    /// Lanes of which none is open yet.
    ///
    /// # Panics
    /// Outside a Tokio runtime: the task that opens and closes lanes is spawned on it.
    #[must_use]
    pub fn new(source: S, config: LaneConfig) -> Self {
        let inner = Arc::new(Inner::new(source, config));
        let keeper = tokio::spawn(keeper::keep(Arc::downgrade(&inner), inner.keeper()));
        Self { inner, keeper }
    }

    /// Runs a statement and gives its rows.
    ///
    /// # Errors
    /// - [`ErrorKind::Refused`](crate::ErrorKind::Refused): nothing was sent. The caller's mistake, a statement that may not share a
    ///   connection, or too many that wait.
    /// - [`ErrorKind::Server`](crate::ErrorKind::Server): the server's answer to this statement.
    /// - [`ErrorKind::Closed`](crate::ErrorKind::Closed): the lane ended, or none could be opened. [`Answer::written`] of the error's
    ///   answer says whether the statement was written. One that was not written is sent on another lane first.
    /// - [`ErrorKind::Timeout`](crate::ErrorKind::Timeout): the deadline has passed; the error's answer says the same.
    /// - [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge): the statement ran, and its result was larger than
    ///   [`max_result`](LaneConfig::max_result).
    ///
    /// # Cancel safety
    /// A statement whose future is dropped, or whose deadline passes, before it was sent leaves nothing. After that its reply is thrown
    /// away and disturbs no other statement: the lane takes no new ones until the reply has ended. If that takes
    /// longer than [`abandoned_timeout`](LaneConfig::abandoned_timeout), the lane takes none any more, and the statement is cancelled as soon as it is the only one.
    pub async fn fetch_all(
        &self,
        request: impl Into<Request<'_>>,
        values: Parameters<'_>,
        deadline: Option<Instant>,
    ) -> Result<Rows, Error> {
        let request = request.into();
        let sent = AtomicBool::new(false);
        let work = self.inner.run(request, values, &sent);
        let Some(deadline) = deadline else {
            return work.await;
        };
        match timeout_at(deadline, work).await {
            Ok(result) => result,
            Err(_) => {
                let mut answer = Answer::unsent(None);
                if sent.load(Ordering::Acquire) {
                    answer.written = Written::Wholly;
                }
                Err(Error::unanswered(
                    "executing a statement on a lane: the deadline has passed",
                    answer,
                ))
            }
        }
    }

    /// As [`fetch_all`](Self::fetch_all), and gives the answer alone.
    ///
    /// # Errors
    /// As [`fetch_all`](Self::fetch_all).
    ///
    /// # Cancel safety
    /// As [`fetch_all`](Self::fetch_all).
    pub async fn execute(
        &self,
        request: impl Into<Request<'_>>,
        values: Parameters<'_>,
        deadline: Option<Instant>,
    ) -> Result<Answer, Error> {
        let rows = self.fetch_all(request, values, deadline).await?;
        Ok(rows.answer().clone())
    }

    /// What the lanes are doing now.
    #[must_use]
    pub fn status(&self) -> LaneStatus {
        self.inner.status()
    }
}

impl<S: LaneSource> Drop for Lanes<S> {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl<S: LaneSource> fmt::Debug for Lanes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
