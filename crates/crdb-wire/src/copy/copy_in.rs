//! COPY FROM STDIN.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use postgres_protocol::message::frontend;

use super::direction::Direction;
use super::encode::RowEncoder;
use super::format::CopyFormat;
use super::pass_through::PassThrough;
use super::value::CopyRow;
use crate::answer::Answer;
use crate::connection::{Event, Outgoing, Reply};
use crate::error::Error;
use crate::footprint::Footprint;
use crate::observer::{CopyDirection, Failure, Operation, Outcome};
use crate::protocol::Shape;
use crate::request::Request;
use crate::session::Session;

/// How many encoded bytes are gathered before they are handed on.
const HAND_ON: usize = 64 * 1024;

const ATTEMPT: &str = "copying in";

impl Session {
    /// Begins a `COPY .. FROM STDIN` whose rows are encoded here. `format` must be the statement's.
    ///
    /// The simple protocol is used: CockroachDB refuses COPY in the extended one.
    ///
    /// ```no_run
    /// # async fn example(session: &mut crdb_wire::Session) -> Result<(), crdb_wire::Error> {
    /// use crdb_wire::CopyFormat;
    ///
    /// let mut copy = session
    ///     .copy_in("COPY accounts (id, owner) FROM STDIN", CopyFormat::Text)
    ///     .await?;
    /// for (id, owner) in [(1_i64, Some("ann")), (2, None)] {
    ///     copy.send(&(id, owner)).await?;
    /// }
    /// let answer = copy.finish().await?;
    /// assert_eq!(answer.rows_affected(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) before anything is written, if the text is not one such statement. As
    /// [`execute`](Self::execute) otherwise, and if the server expects another format.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session unfinished: [`reset`](Self::reset) it.
    pub async fn copy_in(
        &mut self,
        request: impl Into<Request<'_>>,
        format: CopyFormat,
    ) -> Result<CopyIn<'_>, Error> {
        let source = RowEncoder::new(format, self.engine());
        self.begin_copy_in(request.into(), format, source).await
    }

    /// Begins a `COPY .. FROM STDIN` whose data exists as bytes already, for example those of a file.
    ///
    /// The bytes may be cut anywhere. For CSV on CockroachDB they are cut into rows again, one whole row a message; its quote must be
    /// `"`, the default, which also escapes.
    ///
    /// # Errors
    /// As [`copy_in`](Self::copy_in).
    ///
    /// # Cancel safety
    /// As [`copy_in`](Self::copy_in).
    pub async fn copy_in_bytes(
        &mut self,
        request: impl Into<Request<'_>>,
        format: CopyFormat,
    ) -> Result<CopyInBytes<'_>, Error> {
        let source = PassThrough::new(format, self.engine());
        let copy = self.begin_copy_in(request.into(), format, source).await?;
        Ok(CopyInBytes(copy))
    }

    /// Runs a `COPY .. FROM STDIN` whose data is there as a whole, in one request: statement, data and end travel together, so that
    /// no other request comes between them. The data must be of the statement's format. The answer's
    /// [`rows_affected`](Answer::rows_affected) counts the rows.
    ///
    /// All of it is buffered until the server has taken it. A server that refuses the statement throws the data away.
    ///
    /// # Errors
    /// As [`copy_in`](Self::copy_in), and [`CopyInBytes::send`]. The server keeps nothing then; but when the connection ended, whether
    /// it keeps the rows is unknown.
    ///
    /// # Cancel safety
    /// When the future is dropped, it is unknown whether the rows are kept.
    pub async fn copy_in_whole(
        &self,
        request: impl Into<Request<'_>>,
        format: CopyFormat,
        data: &[u8],
    ) -> Result<Answer, Error> {
        let request = request.into();
        if Direction::of(request.text) != Some(Direction::In) {
            return Err(Error::refused(
                "copying in: the text is not one COPY .. FROM STDIN",
            ));
        }
        let shared = &self.connection.shared;
        let observer = shared.config.observer.as_ref();
        let mut operation =
            Operation::copy(observer, &shared.peer, CopyDirection::In, request.text);
        let result = self.send_whole(request, format, data).await;
        let rows = result.as_ref().map_or(0, Answer::rows_affected);
        operation.end(Outcome::of(&result), rows);
        result
    }

    async fn send_whole(
        &self,
        request: Request<'_>,
        format: CopyFormat,
        data: &[u8],
    ) -> Result<Answer, Error> {
        let mut messages = BytesMut::with_capacity(data.len() + data.len() / 64 + 1024);
        frontend::query(request.text, &mut messages)
            .map_err(|source| Error::refused("encoding a statement's text").with_source(source))?;
        super::pass_through::append(format, self.engine(), data, &mut messages)
            .map_err(|error| Error::refused("cutting CSV into rows").with_source(error))?;
        frontend::copy_done(&mut messages);
        let mut reply = self.connection.send(Outgoing {
            bytes: &messages,
            shape: Shape::Simple,
            trace: request.trace(Footprint::of(request.text)),
            copies: true,
            tells_ends: false,
            keeps: None,
        })?;
        drop(messages);
        reply.answer().await;
        let answer = reply.take();
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(Error::answered(
                ATTEMPT,
                &self.connection.shared.peer,
                answer,
            ))
        }
    }

    async fn begin_copy_in<S>(
        &mut self,
        request: Request<'_>,
        format: CopyFormat,
        source: S,
    ) -> Result<CopyIn<'_, S>, Error> {
        if Direction::of(request.text) != Some(Direction::In) {
            return Err(Error::refused(
                "copying in: the text is not one COPY .. FROM STDIN",
            ));
        }
        let shared = &self.connection.shared;
        let observer = shared.config.observer.as_ref();
        let mut operation =
            Operation::copy(observer, &shared.peer, CopyDirection::In, request.text);
        let sent = self.connection.send_simple(request, true);
        if let Err(error) = &sent {
            operation.end(Outcome::Failed(Failure::of(error)), 0);
        }
        let mut copy = CopyIn {
            reply: Some(sent?),
            source,
            operation,
            peer: Arc::clone(&self.connection.shared.peer),
            session: PhantomData,
        };
        while let Some(event) = copy.event().await {
            if let Event::CopyIn(server) = event {
                if server.binary != (format == CopyFormat::Binary) {
                    copy.abort().await?;
                    return Err(Error::refused(format!(
                        "copying in: the statement's format is not {format:?}, so the COPY was given up"
                    )));
                }
                return Ok(copy);
            }
        }
        Err(copy.answered())
    }
}

/// A COPY to the server that has begun. `S` is where its data comes from: rows, unless said otherwise.
///
/// What is sent is not buffered beyond a bound: sending waits until the stream takes it. Nothing is kept by the server before
/// [`finish`](Self::finish) has succeeded, unless a CockroachDB's `copy_from_atomic_enabled` is off.
///
/// On CockroachDB before v25.3.6, v25.4.1 and v26.1 a COPY outside a transaction that takes more than a minute can fail with 40001, however
/// often it is tried (cockroachdb/cockroach#156584), and keeps nothing: put `BEGIN` and `COMMIT` around it, or copy in pieces that take less.
///
/// # Cancel safety
/// Dropping it gives the COPY up: the server learns of it and keeps nothing. The session can be used at once; it is clean when the
/// server's answer has come.
pub struct CopyIn<'s, S = RowEncoder> {
    /// Until the answer is complete.
    reply: Option<Reply>,
    source: S,
    operation: Operation,
    peer: Arc<str>,
    /// No other request may be sent meanwhile.
    session: PhantomData<&'s mut Session>,
}

impl<S> CopyIn<'_, S> {
    async fn event(&mut self) -> Option<Event> {
        self.reply.as_mut()?.event().await
    }

    /// Waits until there is room for more bytes.
    async fn room(&mut self) -> Result<(), Error> {
        let Some(reply) = &mut self.reply else {
            return Err(Error::refused("copying in: the COPY has ended"));
        };
        reply.room().await;
        // The server may have refused what was sent before.
        while let Some(event) = reply.event().now_or_never() {
            if event.is_none() {
                return Err(self.answered());
            }
        }
        Ok(())
    }

    /// Hands bytes on. There should be [room](Self::room) for them.
    fn hand_on(&mut self, bytes: &[u8]) {
        if let Some(reply) = &self.reply {
            reply.append(bytes);
            self.operation.moved(bytes.len());
        }
    }

    /// Ends the COPY with this message and waits for the answer.
    async fn end(&mut self, message: &[u8]) -> Result<Answer, Error> {
        self.room().await?;
        self.hand_on(message);
        // From here on a future that is dropped has ended the COPY already.
        let Some(mut reply) = self.reply.take() else {
            return Ok(Answer::unsent(None));
        };
        reply.answer().await;
        Ok(reply.take())
    }

    /// The error of a COPY whose answer has come before its end.
    fn answered(&mut self) -> Error {
        let answer = self
            .reply
            .take()
            .map_or_else(|| Answer::unsent(None), Reply::take);
        let error = if answer.is_success() {
            Error::unusable("copying in: the server did not ask for data")
        } else {
            Error::answered(ATTEMPT, &self.peer, answer)
        };
        self.operation.end(Outcome::Failed(Failure::of(&error)), 0);
        error
    }

    async fn finish_with(&mut self) -> Result<Answer, Error> {
        let mut message = BytesMut::new();
        frontend::copy_done(&mut message);
        let answer = self.end(&message).await?;
        let result = if answer.is_success() {
            Ok(answer)
        } else {
            Err(Error::answered(ATTEMPT, &self.peer, answer))
        };
        let rows = result.as_ref().map_or(0, Answer::rows_affected);
        self.operation.end(Outcome::of(&result), rows);
        result
    }

    /// Gives the COPY up and waits until the server has said so. It keeps nothing.
    ///
    /// # Errors
    /// The connection ended.
    ///
    /// # Cancel safety
    /// As for dropping it.
    pub async fn abort(mut self) -> Result<(), Error> {
        let answer = self.end(&failure()).await?;
        if answer.end().is_some() {
            return Err(Error::answered("giving up a COPY", &self.peer, answer));
        }
        Ok(())
    }
}

impl CopyIn<'_> {
    /// Sends one row.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with an [`EncodeError`](crate::EncodeError) as its source, which has the row's
    /// number: then nothing of the row was sent, and the COPY may go on without it. Any other error ends the COPY.
    ///
    /// # Cancel safety
    /// A row whose future is dropped after its first poll has been taken.
    pub async fn send<R: CopyRow + ?Sized>(&mut self, row: &R) -> Result<(), Error> {
        self.source
            .push(row)
            .map_err(|error| Error::refused("encoding a row of a COPY").with_source(error))?;
        if self.source.buffered() >= HAND_ON {
            self.room().await?;
            let messages = self.source.take();
            self.hand_on(&messages);
        }
        Ok(())
    }

    /// Sends every row of a stream. The stream is asked for the next row only when the connection takes it.
    ///
    /// # Errors
    /// As [`send`](Self::send). Rows of the stream up to there are gone.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_all<T>(&mut self, rows: T) -> Result<(), Error>
    where
        T: Stream,
        T::Item: CopyRow,
    {
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.next().await {
            self.send(&row).await?;
        }
        Ok(())
    }

    /// How many rows have been sent or gathered to be sent.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.source.rows()
    }

    /// How many bytes of data have been handed to the connection.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    /// Ends the data and waits for the answer, whose [`rows_affected`](Answer::rows_affected) counts the rows.
    ///
    /// # Errors
    /// The server's: it keeps nothing. Or the connection ended: whether it keeps the rows is then unknown.
    ///
    /// # Cancel safety
    /// When the future is dropped, it is unknown whether the rows are kept.
    pub async fn finish(mut self) -> Result<Answer, Error> {
        self.source.finish();
        self.room().await?;
        let messages = self.source.take();
        self.hand_on(&messages);
        self.finish_with().await
    }
}

/// A COPY of bytes to the server that has begun. Everything said of [`CopyIn`] holds.
#[derive(Debug)]
pub struct CopyInBytes<'s>(CopyIn<'s, PassThrough>);

impl CopyInBytes<'_> {
    /// Sends bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) if a row of CSV for CockroachDB is longer than 16 MiB, which may be a missing
    /// quote. Any error ends the COPY.
    ///
    /// # Cancel safety
    /// Bytes whose future is dropped after its first poll have been taken.
    pub async fn send(&mut self, bytes: impl Into<Bytes>) -> Result<(), Error> {
        self.0
            .source
            .push(bytes.into())
            .map_err(|error| Error::refused("cutting CSV into rows").with_source(error))?;
        self.hand_on().await
    }

    async fn hand_on(&mut self) -> Result<(), Error> {
        while !self.0.source.is_empty() {
            self.0.room().await?;
            if let Some((header, body)) = self.0.source.pop() {
                self.0.hand_on(&header);
                self.0.hand_on(&body);
            }
        }
        Ok(())
    }

    /// Sends all bytes of a stream. The stream is asked for more only when the connection takes it.
    ///
    /// # Errors
    /// The stream's error, which gives the COPY up when `self` is dropped; else as [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_all<T, B, E>(&mut self, bytes: T) -> Result<(), Error>
    where
        T: Stream<Item = Result<B, E>>,
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut bytes = std::pin::pin!(bytes);
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|error| {
                Error::refused("reading what is to be copied").with_source(error)
            })?;
            self.send(piece).await?;
        }
        Ok(())
    }

    /// How many rows have been seen: 0 where the bytes are not cut into rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.source.rows()
    }

    /// How many bytes have been taken.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.source.bytes()
    }

    /// As [`CopyIn::finish`].
    ///
    /// # Errors
    /// As [`CopyIn::finish`].
    ///
    /// # Cancel safety
    /// As [`CopyIn::finish`].
    pub async fn finish(mut self) -> Result<Answer, Error> {
        self.0.source.finish();
        self.hand_on().await?;
        self.0.finish_with().await
    }

    /// As [`CopyIn::abort`].
    ///
    /// # Errors
    /// As [`CopyIn::abort`].
    ///
    /// # Cancel safety
    /// As [`CopyIn::abort`].
    pub async fn abort(self) -> Result<(), Error> {
        self.0.abort().await
    }
}

impl<S> Drop for CopyIn<'_, S> {
    fn drop(&mut self) {
        if let Some(reply) = &self.reply {
            // The reply that is dropped next is read to its end and thrown away.
            reply.append(&failure());
        }
    }
}

impl<S> fmt::Debug for CopyIn<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyIn")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// CopyFail.
fn failure() -> BytesMut {
    let mut message = BytesMut::new();
    // The text has no NUL, so that it encodes.
    drop(frontend::copy_fail(
        "the client gave the COPY up",
        &mut message,
    ));
    message
}
