//! COPY FROM STDIN, which only the simple protocol has.

use std::io;
use std::time::Instant;

use bytes::Bytes;

use super::failure::Failure;
use super::session::Session;
use super::statement::Statement;
use super::tokens::{TokenKind, statements};
use super::transaction::State;
use super::translate;
use super::wire::{Frame, Incoming, fields, put_failure};

impl Session {
    /// Passes the client's data on until it is done, gives up, or PostgreSQL refuses it. What PostgreSQL says then is
    /// still to be read. False when the COPY has failed and the client knows.
    pub(super) async fn copy_in(&mut self, statement: &Statement) -> io::Result<bool> {
        let began = Instant::now();
        loop {
            tokio::select! {
                message = self.client.reader.next() => {
                    let frame = match message? {
                        Some(Incoming::Frame(frame)) => frame,
                        Some(Incoming::TooLarge { .. }) => give_up("a message is bigger than 16 MiB"),
                        None => return Err(io::ErrorKind::UnexpectedEof.into()),
                    };
                    match frame.tag {
                        b'd' => self.backend.send_frame(&frame).await?,
                        b'c' if self.copy_is_late(began) => {
                            let late = Failure::commit_deadline(self.control.options.release());
                            self.break_off("its commit is too late", &late).await?;
                            return Ok(false);
                        }
                        b'c' | b'f' => {
                            self.backend.send_flushed(&frame).await?;
                            return Ok(true);
                        }
                        b'H' | b'S' => {}
                        _ => {
                            let failure = Failure::protocol("unexpected message type during COPY");
                            self.break_off("another message came", &failure).await?;
                            return Ok(false);
                        }
                    }
                }
                frame = self.backend.next_frame() => {
                    let frame = frame?;
                    if frame.tag == b'E' {
                        self.relay_copy_failure(frame, statement);
                        return Ok(false);
                    }
                    self.relay(frame, None);
                }
            }
        }
    }

    /// Relays an error of a COPY, in CockroachDB's words where a row has too many fields or too few.
    pub(super) fn relay_copy_failure(&mut self, error: Frame, statement: &Statement) {
        match misshapen(&error.body, &statement.text, self.copy_columns) {
            Some(failure) => put_failure(&mut self.out, &failure),
            None => self.relay(error, None),
        }
    }

    /// Whether the COPY commits by itself, and later than a test wants it to.
    fn copy_is_late(&self, began: Instant) -> bool {
        let limit = self.control.failures().copy_limit;
        self.transaction.state == State::Idle && limit.is_some_and(|limit| began.elapsed() > limit)
    }

    /// Ends a COPY without keeping anything, and says why. A statement that came in its middle is lost.
    async fn break_off(&mut self, why: &str, failure: &Failure) -> io::Result<()> {
        self.backend.send_flushed(&give_up(why)).await?;
        while self.backend.answer().await?.tag != b'E' {}
        put_failure(&mut self.out, failure);
        Ok(())
    }
}

/// What CockroachDB says of a row that PostgreSQL refuses for its number of fields.
fn misshapen(error: &Bytes, copy: &str, columns: u16) -> Option<Failure> {
    if translate::code(error) != "22P04" {
        return None;
    }
    let context = fields(error)
        .into_iter()
        .find_map(|(field, value)| (field == b'W').then_some(value))?;
    let (line, row) = context.split_once(", line ")?.1.split_once(": \"")?;
    let statements = statements(copy);
    let tokens = statements.first()?;
    if tokens.iter().any(|token| token.is("csv")) {
        let message = format!("read CSV record: record on line {line}: wrong number of fields");
        return Some(Failure::new("22P04", message));
    }
    let delimiter = tokens
        .iter()
        .skip_while(|token| !token.is("delimiter"))
        .find(|token| token.kind == TokenKind::Text)
        .and_then(|token| token.text.trim_matches('\'').chars().next())
        .unwrap_or('\t');
    let got = row.trim_end_matches('"').split(delimiter).count();
    let message = format!("expected {columns} values, got {got}");
    Some(Failure::new("22P04", message))
}

/// A CopyFail.
fn give_up(why: &str) -> Frame {
    let mut body = why.as_bytes().to_vec();
    body.push(0);
    Frame {
        tag: b'f',
        body: Bytes::from(body),
    }
}
