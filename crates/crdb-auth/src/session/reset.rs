//! Asking whether a session lives, and making it like new.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_postgres::error::SqlState;

use super::replay::Slot;
use super::{Cleanliness, Session, drive};
use crate::error::{Error, ErrorKind};
use crate::facts::Engine;
use crate::net::later;
use crate::question::DOES_DATABASE_EXIST;
use crate::server_error::ServerError;
use crate::transaction_status::TransactionStatus;

/// What a [`reset`](Session::reset) had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Renewal {
    /// Nothing was sent: the session was clean once its last reply had ended. Prepared statements
    /// are still there.
    Untouched,
    /// The session is like new and has a new client: statements prepared before are gone.
    Renewed,
}

impl Session {
    /// One round trip with an empty statement.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after `within`; otherwise why the session is of no use.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session [`Unfinished`](crate::Cleanliness::Unfinished).
    pub async fn ping(&self, within: Duration) -> Result<(), Error> {
        let call = self.begin_call();
        self.bounded("pinging", within, self.say("")).await?;
        call.finish();
        Ok(())
    }

    /// Asks whether the session's database exists.
    ///
    /// PostgreSQL has said so at the login, and nothing is sent. CockroachDB lets in a login that names a database that does not
    /// exist, and later finds no table in it: there it costs one round trip. A server that does not know the question does not
    /// fail it.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownDatabase`]; [`ErrorKind::Timeout`] after `within`; otherwise why the session is of no use.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session [`Unfinished`](crate::Cleanliness::Unfinished).
    pub async fn check_database(&self, within: Duration) -> Result<(), Error> {
        if self.facts.engine() != Engine::CockroachDb {
            return Ok(());
        }
        let call = self.begin_call();
        let work = async {
            let answer = self.say(DOES_DATABASE_EXIST).await;
            // An error is known before the reply that it is part of has ended.
            self.tap.settled().await;
            answer
        };
        let answer = self
            .bounded("asking for the database of", within, work)
            .await;
        match answer {
            Err(error) if error.kind() == ErrorKind::UnknownDatabase => {
                call.finish();
                return Err(error);
            }
            Err(error) if error.sqlstate().is_none() || self.is_closed() => return Err(error),
            _ => call.finish(),
        }
        Ok(())
    }

    /// Makes the session like new. If waiting for the end of a reply, or of a cancel, shows that
    /// it is so already, nothing is sent. Otherwise it waits for everything that was begun, ends the
    /// transaction, resets settings and whatever else a session holds (`DISCARD ALL`).
    ///
    /// Prepared statements end with it, so the session gets a new client, which knows of none:
    /// `tokio_postgres::Statement`s made before must not be used again.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after `within`; otherwise why the session is of no use, for example
    /// because a cancel may still hit it. After any error it must be dropped.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session [`Unfinished`](crate::Cleanliness::Unfinished); it
    /// may be reset again.
    pub async fn reset(&mut self, within: Duration) -> Result<Renewal, Error> {
        let deadline = later(Instant::now(), within);
        self.state.end_borrow();
        let settling = async {
            self.state.cancels_settled().await;
            if !self.state.is_unfinished() {
                self.tap.settled().await;
            }
            Ok(())
        };
        self.bounded("resetting", within, settling).await?;
        if self.cleanliness() == Cleanliness::Clean {
            return Ok(Renewal::Untouched);
        }
        let within = deadline.saturating_duration_since(Instant::now());
        self.renew(within).await?;
        Ok(Renewal::Renewed)
    }

    async fn renew(&mut self, within: Duration) -> Result<(), Error> {
        let call = self.begin_call();
        let work = async {
            // The fence: replies come in order, so whatever was sent before it has been answered
            // when it returns. A cancel that was on its way may hit the fence.
            match self.say("").await {
                Err(error) if error.sqlstate() == Some(SqlState::QUERY_CANCELED.code()) => {}
                result => result?,
            }
            if self.cancel_may_come() {
                return Err(self.unusable());
            }
            if self.tap.transaction_status() != TransactionStatus::Idle {
                self.say("ROLLBACK").await?;
            }
            self.say("DISCARD ALL").await?;
            if self.facts.engine() == Engine::CockroachDb {
                self.reset_role().await?;
            }
            Ok(())
        };
        self.bounded("resetting", within, work).await?;
        call.finish();
        if self.state.is_doomed() || self.tap.transaction_status() != TransactionStatus::Idle {
            return Err(self.unusable());
        }
        let stream = self.driven.slot.take().ok_or_else(|| self.unusable())?;
        let slot = Slot::new(stream);
        self.driven = drive(slot, &self.facts, &self.tap, &self.endpoint).await?;
        self.state.renew();
        self.tap.rebase();
        Ok(())
    }

    /// `DISCARD ALL` of CockroachDB leaves the role of `SET ROLE` in place (its `role` variable
    /// is not among those that are reset); before v22.1 there is no such variable, or no such syntax.
    async fn reset_role(&self) -> Result<(), Error> {
        const UNKNOWN: [SqlState; 2] = [SqlState::UNDEFINED_OBJECT, SqlState::SYNTAX_ERROR];
        match self.say("RESET role").await {
            Err(error)
                if UNKNOWN
                    .iter()
                    .any(|code| error.sqlstate() == Some(code.code())) =>
            {
                // The error has come, and the end of its answer comes before that of the next.
                self.say("").await
            }
            result => result,
        }
    }

    fn unusable(&self) -> Error {
        Error::new(
            ErrorKind::Closed,
            format!(
                "resetting the session with {}: it cannot be used again",
                self.endpoint
            ),
        )
    }

    async fn say(&self, statement: &str) -> Result<(), Error> {
        self.driven
            .client
            .batch_execute(statement)
            .await
            .map_err(|error| self.client_error(statement, error))
    }

    async fn bounded<T>(
        &self,
        what: &str,
        within: Duration,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        timeout(within, work).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "{what} the session with {}: no answer within {within:?}",
                    self.endpoint
                ),
            ))
        })
    }

    /// What the server said, else why the session ended, else that it is closed.
    fn client_error(&self, statement: &str, error: tokio_postgres::Error) -> Error {
        if let Some(answer) = error.as_db_error() {
            let attempt = format!("executing {statement:?} on {}", self.endpoint);
            return Error::from_server(&attempt, ServerError::from_client(answer));
        }
        self.end().unwrap_or_else(|| {
            Error::new(
                ErrorKind::Closed,
                format!("the session with {} is closed", self.endpoint),
            )
            .with_source(error)
        })
    }
}
