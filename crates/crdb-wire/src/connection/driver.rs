//! Moves a connection's bytes and gives each request what came for it.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use crdb_auth::TransactionStatus;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::shared::{Entry, Shared};
use super::slot::Event;
use crate::answer::{Answer, End, Written};
use crate::observer::{Ended, Notification};
use crate::protocol::{
    Effect, Frame, HEADER, RowBlock, Violation, check_row, frame, parameter_types, row_description,
};
use crate::server_error::ServerError;

/// How long a connection that is closed while idle may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// How much is read at once: at first, and where much comes.
const LEAST_READ: usize = 2 * 1024;
const MOST_READ: usize = 64 * 1024;

/// An idle connection keeps no buffer larger than this.
const KEPT: usize = 16 * 1024;

/// How many notices, notifications and parameters may come without progress of a reply.
const MAX_NOISE: u32 = 1 << 20;

/// Drives a connection until it ends.
pub(crate) struct Driver<S> {
    stream: S,
    shared: Arc<Shared>,
    reading: BytesMut,
    /// How much the message at hand needs, in all.
    needed: usize,
    chunk: usize,
    writing: BytesMut,
    /// How many bytes the stream took, and how many it may have taken when it failed.
    written: u64,
    perhaps_written: u64,
    /// Whether a write that fails has taken nothing of what it was given.
    exact_failures: bool,
    write_failure: Option<Arc<io::Error>>,
    unflushed: bool,
    entries: VecDeque<Entry>,
    noise: u32,
    paused: bool,
    /// When the last reply of a shared connection ended.
    last_answer: Option<Instant>,
}

/// How a poll of the driver ends.
pub(super) enum Finish {
    Ended(End),
    Goodbye,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// `exact_failures`: a write that fails has taken nothing of what it was given, as a socket does, and TLS does not.
    pub(crate) fn new(stream: S, shared: Arc<Shared>, exact_failures: bool) -> Self {
        Self {
            stream,
            shared,
            reading: BytesMut::new(),
            needed: 0,
            chunk: LEAST_READ,
            writing: BytesMut::new(),
            written: 0,
            perhaps_written: 0,
            exact_failures,
            write_failure: None,
            unflushed: false,
            entries: VecDeque::new(),
            noise: 0,
            paused: false,
            last_answer: None,
        }
    }

    /// Runs until the connection ends or every handle is gone.
    pub(crate) async fn run(self)
    where
        S: Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let (mut driver, finish) = shared.turns.run(self).await;
        match finish {
            Finish::Ended(end) => driver.end(end),
            Finish::Goodbye => {
                driver.end(End::Dropped);
                let mut terminate = BytesMut::with_capacity(HEADER);
                frontend::terminate(&mut terminate);
                let goodbye = async {
                    driver.stream.write_all(&terminate).await?;
                    driver.stream.shutdown().await
                };
                // The server notices the closed stream as well.
                drop(tokio::time::timeout(GOODBYE, goodbye).await);
            }
        }
    }

    /// Moves what can be moved. Unless `watches`, it may return without having told the stream whom to wake once every request has
    /// its answer.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, watches: bool) -> Poll<Finish> {
        loop {
            // What has come is taken first: a server that has said goodbye is not written to.
            let read = match self.poll_read(cx, watches) {
                Ok(read) => read,
                Err(end) => return Poll::Ready(Finish::Ended(end)),
            };
            let failed = self.write_failure.is_some();
            self.poll_write(cx);
            match self.shared.with(|inner| (inner.closing, inner.unanswered)) {
                (true, 0) => return Poll::Ready(Finish::Goodbye),
                (true, _) => return Poll::Ready(Finish::Ended(End::Dropped)),
                (false, 0) if !watches => return Poll::Pending,
                (false, _) => {}
            }
            match &self.write_failure {
                // The server's last words are read first.
                Some(_) if read || !failed => {}
                Some(failure) => {
                    return Poll::Ready(Finish::Ended(End::Failed(Arc::clone(failure))));
                }
                None if read => {}
                None => return Poll::Pending,
            }
        }
    }

    /// Whether an answer is expected.
    pub(super) fn is_expecting(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Writes what the stream takes at once. Says whether nothing is left to write but what gathers on.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll_write(cx);
        self.writing.is_empty() && !self.unflushed && self.write_failure.is_none()
    }

    /// Writes what has gathered.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while self.write_failure.is_none() {
            if self.writing.is_empty() && (self.gathers_on() || !self.gather()) {
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, &self.writing) {
                Poll::Ready(Ok(0)) => self.fail_write(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(taken)) => {
                    self.writing.advance(taken);
                    self.written += taken as u64;
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => self.fail_write(error),
                Poll::Pending => break,
            }
        }
        if self.unflushed && self.write_failure.is_none() {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => self.fail_write(error),
                Poll::Pending => {}
            }
        }
    }

    fn fail_write(&mut self, error: io::Error) {
        self.perhaps_written = self.written;
        if !self.exact_failures {
            self.perhaps_written += self.writing.len() as u64;
        }
        self.write_failure = Some(Arc::new(error));
    }

    /// Whether what callers send goes on gathering: enough is under way to keep the server busy, and one write then takes the rest
    /// instead of one each. Every reply that ends asks again.
    fn gathers_on(&self) -> bool {
        self.entries.len() > self.shared.ahead()
    }

    /// Takes what callers have appended. Says whether there is something to write.
    fn gather(&mut self) -> bool {
        if self.writing.capacity() > KEPT {
            self.writing = BytesMut::new();
        }
        let gathered = self.shared.with(|inner| {
            self.entries.append(&mut inner.entries);
            if inner.outgoing.is_empty() {
                return false;
            }
            std::mem::swap(&mut self.writing, &mut inner.outgoing);
            inner.outgoing.clear();
            true
        });
        if gathered {
            self.shared.tell_room();
        }
        gathered
    }

    /// Reads what has come and delivers it. Says whether something was read. Unless `watches`, it ends with the last answer.
    fn poll_read(&mut self, cx: &mut Context<'_>, watches: bool) -> Result<bool, End> {
        let mut progress = false;
        loop {
            if self.paused {
                self.paused = self.is_paused();
                if self.paused {
                    return Ok(progress);
                }
            }
            let room = self.needed.saturating_sub(self.reading.len());
            let chunk = room.clamp(self.chunk, MOST_READ);
            if self.reading.is_empty() && self.reading.capacity() > KEPT {
                self.reading = BytesMut::with_capacity(chunk);
            } else {
                self.reading.reserve(chunk);
            }
            let offered = self.reading.capacity() - self.reading.len();
            let read = pin!(self.stream.read_buf(&mut self.reading));
            let read = match read.poll(cx) {
                Poll::Ready(Ok(0)) => return Err(End::Closed),
                Poll::Ready(Ok(read)) => read,
                Poll::Ready(Err(error)) => return Err(self.failed(error)),
                Poll::Pending => return Ok(progress),
            };
            progress = true;
            self.chunk = if read >= offered {
                (self.chunk * 2).min(MOST_READ)
            } else if read < self.chunk / 4 {
                (self.chunk / 2).max(LEAST_READ)
            } else {
                self.chunk
            };
            let delivered = self.deliver();
            if let Some(entry) = self.entries.front() {
                entry.slot.wake();
            }
            delivered?;
            if !watches && self.entries.is_empty() {
                return Ok(progress);
            }
            self.paused = self.is_paused();
        }
    }

    fn is_paused(&self) -> bool {
        self.entries
            .front()
            .is_some_and(|entry| entry.slot.pauses(self.shared.config.max_unread))
    }

    fn failed(&mut self, error: io::Error) -> End {
        // The first failure tells more than the ones that follow from it.
        End::Failed(self.write_failure.take().unwrap_or_else(|| Arc::new(error)))
    }

    /// Delivers every whole message that has been read.
    fn deliver(&mut self) -> Result<(), End> {
        let limits = self.shared.config.limits();
        loop {
            match frame(&self.reading, limits).map_err(protocol)? {
                Frame::Needs(needed) => {
                    self.needed = needed;
                    return Ok(());
                }
                Frame::Whole { tag: b'D', .. } => self.rows().map_err(protocol)?,
                Frame::Whole { tag, len } => self.message(tag, len)?,
            }
        }
    }

    /// Delivers the DataRow messages at the beginning of the buffer, as one block.
    fn rows(&mut self) -> Result<(), Violation> {
        let limits = self.shared.config.limits();
        let Some(entry) = self.entries.front_mut() else {
            return Err(UNASKED);
        };
        let columns = entry
            .machine
            .columns()
            .ok_or(Violation("a DataRow where none belongs"))?;
        let (mut at, mut rows) = (0, 0);
        while let Some(rest) = self.reading.get(at..)
            && let Frame::Whole { tag: b'D', len } = frame(rest, limits)?
        {
            check_row(rest.get(HEADER..len).unwrap_or_default(), columns)?;
            at += len;
            rows += 1;
        }
        entry.machine.count_rows(rows);
        self.noise = 0;
        if entry.slot.is_abandoned() {
            self.reading.advance(at);
        } else {
            let block = self.reading.split_to(at).freeze();
            entry.slot.push(Event::Rows(RowBlock::new(block, rows)));
        }
        Ok(())
    }

    /// Delivers the message at the beginning of the buffer, which is no DataRow.
    fn message(&mut self, tag: u8, len: usize) -> Result<(), End> {
        // The body is lent to the delivery, which has no use for the buffer.
        let mut buffer = std::mem::take(&mut self.reading);
        let body = buffer.get(HEADER..len).unwrap_or_default();
        let result = match tag {
            b'S' | b'N' | b'A' => self.unasked(tag, body).map(|()| false).map_err(protocol),
            _ => self.answer(tag, body),
        };
        if matches!(result, Ok(true)) {
            let mut data = buffer.split_to(len).freeze();
            data.advance(HEADER);
            if let Some(entry) = self.entries.front() {
                entry.slot.push(Event::CopyData(data));
            }
        } else {
            buffer.advance(len);
        }
        self.reading = buffer;
        result.map(drop)
    }

    /// Messages that may come between any two others.
    fn unasked(&mut self, tag: u8, body: &[u8]) -> Result<(), Violation> {
        self.noise += 1;
        if self.noise > MAX_NOISE {
            return Err(Violation("notices without end"));
        }
        match (tag, &self.shared.config.observer) {
            (b'S', _) => self.shared.with(|inner| inner.parameters.report(body))?,
            (b'N', Some(observer)) => observer.notice(&ServerError::parse(body)),
            (b'A', observer) => {
                let notification = Notification::parse(body)?;
                if let Some(observer) = observer {
                    observer.notification(&notification);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A part of the front request's answer. Says whether it is CopyData that the caller wants.
    fn answer(&mut self, tag: u8, body: &[u8]) -> Result<bool, End> {
        self.noise = 0;
        let written = self.written;
        let Some(entry) = self
            .entries
            .front_mut()
            .filter(|entry| entry.start < written)
        else {
            // Unasked, a server says only that it ends the session.
            return Err(if tag == b'E' {
                End::Server(Arc::new(ServerError::parse(body)))
            } else {
                protocol(UNASKED)
            });
        };
        let slot = &entry.slot;
        match entry.machine.on(tag, body).map_err(protocol)? {
            Effect::Nothing | Effect::Failed => {}
            Effect::Parameters(body) => {
                slot.push(Event::Parameters(parameter_types(body).map_err(protocol)?));
            }
            Effect::Columns(body) => {
                slot.push(Event::Columns(row_description(body).map_err(protocol)?));
            }
            Effect::NoColumns => slot.push(Event::Columns(Vec::new())),
            Effect::Complete(tag) if entry.tells_ends => slot.push(Event::Complete(tag)),
            Effect::Empty if entry.tells_ends => slot.push(Event::Empty),
            Effect::Complete(_) | Effect::Empty => {}
            // A caller that is gone has sent the end of the COPY before it went.
            Effect::CopyIn(format) if entry.copies => slot.push(Event::CopyIn(format)),
            Effect::CopyIn(_) => {
                entry.copy_refused = true;
                if self.entries.len() > 1 || self.shared.with(|inner| !inner.entries.is_empty()) {
                    return Err(protocol(Violation(
                        "a COPY among requests that were sent together",
                    )));
                }
                self.refuse_copy();
            }
            Effect::CopyOut(format) if entry.copies => slot.push(Event::CopyOut(format)),
            Effect::CopyOut(_) => entry.copy_refused = true,
            Effect::CopyData => return Ok(entry.copies && !slot.is_abandoned()),
            Effect::Ended(error) => return Err(End::Server(error)),
            Effect::Ready(status) => self.complete(status).map_err(protocol)?,
        }
        Ok(false)
    }

    /// Ends a COPY that the caller does not understand.
    fn refuse_copy(&self) {
        let Some(entry) = self.entries.front() else {
            return;
        };
        let mut refusal = BytesMut::new();
        let written = frontend::copy_fail("this request does not copy", &mut refusal);
        if written.is_ok() {
            // The server has ignored the Sync that came during the COPY.
            if entry.machine.is_extended() {
                frontend::sync(&mut refusal);
            }
            self.shared.append(&entry.slot, &refusal);
        }
    }

    /// The front request's answer is complete.
    fn complete(&mut self, status: TransactionStatus) -> Result<(), Violation> {
        let written = self.written;
        // A COPY is refused while its data is still being written; the server then ignores the rest.
        let is_early = |entry: &Entry| written < entry.slot.end() && !entry.copies;
        if self.entries.front().is_some_and(is_early) {
            // It stays in line, to be told of the end.
            return Err(Violation("ReadyForQuery before the request was written"));
        }
        let Some(entry) = self.entries.pop_front() else {
            return Err(UNASKED);
        };
        let (answer, quiet) = self.shared.with(|inner| {
            let mut answer = entry.machine.answer(inner.status, status);
            answer.copy_refused = entry.copy_refused;
            inner.status = status;
            inner.unanswered = inner.unanswered.saturating_sub(1);
            inner.cancelled += u64::from(was_cancelled(&answer));
            inner.loan.note(&entry.trace, &answer);
            (answer, inner.unanswered == 0)
        });
        entry.slot.note_time(&mut self.last_answer);
        entry.slot.complete(answer);
        if quiet {
            self.shared.tell_quiet();
        }
        Ok(())
    }

    /// The connection has ended: so has every request.
    fn end(&mut self, end: End) {
        let mut entries = std::mem::take(&mut self.entries);
        let farewell = entries.front().and_then(|entry| entry.machine.farewell());
        let end = match (farewell, end) {
            (Some(error), End::Closed | End::Failed(_)) => End::Server(Arc::clone(error)),
            (_, end) => end,
        };
        self.shared.with(|inner| {
            inner.end = Some(end.clone());
            inner.outgoing = BytesMut::new();
            inner.unanswered = 0;
            entries.append(&mut inner.entries);
        });
        let written = self.written.max(self.perhaps_written);
        for entry in entries {
            let written = if written <= entry.start {
                Written::Not
            } else if written < entry.slot.end() {
                Written::Partly
            } else {
                Written::Wholly
            };
            entry
                .slot
                .complete(entry.machine.cut_off(written, end.clone()));
        }
        self.shared.tell_quiet();
        self.shared.tell_room();
        if let Some(observer) = &self.shared.config.observer {
            observer.ended(&Ended {
                peer: &self.shared.peer,
                end: &end,
            });
        }
    }
}

/// Whether CockroachDB ended this request because a cancel came from outside. Its words (`pkg/sql/cancelchecker`) tell that
/// from a time limit, which has the same SQLSTATE. A server that words it differently is trusted less.
fn was_cancelled(answer: &Answer) -> bool {
    answer.error().is_some_and(|error| {
        error.sqlstate() == "57014" && error.message() == "query execution canceled"
    })
}

const UNASKED: Violation = Violation("an answer to nothing");

fn protocol(violation: Violation) -> End {
    End::Protocol(violation.0)
}
