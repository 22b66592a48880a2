//! Connections that are opened by code of the user's own.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::endpoint::Endpoint;

/// What a [`Dialler`] gives back: to be awaited within the connect deadline.
pub type DialFuture<'a> = Pin<Box<dyn Future<Output = io::Result<DialledStream>> + Send + 'a>>;

/// Opens the connection to a server instead of this crate: through a proxy or a tunnel, or within the process, for a simulation.
///
/// Nothing is resolved and no [`SocketOptions`](crate::SocketOptions) are set then. TLS, where it is configured, is set up on what the
/// dialler opens, and checks the certificate against the endpoint's host.
///
/// ```
/// use crdb_auth::{Config, DialFuture, DialledStream, Dialler, Endpoint};
/// use tokio::net::TcpStream;
///
/// /// Reaches every server through one local port.
/// struct Tunnel(u16);
///
/// impl Dialler for Tunnel {
///     fn dial<'a>(&'a self, _: &'a Endpoint) -> DialFuture<'a> {
///         Box::pin(async move {
///             let stream = TcpStream::connect(("127.0.0.1", self.0)).await?;
///             stream.set_nodelay(true)?;
///             Ok(DialledStream::new(stream))
///         })
///     }
/// }
///
/// # fn main() -> Result<(), crdb_auth::Error> {
/// let config = Config::builder()
///     .user("app")
///     .dialler(std::sync::Arc::new(Tunnel(5433)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub trait Dialler: Send + Sync + 'static {
    /// Connects to the endpoint.
    ///
    /// It is called for sessions and for CancelRequests. A CancelRequest means something to the server of its session only: a call for
    /// the same endpoint should reach the same server.
    ///
    /// The future is dropped when the connect deadline passes, and must leave no connection behind.
    ///
    /// # Errors
    /// Fail the connect, with a kind that follows from [`io::Error::kind`].
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> DialFuture<'a>;
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection that a [`Dialler`] has opened.
pub struct DialledStream {
    // Only reached through `&mut`, so it is never locked. It makes streams that are not `Sync` so.
    stream: Mutex<Box<dyn Stream>>,
}

impl DialledStream {
    /// Wraps a stream of bytes. Its end and its errors are those of the connection.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self {
            stream: Mutex::new(Box::new(stream)),
        }
    }

    fn stream(&mut self) -> Pin<&mut Box<dyn Stream>> {
        Pin::new(
            self.stream
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl AsyncRead for DialledStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_mut().stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for DialledStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().stream().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream().poll_shutdown(cx)
    }
}

impl fmt::Debug for DialledStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialledStream").finish_non_exhaustive()
    }
}
