//! A session: one connection that one borrower at a time uses.

mod cancel;
mod ground;
mod remote;
mod reset;

use std::fmt;
use std::sync::Arc;

use crdb_auth::{AuthenticatedStream, Engine, TransactionStatus, Version};
use tokio::io::{AsyncRead, AsyncWrite};

pub use cancel::{Cancel, CancelFuture, CancelHandle};
pub use remote::Remote;
pub use reset::Renewal;

use crate::Parameters;
use crate::answer::{Answer, End};
use crate::config::Config;
use crate::connection::{Connection, Driver, Shared};
use crate::error::Error;
use crate::footprint::{Footprint, Leaves};
use crate::loan::{Cleanliness, DirtyReason, Loan};
use crate::request::Request;
use crate::row_stream::{RowStream, Rows};
use crate::statement::Prepared;
use cancel::Cancels;
use ground::{Ground, Recorded};

/// A session with a server, for one borrower at a time.
///
/// Requests are sent in the order in which their futures are first polled, without waiting for each other, and answered
/// in that order. Every request comes back with its own [`Answer`], in success and in failure.
///
/// # Cancel safety
/// A request whose future is dropped before it was sent leaves nothing. One that was sent goes on: the session is
/// [`Unfinished`](Cleanliness::Unfinished) until its answer has come, which is then thrown away.
/// [`reset`](Self::reset) cancels it.
///
/// # Who moves the bytes
/// A request that has the session to itself is written and read while its future is polled. Otherwise a task of the session's does it, which
/// is spawned by the constructors.
///
/// Dropping the session ends the connection: with a goodbye (within one second) when nothing is unanswered, at once
/// otherwise.
pub struct Session {
    pub(crate) connection: Connection,
    engine: Engine,
    version: Option<Version>,
    cancels: Arc<Cancels>,
    ground: Ground,
}

impl Session {
    /// A session on an authenticated stream, with the default [`Config`].
    ///
    /// # Panics
    /// Outside a Tokio runtime: the task that moves the bytes is spawned on it. The runtime needs timers.
    #[must_use]
    pub fn start(stream: AuthenticatedStream) -> Self {
        Self::start_with(stream, Config::default())
    }

    /// As [`start`](Self::start), with these bounds.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn start_with(stream: AuthenticatedStream, config: Config) -> Self {
        let facts = stream.facts();
        let mut remote = Remote::new(stream.endpoint().to_string(), facts.engine())
            .version(facts.version())
            .parameters(facts.shared_parameters())
            .atomic_writes(stream.is_unbuffered());
        // A server that gives no process id gives no key to cancel with.
        if facts.process_id().is_some() {
            remote = remote.cancel(stream.canceller());
        }
        Self::over(stream, remote, config)
    }

    /// A session on any stream on which the server has just said that it is ready for a query.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn over<S>(stream: S, remote: Remote, config: Config) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let parameters = crate::parameters::Parameters::new(remote.parameters);
        let shared = Shared::new(config, remote.name, parameters);
        let driver = Driver::new(stream, Arc::clone(&shared), remote.exact_failures);
        // Ends by itself: when the connection does, or when the session is dropped.
        drop(tokio::spawn(driver.run()));
        Self {
            connection: Connection::new(shared),
            engine: remote.engine,
            version: remote.version,
            cancels: Arc::new(Cancels::new(remote.cancel)),
            ground: Ground::default(),
        }
    }

    /// Runs a statement to its end and gives its answer. Rows are thrown away.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused), [`Server`](crate::ErrorKind::Server) or
    /// [`Closed`](crate::ErrorKind::Closed), with the answer.
    ///
    /// # Cancel safety
    /// See [`Session`].
    pub async fn execute(
        &self,
        request: impl Into<Request<'_>>,
        values: Parameters<'_>,
    ) -> Result<Answer, Error> {
        let request = request.into();
        let mut running = self.connection.run(request, values).await?;
        running.reply.answer().await;
        let answer = running.reply.take();
        self.judge("executing a statement", &answer)
            .map_err(|error| error.with_stale_plan(running.stale))?;
        self.record(request, values, &running.prepared)?;
        Ok(answer)
    }

    /// Runs a statement and gives all its rows.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// See [`Session`].
    pub async fn fetch_all(
        &self,
        request: impl Into<Request<'_>>,
        values: Parameters<'_>,
    ) -> Result<Rows, Error> {
        let request = request.into();
        let running = self.connection.run(request, values).await?;
        let prepared = Arc::clone(&running.prepared);
        let rows = RowStream::new(running, &self.connection)
            .collect_rows()
            .await?;
        self.record(request, values, &prepared)?;
        Ok(rows)
    }

    /// Runs a statement and gives its rows as they come.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), when the statement fails before its first row. A later failure is the stream's.
    ///
    /// # Cancel safety
    /// See [`Session`], and [`RowStream`] for the stream.
    pub async fn fetch_stream(
        &self,
        request: impl Into<Request<'_>>,
        values: Parameters<'_>,
    ) -> Result<RowStream, Error> {
        let request = request.into();
        let mut running = self.connection.run(request, values).await?;
        if running.first.is_none() {
            self.judge("executing a statement", &running.reply.complete().clone())
                .map_err(|error| error.with_stale_plan(running.stale))?;
            self.record(request, values, &running.prepared)?;
        }
        Ok(RowStream::new(running, &self.connection))
    }

    /// Runs statements in the simple protocol, in one round trip: any number, separated by semicolons, without
    /// parameters. Rows are thrown away. The answer has the tag of each.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// See [`Session`].
    pub async fn simple(&self, request: impl Into<Request<'_>>) -> Result<Answer, Error> {
        let request = request.into();
        let mut reply = self.connection.send_simple(request, false)?;
        reply.answer().await;
        let answer = reply.take();
        self.judge("executing statements", &answer)?;
        if self.ground.is_recording() && Footprint::of(request.text).leaves() != Leaves::Nothing {
            self.ground
                .record(Recorded::Simple(request.text.to_owned()));
        }
        Ok(answer)
    }

    fn judge(&self, attempt: &str, answer: &Answer) -> Result<(), Error> {
        if answer.is_success() && !answer.is_copy_refused() {
            Ok(())
        } else {
            Err(self.connection.failed(attempt, answer.clone()))
        }
    }

    /// Keeps a hook's statement for later resets, if it leaves something behind.
    fn record(
        &self,
        request: Request<'_>,
        values: Parameters<'_>,
        prepared: &Prepared,
    ) -> Result<(), Error> {
        if self.ground.is_recording() && prepared.footprint.leaves() != Leaves::Nothing {
            self.ground.record(Recorded::Extended {
                bytes: Connection::unnamed(prepared, request.text, values)?,
                columns: prepared.columns.len().try_into().unwrap_or(u16::MAX),
            });
        }
        Ok(())
    }

    /// Which kind of server answers.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The server's version, where it is known.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The present value of a parameter that the server reports, for example `TimeZone`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.connection
            .shared
            .with(|inner| inner.parameters.get(name).map(str::to_owned))
    }

    /// Whether the connection has ended, as far as this side has been told: nothing more would reach the server. Reads what has come
    /// on an idle connection, so that it may call the [`Observer`](crate::Observer).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.shared.look().is_some()
    }

    /// How the connection ended, if it has: [`End::Server`] with 57P01 when the server shuts down, even unasked. Reads what has come, as
    /// [`is_closed`](Self::is_closed) does.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.connection.shared.look()
    }

    /// How many prepared statements are kept.
    #[must_use]
    pub fn prepared_statements(&self) -> usize {
        self.connection.statements.len()
    }

    /// Cancels what the session runs, until the end of this loan.
    #[must_use]
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(&self.cancels)
    }

    /// What is done from here to [`mark_ground`](Self::mark_ground) makes the ground state: statements that leave something
    /// behind are kept, and every reset runs them again. For connect hooks that nothing else runs again after a reset.
    pub fn begin_ground(&self) {
        self.ground.begin();
    }

    /// The session is now in its ground state: whatever was done on it until now does not make it dirty.
    pub fn mark_ground(&self) {
        self.ground.end();
        self.connection.shared.with(|inner| {
            inner.parameters.become_ground();
            inner.loan = Loan::default();
        });
    }

    /// The session is lent: the account of what happens on it begins anew.
    pub fn begin_loan(&self) {
        self.connection
            .shared
            .with(|inner| inner.loan = Loan::begin());
    }

    /// The loan is over: cancel handles of it send nothing any more. Says whether the session may be lent again as it is.
    ///
    /// It is clean only if no request is unanswered, no transaction is open, no cancel was sent, every reported parameter
    /// has its value of the ground state, and every request's text and tags leave nothing behind. What no text shows, such
    /// as a function of the user's own that sets a variable, stays unseen: see
    /// [`Config::always_reset`](crate::Config::always_reset).
    pub fn end_loan(&self) -> Cleanliness {
        self.cancels.next_loan();
        self.cleanliness()
    }

    /// As [`end_loan`](Self::end_loan), in the midst of a loan.
    #[must_use]
    pub fn cleanliness(&self) -> Cleanliness {
        if self.cancels.is_astray() {
            return Cleanliness::Broken;
        }
        let pending = self.cancels.is_pending();
        let always = self.connection.shared.config.always_reset;
        let cancelled = self.cancels.was_sent();
        self.connection.shared.with(|inner| {
            if inner.end().is_some() {
                return Cleanliness::Broken;
            }
            if pending || inner.unanswered() > 0 {
                return Cleanliness::Unfinished;
            }
            if inner.loan.is_beyond_reset() {
                return Cleanliness::Broken;
            }
            let dirty_reason = if inner.status() != TransactionStatus::Idle {
                Some(DirtyReason::Transaction(inner.status()))
            } else if cancelled {
                Some(DirtyReason::Cancelled)
            } else if let Some(dirty_reason) = inner.loan.dirty_reason() {
                Some(dirty_reason.clone())
            } else if let Some(name) = inner.parameters.difference() {
                Some(DirtyReason::Parameter(name.to_owned()))
            } else {
                (always && inner.loan.was_lent()).then_some(DirtyReason::Policy)
            };
            dirty_reason.map_or(Cleanliness::Clean, Cleanliness::Dirty)
        })
    }
}

impl AsRef<Session> for Session {
    fn as_ref(&self) -> &Session {
        self
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.connection.shared.peer)
            .field("engine", &self.engine)
            .field(
                "end",
                &self.connection.shared.with(|inner| inner.end().cloned()),
            )
            .finish_non_exhaustive()
    }
}
