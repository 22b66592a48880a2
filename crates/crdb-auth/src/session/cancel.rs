//! Cancelling from outside, over a connection of its own.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::state::State;
use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::facts::BackendKey;
use crate::net::Peer;
use crate::observer::Cancelled;

/// Cancels what its session runs.
///
/// The request travels over its own connection to the very same server, inside TLS if the session
/// is. The server cancels whatever the session runs when the request arrives, which need not be
/// what was meant: so a session that was cancelled is not clean until it has been
/// [`reset`](crate::Session::reset), and broken when nobody can tell whether the request arrived.
///
/// CockroachDB takes the request and acts on it at some later time. So there a session whose cancel
/// has not ended a statement is broken too: it could end the next borrower's.
#[derive(Clone)]
pub struct CancelHandle {
    connector: Connector,
    endpoint: Endpoint,
    peer: Peer,
    tls: bool,
    key: Option<BackendKey>,
    state: Arc<State>,
    borrow: u64,
}

/// Ends the account of one cancel, also when its future is dropped.
struct Account<'a> {
    state: &'a State,
    sent: bool,
    answered: bool,
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        self.state.cancel_ends(self.sent, self.answered);
    }
}

impl CancelHandle {
    pub(super) fn new(
        connector: Connector,
        endpoint: Endpoint,
        peer: Peer,
        tls: bool,
        key: Option<BackendKey>,
        state: Arc<State>,
    ) -> Self {
        Self {
            borrow: state.borrow(),
            connector,
            endpoint,
            peer,
            tls,
            key,
            state,
        }
    }

    /// Sends the request and waits until the server has taken it. The statement, if one runs,
    /// then fails with SQLSTATE 57014.
    ///
    /// Once the borrow in which the handle was taken has ended ([`Session::end_borrow`](crate::Session::end_borrow),
    /// [`Session::reset`](crate::Session::reset)), nothing is sent: what was meant is over, and the session may be
    /// somebody else's.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`]: the server gave no key (CockroachDB up to v21.1). Otherwise as
    /// [`Connector::connect`], within the same `connect_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future before the request is written changes nothing; after that the session
    /// is [`Cleanliness::Broken`](crate::Cleanliness::Broken), because the request may hit any
    /// later statement.
    pub async fn cancel(&self) -> Result<(), Error> {
        let start = Instant::now();
        let limit = self.connector.config().connect_timeout;
        let result = match timeout(limit, Box::pin(self.request())).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "cancelling at {}: no answer within {limit:?}",
                    self.endpoint
                ),
            )),
        };
        if let Some(observer) = &self.connector.config().observer {
            observer.cancelled(&Cancelled {
                endpoint: &self.endpoint,
                elapsed: start.elapsed(),
                error: result.as_ref().err(),
            });
        }
        result
    }

    async fn request(&self) -> Result<(), Error> {
        let key = self.key.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                format!(
                    "cancelling at {}: the server gave no cancel key; CockroachDB does since v21.2",
                    self.endpoint
                ),
            )
        })?;
        self.state.cancel_begins();
        let mut account = Account {
            state: &self.state,
            sent: false,
            answered: false,
        };
        if self.state.borrow() != self.borrow {
            return Ok(());
        }
        let mut transport = self
            .connector
            .reach_again(&self.endpoint, &self.peer, self.tls)
            .await?;
        let mut message = BytesMut::with_capacity(16);
        frontend::cancel_request(key.process_id, key.secret_key, &mut message);
        let failed = |error| Error::from_io(&format!("cancelling at {}", self.endpoint), error);
        account.sent = true;
        transport.write_all(&message).await.map_err(failed)?;
        transport.flush().await.map_err(failed)?;
        // The server answers by closing, once it has passed the request on. Some reset.
        let mut rest = [0; 64];
        while transport.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        account.answered = true;
        Ok(())
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
