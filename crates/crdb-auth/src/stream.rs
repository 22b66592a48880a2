//! The bytes of an authenticated session.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::canceller::Canceller;
use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::facts::ServerFacts;
use crate::net::{Peer, Transport};
use crate::startup::LoggedIn;

/// How long a session that ends while idle may take to say goodbye.
pub(crate) const GOODBYE: Duration = Duration::from_secs(1);

/// A connection on which the server has said ReadyForQuery: what is written now are statements.
///
/// Reads give first what the server sent behind ReadyForQuery.
pub struct AuthenticatedStream {
    transport: Transport,
    ahead: BytesMut,
    origin: Origin,
}

/// Where the bytes of a stream come from.
pub(crate) struct Origin {
    pub(crate) facts: ServerFacts,
    pub(crate) peer: Peer,
    pub(crate) endpoint: Endpoint,
    pub(crate) connector: Connector,
}

impl AuthenticatedStream {
    pub(crate) fn new(
        done: LoggedIn,
        peer: Peer,
        endpoint: Endpoint,
        connector: Connector,
    ) -> Self {
        Self {
            transport: done.transport,
            ahead: done.ahead,
            origin: Origin {
                facts: done.facts,
                peer,
                endpoint,
                connector,
            },
        }
    }

    /// The bytes, with those that have been read ahead, and where they come from.
    pub(crate) fn into_parts(self) -> ((Transport, BytesMut), Origin) {
        ((self.transport, self.ahead), self.origin)
    }

    pub(crate) fn from_parts((transport, ahead): (Transport, BytesMut), origin: Origin) -> Self {
        Self {
            transport,
            ahead,
            origin,
        }
    }

    /// What the server told about itself.
    #[must_use]
    pub fn facts(&self) -> &ServerFacts {
        &self.origin.facts
    }

    /// Whether TLS protects the bytes.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }

    /// Whether a write that fails has taken nothing of the bytes that it was given: so it is on a socket of the system, not within TLS
    /// and not with a [`Dialler`](crate::Dialler).
    #[must_use]
    pub fn is_unbuffered(&self) -> bool {
        self.transport.is_unbuffered()
    }

    /// Where the server is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.origin.endpoint
    }

    /// Cancels what is run on this stream.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller::new(
            self.origin.connector.clone(),
            self.origin.endpoint.clone(),
            self.origin.peer.clone(),
            self.is_tls(),
            self.origin.facts.key(),
        )
    }
}

impl AsyncRead for AuthenticatedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ahead.is_empty() {
            let take = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead[..take]);
            this.ahead.advance(take);
            if this.ahead.is_empty() {
                this.ahead = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.transport).poll_read(cx, buf)
    }
}

impl AsyncWrite for AuthenticatedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().transport).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().transport).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }
}

impl std::fmt::Debug for AuthenticatedStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthenticatedStream")
            .field("tls", &self.is_tls())
            .field("facts", &self.origin.facts)
            .finish_non_exhaustive()
    }
}
