//! Sends CancelRequests to the server of one session.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::facts::BackendKey;
use crate::net::Peer;
use crate::observer::CancelOperation;

/// Sends CancelRequests for one session: over a connection of its own to the very same server, inside TLS if the session
/// is.
///
/// The server cancels whatever the session runs when the request arrives. Which statement that is, the caller must know:
/// [`CancelHandle`](crate::CancelHandle) keeps that account for a [`Session`](crate::Session).
#[derive(Clone)]
pub struct Canceller {
    connector: Connector,
    endpoint: Endpoint,
    peer: Peer,
    tls: bool,
    key: Option<BackendKey>,
}

impl Canceller {
    pub(crate) fn new(
        connector: Connector,
        endpoint: Endpoint,
        peer: Peer,
        tls: bool,
        key: Option<BackendKey>,
    ) -> Self {
        Self {
            connector,
            endpoint,
            peer,
            tls,
            key,
        }
    }

    /// Sends the request and waits until the server has taken it, which it says by closing the connection.
    ///
    /// `sent` is set before the first byte is written: from then on the request may reach the server, whatever comes of
    /// this call.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`]: the server gave no key (CockroachDB before v22.1). Otherwise as
    /// [`Connector::connect`](crate::Connector::connect), within the same `connect_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future before `sent` is set changes nothing. After that the request may act at any later time.
    pub async fn cancel(&self, sent: &AtomicBool) -> Result<(), Error> {
        let observer = self.connector.config().observer.as_deref();
        let operation = CancelOperation::begin(observer, &self.endpoint);
        let limit = self.connector.config().connect_timeout;
        let result = match timeout(limit, Box::pin(self.request(sent))).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "cancelling at {}: no answer within {limit:?}",
                    self.endpoint
                ),
            )),
        };
        operation.end(&result);
        result
    }

    async fn request(&self, sent: &AtomicBool) -> Result<(), Error> {
        let key = self.key.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                format!(
                    "cancelling at {}: the server gave no cancel key; CockroachDB does since v22.1",
                    self.endpoint
                ),
            )
        })?;
        let mut transport = self
            .connector
            .reach_again(&self.endpoint, &self.peer, self.tls)
            .await?;
        let mut message = BytesMut::with_capacity(16);
        frontend::cancel_request(key.process_id, key.secret_key, &mut message);
        let failed = |error| Error::from_io(&format!("cancelling at {}", self.endpoint), error);
        sent.store(true, Ordering::Release);
        transport.write_all(&message).await.map_err(failed)?;
        transport.flush().await.map_err(failed)?;
        // The server answers by closing, once it has passed the request on. Some reset.
        let mut rest = [0; 64];
        while transport.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        Ok(())
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
