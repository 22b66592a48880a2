//! Runs statements.

use std::sync::Arc;

use crdb_auth::TransactionStatus;
use postgres_protocol::message::frontend;

use super::client_copy::is_client_copy;
use super::{Prepared, bind};
use crate::Parameters;
use crate::answer::Answer;
use crate::connection::{Connection, Event, Outgoing, Reply};
use crate::error::{COPY_REFUSED, Error};
use crate::footprint::{Footprint, TransactionEffect};
use crate::protocol::{Shape, Step, Steps};
use crate::request::Request;

/// A statement whose reply has begun.
pub(crate) struct Running {
    pub(crate) reply: Reply,
    /// Keeps the statement open on the server while its reply is read.
    pub(crate) prepared: Arc<Prepared>,
    /// What came first.
    pub(crate) first: Option<Event>,
    /// The statement failed because its plan is stale, and the transaction has failed with it.
    pub(crate) stale: bool,
}

impl Connection {
    /// Sends a request.
    ///
    /// # Errors
    /// The connection has ended: nothing was written.
    pub(crate) fn send(&self, request: Outgoing<'_>) -> Result<Reply, Error> {
        self.shared
            .send(request)
            .map_err(|answer| self.failed("sending a request", *answer))
    }

    /// The error for an answer that is no success.
    pub(crate) fn failed(&self, attempt: &str, answer: Answer) -> Error {
        Error::answered(attempt, &self.shared.peer, answer)
    }

    /// Runs a statement with these values, as a prepared one. One round trip where the text was used before, else two, and
    /// those for types that were not met before.
    ///
    /// A statement that has become stale on the server (26000, 0A000) is prepared again and run, once, where it is certain
    /// that it has not run: outside a transaction, and before Bind was accepted. CockroachDB before v26.2 finds a changed
    /// result type only when it runs the statement; there it is run again unless the request forbids it.
    ///
    /// # Errors
    /// The caller's mistakes, and a connection that has ended. An error of the server is in the reply.
    pub(crate) async fn run(
        &self,
        request: Request<'_>,
        values: Parameters<'_>,
    ) -> Result<Running, Error> {
        let mut again = false;
        loop {
            let mut stale = false;
            let (prepared, reused) = self.statement(request.text).await?;
            let mut reply = self.bind_and_send(&prepared, request, values)?;
            let first = reply.event().await;
            if first.is_none() && reused {
                let (repeats, in_transaction) = self.repeats(request, &prepared, reply.complete());
                stale = in_transaction;
                if repeats && !again {
                    again = true;
                    continue;
                }
            }
            return Ok(Running {
                reply,
                prepared,
                first,
                stale,
            });
        }
    }

    /// Forgets a statement whose plan has become stale, as this answer says. Says whether it should be prepared again
    /// and run once more, and whether it failed because of that in a transaction.
    pub(crate) fn repeats(
        &self,
        request: Request<'_>,
        prepared: &Arc<Prepared>,
        answer: &Answer,
    ) -> (bool, bool) {
        let stale = StalePlan::of(answer, prepared);
        if stale != StalePlan::No {
            self.statements.remove(request.text, prepared);
            // The types may have changed as well.
            self.types.forget();
        }
        let repeats = match stale {
            StalePlan::BeforeItRan => true,
            StalePlan::WithoutEffect => !request.once,
            StalePlan::No | StalePlan::InTransaction => false,
        };
        (repeats, stale == StalePlan::InTransaction)
    }

    fn bind_and_send(
        &self,
        prepared: &Prepared,
        request: Request<'_>,
        values: Parameters<'_>,
    ) -> Result<Reply, Error> {
        let mut buffer = self.shared.scratch();
        let sent = bind::bind_and_execute(prepared, values, &mut buffer)
            .and_then(|()| self.send_bound(prepared, request, &buffer, None));
        self.shared.return_scratch(buffer);
        sent
    }

    /// Sends the Bind, Execute and Sync that were encoded for a prepared statement. `keeps` is as in [`Outgoing`].
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) fn send_bound(
        &self,
        prepared: &Prepared,
        request: Request<'_>,
        bytes: &[u8],
        keeps: Option<usize>,
    ) -> Result<Reply, Error> {
        let columns = prepared.width();
        self.send(Outgoing {
            bytes,
            shape: Shape::Extended(Steps::from_slice(&[Step::Bind, Step::Execute { columns }])),
            trace: request.trace(prepared.footprint),
            copies: false,
            tells_ends: false,
            keeps,
        })
    }

    /// Forgets a statement of a batch if this answer says that a plan has become stale. Says whether it does.
    pub(crate) fn forget_stale(
        &self,
        text: &str,
        prepared: &Arc<Prepared>,
        answer: &Answer,
    ) -> bool {
        let stale = answer
            .error()
            .is_some_and(|error| matches!(error.sqlstate(), "26000" | "0A000"));
        if stale {
            self.statements.remove(text, prepared);
            self.types.forget();
        }
        stale
    }

    /// Sends statements in the simple protocol.
    ///
    /// # Errors
    /// A text with NUL is refused, and one with a COPY unless the caller `copies`; the connection may have ended.
    pub(crate) fn send_simple(&self, request: Request<'_>, copies: bool) -> Result<Reply, Error> {
        if !copies && is_client_copy(request.text) {
            return Err(Error::refused(COPY_REFUSED));
        }
        let mut buffer = self.shared.scratch();
        let sent = frontend::query(request.text, &mut buffer)
            .map_err(|source| Error::refused("encoding a statement's text").with_source(source))
            .and_then(|()| {
                self.send(Outgoing {
                    bytes: &buffer,
                    shape: Shape::Simple,
                    trace: request.trace(Footprint::of(request.text)),
                    copies,
                    tells_ends: copies,
                    keeps: None,
                })
            });
        self.shared.return_scratch(buffer);
        sent
    }

    /// The messages that run a statement once more without its prepared form: Parse, Bind, Execute and Sync.
    ///
    /// # Errors
    /// The caller's mistakes.
    pub(crate) fn unnamed(
        prepared: &Prepared,
        text: &str,
        values: Parameters<'_>,
    ) -> Result<Vec<u8>, Error> {
        let mut buffer = bytes::BytesMut::new();
        let oids = prepared.parameters.iter().map(postgres_types::Type::oid);
        frontend::parse("", text, oids, &mut buffer)
            .map_err(|source| Error::refused("encoding a statement's text").with_source(source))?;
        bind::bind("", values, &prepared.parameters, &mut buffer)?;
        bind::execute_and_sync(&mut buffer)?;
        Ok(buffer.into())
    }
}

/// Whether a statement failed because its plan is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StalePlan {
    No,
    /// It has not run.
    BeforeItRan,
    /// It failed when it ran: the server has undone it.
    WithoutEffect,
    /// The transaction that it was sent in has failed.
    InTransaction,
}

impl StalePlan {
    fn of(answer: &Answer, prepared: &Prepared) -> Self {
        let stale = match answer.error().map(crate::ServerError::sqlstate) {
            // The name is not known. Once Bind was accepted, the error is another statement's: a procedure's EXECUTE.
            Some("26000") => !answer.bound,
            Some("0A000") => true,
            _ => false,
        };
        let idle = Some(TransactionStatus::Idle);
        if !stale || answer.rows_received() > 0 || !answer.tags().is_empty() {
            Self::No
        } else if answer.before != idle || answer.status() != idle {
            Self::InTransaction
        } else if !answer.bound {
            Self::BeforeItRan
        } else if prepared.footprint.transaction() == TransactionEffect::None {
            Self::WithoutEffect
        } else {
            Self::No
        }
    }
}
