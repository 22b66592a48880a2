//! Asks whether a session lives, and brings it back to its ground state.

use crdb_auth::{Engine, TransactionStatus};
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::ground::Recorded;
use crate::answer::Answer;
use crate::connection::{Outgoing, Reply, Trace};
use crate::error::Error;
use crate::footprint::Footprint;
use crate::loan::{Cleanliness, Loan};
use crate::protocol::{Shape, Step, Steps};
use crate::request::Request;

/// What a [`reset`](Session::reset) had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Renewal {
    /// Nothing was sent but, perhaps, a cancel: the session was clean once its last answer had come. Prepared statements
    /// are still there.
    Untouched,
    /// The session is in its ground state. Statements are prepared anew when they are used.
    Renewed,
}

/// SQLSTATE query_canceled.
const CANCELED: &str = "57014";

impl Session {
    /// Asks the server for a sign of life, in one round trip.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when the deadline passes; otherwise why the session is of no use.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session unfinished until the answer has come.
    pub async fn ping(&self, deadline: Instant) -> Result<(), Error> {
        self.within(deadline, "asking for a sign of life", async {
            self.simple("").await.map(drop)
        })
        .await
    }

    /// Brings the session back to its ground state.
    ///
    /// A request that has no answer yet is cancelled first, and its end is awaited. If the session is clean then, nothing
    /// else is sent. Otherwise the transaction is ended, everything that a session holds is discarded (`DISCARD ALL`), and
    /// the statements of the ground state are run again, in one round trip.
    ///
    /// CockroachDB takes a cancel and acts on it at some later time. So there a session whose cancel has not ended a
    /// statement cannot be used again: the cancel could end the next borrower's.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when the deadline passes; otherwise why the session is of no use.
    /// After any error it must be dropped.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session unfinished; it may be reset again.
    pub async fn reset(&self, deadline: Instant) -> Result<Renewal, Error> {
        let work = async {
            self.settle().await?;
            if self.cleanliness() == Cleanliness::Clean {
                return Ok(Renewal::Untouched);
            }
            self.discard().await?;
            Ok(Renewal::Renewed)
        };
        self.within(deadline, "resetting the session", work).await
    }

    /// As [`reset`](Self::reset), also if the session is clean as far as can be seen.
    ///
    /// # Errors
    /// As [`reset`](Self::reset).
    ///
    /// # Cancel safety
    /// As [`reset`](Self::reset).
    pub async fn renew(&self, deadline: Instant) -> Result<(), Error> {
        let work = async {
            self.settle().await?;
            self.discard().await
        };
        self.within(deadline, "resetting the session", work).await
    }

    /// Cancels what has no answer yet, and waits until everything has one.
    async fn settle(&self) -> Result<(), Error> {
        let shared = &self.connection.shared;
        if shared.with(|inner| inner.unanswered()) > 0 && self.cancels.is_possible() {
            let cancel = self.cancel_handle();
            // If it fails the statement may still end by itself; a cancel that went astray shows below.
            drop(cancel.cancel().await);
        }
        self.cancels.next_loan();
        self.cancels.wait().await;
        shared.quiet().await;
        if self.cancels.was_sent() {
            self.fence().await?;
        }
        match self.cleanliness() {
            Cleanliness::Broken | Cleanliness::Unfinished => Err(self.unusable()),
            Cleanliness::Clean | Cleanliness::Dirty(_) => Ok(()),
        }
    }

    /// Discards everything that the session holds, and brings back its ground state.
    async fn discard(&self) -> Result<(), Error> {
        let shared = &self.connection.shared;
        let mut replies = Vec::new();
        if shared.with(|inner| inner.status()) != TransactionStatus::Idle {
            replies.push(self.say("ROLLBACK")?);
        }
        replies.push(self.say("DISCARD ALL")?);
        if self.engine == Engine::CockroachDb {
            replies.push(self.say("RESET role")?);
        }
        let expected = replies.len();
        for request in self.ground.requests() {
            replies.push(self.say_again(request)?);
        }
        for (index, mut reply) in replies.into_iter().enumerate() {
            let answer = reply.answer().await;
            // DISCARD ALL of CockroachDB leaves the role of SET ROLE in place. Versions before v22.1 have no such variable,
            // and some no such syntax.
            let may_fail = self.engine == Engine::CockroachDb && index + 1 == expected;
            let done = answer.is_success() || (may_fail && answer.status().is_some());
            if !done {
                return Err(self
                    .connection
                    .failed("resetting the session", answer.clone()));
            }
        }
        self.connection.statements.clear();
        shared.forget_discarded();
        shared.with(|inner| {
            // A server whose defaults have changed meanwhile reports other values for good.
            inner.parameters.become_ground();
            inner.loan = Loan::default();
        });
        let idle = shared.with(|inner| inner.status()) == TransactionStatus::Idle;
        if idle && !self.is_closed() && !self.cancels.is_pending() && !self.cancels.was_sent() {
            Ok(())
        } else {
            Err(self.unusable())
        }
    }

    /// One round trip behind cancels that the server has dealt with. On PostgreSQL they have acted then: on what they
    /// meant, on the fence, or on nothing. On CockroachDB only those that are known to have ended a statement have.
    async fn fence(&self) -> Result<(), Error> {
        let mut reply = self.say("")?;
        let answer = reply.answer().await;
        let cancelled = answer
            .error()
            .is_some_and(|error| error.sqlstate() == CANCELED);
        if !answer.is_success() && !cancelled {
            return Err(self
                .connection
                .failed("resetting the session", answer.clone()));
        }
        if self.engine == Engine::CockroachDb
            && self.cancels.count() > self.connection.shared.with(|inner| inner.cancelled())
        {
            return Err(self.unusable());
        }
        self.cancels.settled();
        Ok(())
    }

    fn say(&self, text: &'static str) -> Result<Reply, Error> {
        self.connection.send_simple(Request::new(text), false)
    }

    fn say_again(&self, request: Recorded) -> Result<Reply, Error> {
        match request {
            Recorded::Simple(text) => self.connection.send_simple(Request::new(&text), false),
            Recorded::Extended { bytes, columns } => self.connection.send(Outgoing {
                bytes: &bytes,
                shape: Shape::Extended(Steps::from_slice(&[
                    Step::Parse,
                    Step::Bind,
                    Step::Execute { columns },
                ])),
                trace: Trace {
                    footprint: Footprint::of(""),
                    local_settings: false,
                },
                copies: false,
                tells_ends: false,
                keeps: None,
            }),
        }
    }

    fn unusable(&self) -> Error {
        match self.end() {
            Some(end) => self
                .connection
                .failed("resetting the session", Answer::unsent(Some(end))),
            None => Error::unusable(format!(
                "resetting the session with {}: it cannot be used again",
                self.connection.shared.peer
            )),
        }
    }

    async fn within<T>(
        &self,
        deadline: Instant,
        attempt: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        timeout_at(deadline, work).await.unwrap_or_else(|_| {
            Err(Error::timeout(format!(
                "{attempt} with {}: no answer in time",
                self.connection.shared.peer
            )))
        })
    }
}
