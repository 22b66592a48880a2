//! Messages over a connection that is not trusted yet: bounded in size and number.

use bytes::{Buf, BytesMut};
use postgres_protocol::message::backend::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroize;

use crate::error::{Error, ErrorKind};
use crate::net::Transport;
use crate::server_error::ServerError;
use crate::shown::Unshown;

/// The longest message accepted before the session is ready. Errors, tokens and parameters are
/// shorter (libpq's limit is 30,000 for errors and 65,536 for GSS tokens).
const MAX_MESSAGE: usize = 64 * 1024 + 16;

/// Notices that may come before something else does.
const MAX_NOTICES: usize = 100;

pub(crate) struct Wire<'a> {
    transport: Transport,
    buf: BytesMut,
    attempt: &'a str,
    unshown: Unshown,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(transport: Transport, attempt: &'a str, unshown: Unshown) -> Self {
        Self {
            transport,
            buf: BytesMut::with_capacity(1024),
            attempt,
            unshown,
        }
    }

    /// Goes on where an earlier one has left off.
    pub(crate) fn resume(
        (transport, buf): (Transport, BytesMut),
        attempt: &'a str,
        unshown: Unshown,
    ) -> Self {
        Self {
            transport,
            buf,
            attempt,
            unshown,
        }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The transport, and what came behind the last message. Nothing is kept for bytes that did not come.
    pub(crate) fn into_parts(self) -> (Transport, BytesMut) {
        let ahead = match self.buf.is_empty() {
            true => BytesMut::new(),
            false => self.buf,
        };
        (self.transport, ahead)
    }

    /// Encodes one message and sends it; the encoded bytes are wiped, they may hold a password.
    pub(crate) async fn send(
        &mut self,
        encode: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        let mut out = BytesMut::with_capacity(1024);
        encode(&mut out).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("{}: cannot be encoded: {error}", self.attempt),
            )
            .with_source(error)
        })?;
        let sent = async {
            self.transport.write_all(&out).await?;
            self.transport.flush().await
        }
        .await;
        out.as_mut().zeroize();
        sent.map_err(|error| Error::from_io(self.attempt, error))
    }

    /// The next message. An ErrorResponse is the failure that it stands for, notices are skipped.
    pub(crate) async fn read(&mut self) -> Result<Message, Error> {
        for _ in 0..MAX_NOTICES {
            let length = self.fill().await?;
            match self.buf[0] {
                b'E' => {
                    let error = ServerError::parse(&self.buf[5..length]).without(&self.unshown);
                    return Err(Error::from_server(self.attempt, error));
                }
                b'N' => self.buf.advance(length),
                _ => {
                    let mut message = self.buf.split_to(length);
                    return match Message::parse(&mut message) {
                        Ok(Some(message)) => Ok(message),
                        Ok(None) => Err(self.unexpected("a message cut short")),
                        Err(error) => {
                            Err(self.unexpected("a malformed message").with_source(error))
                        }
                    };
                }
            }
        }
        Err(self.unexpected("notices without end"))
    }

    /// Reads until a whole message is there; its length with the tag.
    async fn fill(&mut self) -> Result<usize, Error> {
        loop {
            if let Some(&[_, a, b, c, d]) = self.buf.get(..5) {
                let length = u32::from_be_bytes([a, b, c, d]) as usize;
                if !(4..MAX_MESSAGE).contains(&length) {
                    return Err(self.unexpected("a message of impossible length"));
                }
                if self.buf.len() > length {
                    return Ok(length + 1);
                }
                self.buf.reserve(length + 1 - self.buf.len());
            }
            let read = self
                .transport
                .read_buf(&mut self.buf)
                .await
                .map_err(|error| Error::from_io(self.attempt, error))?;
            if read == 0 {
                return Err(Error::from_io(
                    self.attempt,
                    std::io::ErrorKind::UnexpectedEof.into(),
                ));
            }
        }
    }

    pub(crate) fn unexpected(&self, what: &str) -> Error {
        Error::protocol(format!(
            "{}: the server sent {what}; is this the SQL port of CockroachDB or PostgreSQL?",
            self.attempt
        ))
    }
}
