//! COPY TO STDOUT.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;

use super::decode::{CopiedRow, RowDecoder};
use super::direction::Direction;
use super::format::CopyFormat;
use crate::answer::Answer;
use crate::connection::{Event, Reply};
use crate::error::Error;
use crate::observer::{CopyDirection, Failure, Operation, Outcome};
use crate::request::Request;
use crate::session::Session;

impl Session {
    /// Begins a `COPY .. TO STDOUT`.
    ///
    /// ```no_run
    /// # async fn example(session: &crdb_wire::Session) -> Result<(), crdb_wire::Error> {
    /// use crdb_wire::CopyFormat;
    ///
    /// let copy = session.copy_out("COPY accounts TO STDOUT WITH CSV").await?;
    /// let mut rows = copy.rows(CopyFormat::Csv);
    /// while let Some(row) = rows.next_row().await? {
    ///     println!("{:?}", row.text(0));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) before anything is written, if the text is not one such statement. As
    /// [`execute`](Self::execute) otherwise.
    ///
    /// # Cancel safety
    /// As for [`fetch_stream`](Self::fetch_stream).
    pub async fn copy_out(&self, request: impl Into<Request<'_>>) -> Result<CopyOut, Error> {
        let request = request.into();
        if Direction::of(request.text) != Some(Direction::Out) {
            return Err(Error::refused(
                "copying out: the text is not one COPY .. TO STDOUT",
            ));
        }
        let shared = &self.connection.shared;
        let observer = shared.config.observer.as_ref();
        let mut operation =
            Operation::copy(observer, &shared.peer, CopyDirection::Out, request.text);
        let sent = self.connection.send_simple(request, true);
        if let Err(error) = &sent {
            operation.end(Outcome::Failed(Failure::of(error)), 0);
        }
        let mut copy = CopyOut {
            reply: Some(sent?),
            operation,
            peer: Arc::clone(&self.connection.shared.peer),
            answer: None,
            binary: false,
            bytes: 0,
        };
        while let Some(event) = poll_fn(|cx| copy.poll_event(cx)).await {
            if let Event::CopyOut(format) = event {
                copy.binary = format.binary;
                return Ok(copy);
            }
        }
        match copy.answer {
            Some(answer) if !answer.is_success() => {
                Err(Error::answered(ATTEMPT, &copy.peer, answer))
            }
            _ => Err(Error::unusable("copying out: the server did not send data")),
        }
    }
}

const ATTEMPT: &str = "copying out";

/// A COPY from the server, as a stream of pieces of data.
///
/// What is not read is not buffered beyond [`Config::max_unread`](crate::Config::max_unread): the connection stops reading.
///
/// # Cancel safety
/// Dropping it before its end leaves the session unfinished until the rest has come; [`Session::reset`] cancels it.
pub struct CopyOut {
    reply: Option<Reply>,
    operation: Operation,
    peer: Arc<str>,
    answer: Option<Answer>,
    binary: bool,
    bytes: u64,
}

impl CopyOut {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let Some(reply) = &mut self.reply else {
            return Poll::Ready(None);
        };
        let event = ready!(reply.poll_event(cx));
        if event.is_none() {
            self.answer = self.reply.take().map(Reply::take);
            if let Some(answer) = &self.answer {
                let (outcome, rows) = if answer.is_success() {
                    (Outcome::Done, answer.rows_affected())
                } else {
                    (Outcome::Failed(Failure::of_answer(answer)), 0)
                };
                self.operation.end(outcome, rows);
            }
        }
        Poll::Ready(event)
    }

    /// The next piece of data, or `None` at the end. Where pieces are cut means nothing.
    ///
    /// # Errors
    /// The server's error, or the end of the connection. The stream has ended then, and what it gave before is not all.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        while self.reply.is_some() {
            match ready!(self.poll_event(cx)) {
                Some(Event::CopyData(data)) => {
                    self.bytes += data.len() as u64;
                    self.operation.moved(data.len());
                    return Poll::Ready(Ok(Some(data)));
                }
                Some(_) => {}
                None => {
                    if let Some(answer) = &self.answer
                        && !answer.is_success()
                    {
                        return Poll::Ready(Err(Error::answered(
                            ATTEMPT,
                            &self.peer,
                            answer.clone(),
                        )));
                    }
                }
            }
        }
        Poll::Ready(Ok(None))
    }

    /// The next piece of data, or `None` at the end.
    ///
    /// # Errors
    /// As [`poll_data`](Self::poll_data).
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next_data(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_data(cx)).await
    }

    /// Reads the data as rows of this format, which must be the statement's.
    #[must_use]
    pub fn rows(self, format: CopyFormat) -> CopyOutRows {
        CopyOutRows {
            mismatched: self.binary != (format == CopyFormat::Binary),
            copy: self,
            decoder: RowDecoder::new(format),
        }
    }

    /// How many bytes have been given.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What came for the statement, once the stream has ended with `None` or an error.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }
}

impl Stream for CopyOut {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_data(cx).map(Result::transpose)
    }
}

impl fmt::Debug for CopyOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOut")
            .field("peer", &self.peer)
            .field("bytes", &self.bytes)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

/// A COPY from the server, row by row. See [`CopyOut`].
#[derive(Debug)]
pub struct CopyOutRows {
    copy: CopyOut,
    decoder: RowDecoder,
    mismatched: bool,
}

impl CopyOutRows {
    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// As [`CopyOut::poll_data`], and [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) for data that is not of the format.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next_row(&mut self) -> Result<Option<CopiedRow<'_>>, Error> {
        if self.mismatched {
            return Err(Error::conversion(
                "reading copied rows: the statement has another format",
            ));
        }
        let broken = |error| Error::conversion("reading copied rows").with_source(error);
        while !self.decoder.fetch().map_err(broken)? {
            match self.copy.next_data().await? {
                Some(data) => self.decoder.push(&data),
                None if self.decoder.is_at_end() => return Ok(None),
                None => {
                    return Err(Error::conversion(
                        "reading copied rows: the data ends within a row",
                    ));
                }
            }
        }
        Ok(Some(self.decoder.row()))
    }

    /// How many rows have been given.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoder.rows()
    }

    /// How many bytes of data have come.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.copy.bytes
    }

    /// As [`CopyOut::answer`].
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.copy.answer()
    }
}
