//! Makes an authenticated stream look like a server that is about to be logged in to.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::facts::ServerFacts;
use crate::stream::AuthenticatedStream;
use crate::tap::{Scanner, Tap};

/// Swallows the one startup message that `connect_raw` writes, answers it with what the server
/// has answered ours, and is transparent from then on, but for the [`Tap`] that reads along.
pub(super) struct Replay {
    slot: Slot,
    script: BytesMut,
    swallow: Swallow,
    tap: Tap,
    scanner: Scanner,
}

/// Where the stream is kept, so that it can be given to a new client.
///
/// The lock is held for one poll at a time, and no task waits for it: a session takes the stream
/// out only while its client is idle.
#[derive(Clone)]
pub(super) struct Slot(Arc<Mutex<Option<AuthenticatedStream>>>);

impl Slot {
    pub(super) fn new(stream: AuthenticatedStream) -> Self {
        Self(Arc::new(Mutex::new(Some(stream))))
    }

    fn lock(&self) -> MutexGuard<'_, Option<AuthenticatedStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the stream from the client that uses it, for which the connection is then closed.
    pub(super) fn take(&self) -> Option<AuthenticatedStream> {
        self.lock().take()
    }
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the session has a new client")
}

/// How much of the startup message is still to come.
enum Swallow {
    Length { seen: [u8; 4], have: usize },
    Rest(usize),
    Done,
}

impl Replay {
    pub(super) fn new(slot: Slot, facts: &ServerFacts, tap: Tap) -> Self {
        Self {
            script: script(facts),
            slot,
            swallow: Swallow::Length {
                seen: [0; 4],
                have: 0,
            },
            tap,
            scanner: Scanner::default(),
        }
    }

    /// How many of the bytes belong to the startup message.
    fn swallow(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
        let offered = bytes.len();
        while !bytes.is_empty() {
            match &mut self.swallow {
                Swallow::Length { seen, have } => {
                    seen[*have] = bytes[0];
                    *have += 1;
                    bytes = &bytes[1..];
                    if *have == 4 {
                        let length = u32::from_be_bytes(*seen) as usize;
                        self.swallow = match length.checked_sub(4) {
                            Some(0) => Swallow::Done,
                            Some(rest) => Swallow::Rest(rest),
                            None => {
                                return Err(io::Error::new(
                                    io::ErrorKind::InvalidData,
                                    "not a startup message",
                                ));
                            }
                        };
                    }
                }
                Swallow::Rest(rest) => {
                    let take = (*rest).min(bytes.len());
                    bytes = &bytes[take..];
                    *rest -= take;
                    if *rest == 0 {
                        self.swallow = Swallow::Done;
                    }
                }
                Swallow::Done => break,
            }
        }
        Ok(offered - bytes.len())
    }
}

/// AuthenticationOk, BackendKeyData, ReadyForQuery. The client would keep a copy of each ParameterStatus, which only its
/// connection could be asked for; they are at the [`Tap`].
fn script(facts: &ServerFacts) -> BytesMut {
    let mut out = BytesMut::with_capacity(32);
    out.put_slice(&[b'R', 0, 0, 0, 8, 0, 0, 0, 0]);
    if let Some(key) = facts.key() {
        out.put_slice(&[b'K', 0, 0, 0, 12]);
        out.put_i32(key.process_id);
        out.put_i32(key.secret_key);
    }
    out.put_slice(&[b'Z', 0, 0, 0, 5, b'I']);
    out
}

impl AsyncRead for Replay {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.script.is_empty() {
            let take = this.script.len().min(buf.remaining());
            buf.put_slice(&this.script[..take]);
            this.script.advance(take);
            if this.script.is_empty() {
                this.script = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = {
            let mut slot = this.slot.lock();
            let Some(stream) = slot.as_mut() else {
                return Poll::Ready(Err(taken()));
            };
            ready!(Pin::new(stream).poll_read(cx, buf))
        };
        let new = &buf.filled()[before..];
        if result.is_err() || new.is_empty() {
            this.tap.close();
        } else {
            this.tap.observe(&mut this.scanner, new);
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Replay {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !matches!(this.swallow, Swallow::Done) {
            return Poll::Ready(this.swallow(buf));
        }
        match this.slot.lock().as_mut() {
            Some(stream) => Pin::new(stream).poll_write(cx, buf),
            None => Poll::Ready(Err(taken())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.slot.lock().as_mut() {
            Some(stream) => Pin::new(stream).poll_flush(cx),
            None => Poll::Ready(Err(taken())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.slot.lock().as_mut() {
            Some(stream) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Err(taken())),
        }
    }
}
