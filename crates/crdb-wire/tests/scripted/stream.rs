//! A stream that plays a script.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crdb_wire::{Config, Engine, Remote, Session};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What happens once a stream has given all its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    Closed,
    Reset,
    /// Nothing ever comes.
    Silent,
}

#[derive(Debug)]
struct State {
    /// Replies, each given once so many bytes have been written.
    replies: Vec<(usize, Vec<u8>)>,
    last: Last,
    /// How many bytes the stream takes before it fails.
    takes: usize,
    written: Vec<u8>,
    writes: usize,
    /// How many bytes are given at once.
    piece: usize,
    reader: Option<Waker>,
}

/// The script, and what was written so far.
#[derive(Clone)]
pub(crate) struct Script(Arc<Mutex<State>>);

impl Script {
    /// A server that answers with `reply` once anything has been written.
    pub(crate) fn answering(reply: Vec<u8>, last: Last) -> Self {
        Self::new(vec![(1, reply)], last)
    }

    pub(crate) fn new(replies: Vec<(usize, Vec<u8>)>, last: Last) -> Self {
        Self(Arc::new(Mutex::new(State {
            replies,
            last,
            takes: usize::MAX,
            written: Vec::new(),
            writes: 0,
            piece: usize::MAX,
            reader: None,
        })))
    }

    /// Takes so many bytes and then fails.
    pub(crate) fn takes(self, bytes: usize) -> Self {
        self.0.lock().unwrap().takes = bytes;
        self
    }

    /// Gives at most so many bytes at once.
    pub(crate) fn in_pieces(self, bytes: usize) -> Self {
        self.0.lock().unwrap().piece = bytes;
        self
    }

    pub(crate) fn written(&self) -> usize {
        self.0.lock().unwrap().written.len()
    }

    pub(crate) fn writes(&self) -> usize {
        self.0.lock().unwrap().writes
    }

    /// A session on this script.
    pub(crate) fn session(&self) -> Session {
        self.session_with(Config::default())
    }

    pub(crate) fn session_with(&self, config: Config) -> Session {
        let remote = Remote::new("script", Engine::PostgreSql).atomic_writes(true);
        Session::over(self.clone(), remote, config)
    }
}

impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock().unwrap();
        let state = &mut *state;
        if let Some((after, bytes)) = state.replies.first_mut() {
            if state.written.len() < *after {
                state.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let take = bytes.len().min(buf.remaining()).min(state.piece);
            buf.put_slice(&bytes[..take]);
            bytes.drain(..take);
            if bytes.is_empty() {
                state.replies.remove(0);
            }
            if take > 0 {
                return Poll::Ready(Ok(()));
            }
        }
        match state.last {
            Last::Closed => Poll::Ready(Ok(())),
            Last::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Last::Silent => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap();
        let room = state.takes - state.written.len().min(state.takes);
        if room == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let take = buf.len().min(room);
        state.written.extend_from_slice(&buf[..take]);
        state.writes += 1;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(take))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// One message.
pub(crate) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

/// ReadyForQuery.
pub(crate) fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}

/// CommandComplete.
pub(crate) fn complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0").as_bytes())
}

/// The answer to the preparation of a statement without parameters that gives one INT8 column.
pub(crate) fn prepared() -> Vec<u8> {
    let column = [&b"a\0"[..], &[0; 6], &20_u32.to_be_bytes(), &[0; 8]].concat();
    [
        message(b'1', b""),
        message(b't', &[0, 0]),
        message(b'T', &[&[0, 1][..], &column].concat()),
        ready(b'I'),
    ]
    .concat()
}

/// A DataRow of one INT8.
pub(crate) fn row(value: i64) -> Vec<u8> {
    message(
        b'D',
        &[&[0, 1, 0, 0, 0, 8][..], &value.to_be_bytes()].concat(),
    )
}
