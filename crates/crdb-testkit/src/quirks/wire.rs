//! The PostgreSQL wire protocol, as far as a proxy in the middle must understand it.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::failure::Failure;

/// The most that CockroachDB takes in one message (`sql.conn.max_read_buffer_message_size`).
pub(super) const LARGEST_MESSAGE: usize = 16 << 20;

/// A message: its type byte and what follows the length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) tag: u8,
    pub(super) body: Bytes,
}

/// What a client may send.
#[derive(Debug)]
pub(super) enum Incoming {
    Frame(Frame),
    /// A message that was over the limit and has been thrown away.
    TooLarge {
        tag: u8,
        size: usize,
    },
}

impl Incoming {
    /// Whether the client says goodbye.
    pub(super) fn is_terminate(&self) -> bool {
        matches!(self, Self::Frame(frame) if frame.tag == b'X')
    }
}

/// Reads messages. Its futures can be dropped at any time without losing a byte.
#[derive(Debug)]
pub(super) struct FrameReader<R> {
    stream: R,
    buffer: BytesMut,
    limit: usize,
    /// The rest of a message that is being thrown away.
    skipping: Option<(u8, usize, usize)>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(stream: R, limit: usize) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            limit,
            skipping: None,
        }
    }

    /// The next message, or none at the end of the stream.
    pub(super) async fn next(&mut self) -> io::Result<Option<Incoming>> {
        loop {
            if let Some((tag, size, left)) = self.skipping {
                let skipped = left.min(self.buffer.len());
                self.buffer.advance(skipped);
                if left == skipped {
                    self.skipping = None;
                    return Ok(Some(Incoming::TooLarge { tag, size }));
                }
                self.skipping = Some((tag, size, left - skipped));
            } else if let Some(header) = self.buffer.first_chunk::<5>() {
                let tag = header[0];
                let length =
                    u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
                let Some(size) = length.checked_sub(4) else {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "a message is shorter than its length",
                    ));
                };
                if size > self.limit {
                    self.buffer.advance(5);
                    self.skipping = Some((tag, size, size));
                    continue;
                }
                if self.buffer.len() >= 5 + size {
                    self.buffer.advance(5);
                    let body = self.buffer.split_to(size).freeze();
                    return Ok(Some(Incoming::Frame(Frame { tag, body })));
                }
                self.buffer.reserve(5 + size - self.buffer.len());
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// The next message of a server, whose messages have no limit.
    pub(super) async fn next_frame(&mut self) -> io::Result<Frame> {
        match self.next().await? {
            Some(Incoming::Frame(frame)) => Ok(frame),
            Some(Incoming::TooLarge { .. }) | None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Reads a message without a type byte, as sessions begin with.
pub(super) async fn read_untyped<R: AsyncRead + Unpin>(stream: &mut R) -> io::Result<Bytes> {
    let length = stream.read_u32().await? as usize;
    let size = length
        .checked_sub(4)
        .filter(|size| *size <= 10_000)
        .ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; size];
    stream.read_exact(&mut body).await?;
    Ok(body.into())
}

/// Appends a message whose body `write` writes.
pub(super) fn put(out: &mut BytesMut, tag: u8, write: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    put_untyped(out, write);
}

/// Appends a message without a type byte.
pub(super) fn put_untyped(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    write(out);
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

pub(super) fn put_text(out: &mut BytesMut, text: &str) {
    out.put_slice(text.as_bytes());
    out.put_u8(0);
}

pub(super) fn put_frame(out: &mut BytesMut, frame: &Frame) {
    put(out, frame.tag, |out| out.put_slice(&frame.body));
}

pub(super) fn command_complete(tag: &str) -> Frame {
    let mut body = BytesMut::new();
    put_text(&mut body, tag);
    Frame {
        tag: b'C',
        body: body.freeze(),
    }
}

pub(super) fn put_ready(out: &mut BytesMut, status: u8) {
    put(out, b'Z', |out| out.put_u8(status));
}

pub(super) fn put_parameter(out: &mut BytesMut, name: &str, value: &str) {
    put(out, b'S', |out| {
        put_text(out, name);
        put_text(out, value);
    });
}

/// Appends an ErrorResponse. Errors that end the session have the severity `ERROR` too.
pub(super) fn put_failure(out: &mut BytesMut, failure: &Failure) {
    put_fields(out, b'E', "ERROR", failure);
}

/// Appends a NoticeResponse.
pub(super) fn put_notice(out: &mut BytesMut, notice: &Failure) {
    put_fields(out, b'N', "NOTICE", notice);
}

/// Appends a NoticeResponse that warns.
pub(super) fn put_warning(out: &mut BytesMut, warning: &Failure) {
    put_fields(out, b'N', "WARNING", warning);
}

fn put_fields(out: &mut BytesMut, tag: u8, severity: &str, failure: &Failure) {
    put(out, tag, |out| {
        let fields = [
            (b'S', Some(severity)),
            (b'C', Some(failure.code)),
            (b'D', failure.detail.as_deref()),
            (b'H', failure.hint.as_deref()),
            (b'M', Some(failure.message.as_str())),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                out.put_u8(field);
                put_text(out, value);
            }
        }
        out.put_u8(0);
    });
}

/// Takes a text that ends with a zero byte from the front of `body`.
pub(super) fn take_text(body: &mut Bytes) -> Option<Bytes> {
    let end = body.iter().position(|byte| *byte == 0)?;
    let text = body.split_to(end);
    body.advance(1);
    Some(text)
}

/// The fields of an ErrorResponse or a NoticeResponse.
pub(super) fn fields(body: &Bytes) -> Vec<(u8, String)> {
    let mut body = body.clone();
    let mut fields = Vec::new();
    while body.has_remaining() {
        let field = body.get_u8();
        if field == 0 {
            break;
        }
        let Some(text) = take_text(&mut body) else {
            break;
        };
        fields.push((field, String::from_utf8_lossy(&text).into_owned()));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_read_however_they_arrive() {
        let mut bytes = BytesMut::new();
        put(&mut bytes, b'Q', |out| put_text(out, "SELECT 1"));
        put(&mut bytes, b'd', |out| out.put_bytes(7, 40));
        put(&mut bytes, b'S', |_| {});
        let mut builder = tokio_test_chunks(&bytes);
        let mut reader = FrameReader::new(&mut builder, 30);
        assert!(
            matches!(reader.next().await, Ok(Some(Incoming::Frame(frame))) if frame.tag == b'Q')
        );
        assert!(matches!(
            reader.next().await,
            Ok(Some(Incoming::TooLarge {
                tag: b'd',
                size: 40
            }))
        ));
        assert!(
            matches!(reader.next().await, Ok(Some(Incoming::Frame(frame))) if frame.tag == b'S')
        );
        assert!(matches!(reader.next().await, Ok(None)));
    }

    /// A stream that gives one byte at a time.
    fn tokio_test_chunks(bytes: &[u8]) -> impl AsyncRead + Unpin {
        struct Trickle(std::collections::VecDeque<u8>);
        impl AsyncRead for Trickle {
            fn poll_read(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                buffer: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<io::Result<()>> {
                if let Some(byte) = self.0.pop_front() {
                    buffer.put_slice(&[byte]);
                }
                std::task::Poll::Ready(Ok(()))
            }
        }
        Trickle(bytes.iter().copied().collect())
    }

    #[tokio::test]
    async fn a_length_below_four_is_an_error() {
        let mut reader = FrameReader::new(&b"Q\0\0\0\x03"[..], 30);
        assert!(reader.next().await.is_err());
    }
}
