//! Follows the reply to one request: messages in, effects out.

use std::sync::Arc;

use crdb_auth::{CommandTag, TransactionStatus};
use smallvec::SmallVec;

use super::{CopyHeader, Violation};
use crate::answer::{Answer, End, Tags, Written};
use crate::server_error::ServerError;

/// One message of an extended request that the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Parse, answered by ParseComplete.
    Parse,
    /// Close, answered by CloseComplete.
    Close,
    /// Describe of a statement, answered by ParameterDescription and then RowDescription or NoData.
    Describe,
    /// Bind, answered by BindComplete.
    Bind,
    /// Execute without a row limit, answered by rows of so many columns and CommandComplete, by EmptyQueryResponse, or by
    /// a COPY.
    Execute { columns: u16 },
}

/// The steps of one request, in order.
pub(crate) type Steps = SmallVec<[Step; 6]>;

/// What a request consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One Query message: any number of statements.
    Simple,
    /// These messages, and one Sync.
    Extended(Steps),
}

/// What a message means to the request's caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect<'a> {
    /// Nothing that the caller must know.
    Nothing,
    /// The body of a ParameterDescription.
    Parameters(&'a [u8]),
    /// The body of a RowDescription: the rows that follow in the simple protocol, or those of a described statement.
    Columns(&'a [u8]),
    /// A described statement gives no rows.
    NoColumns,
    /// A statement succeeded.
    Complete(CommandTag),
    /// A statement's text was empty.
    Empty,
    /// The server waits for CopyData.
    CopyIn(CopyHeader),
    /// The server is about to send CopyData.
    CopyOut(CopyHeader),
    /// One CopyData of the server.
    CopyData,
    /// The server refused something. What is left of the request does not run.
    Failed,
    /// The server ends the session.
    Ended(Arc<ServerError>),
    /// ReadyForQuery: the answer is complete.
    Ready(TransactionStatus),
}

/// Within which part of the reply the next message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before a step or a statement.
    Between,
    /// ParameterDescription has come, RowDescription or NoData has not.
    Describing,
    /// Rows of so many columns may come.
    Rows(u16),
    /// The server waits for this side's CopyData.
    CopyIn,
    /// The server sends CopyData.
    CopyOut,
    /// The server has sent CopyDone, and will send CommandComplete.
    Copied,
    /// After an error: only ReadyForQuery is left.
    Failed,
}

/// The state of one reply.
#[derive(Debug)]
pub(crate) struct Machine {
    shape: Shape,
    at: usize,
    phase: Phase,
    tags: Tags,
    rows: u64,
    /// Statements that were answered, those with an empty text included.
    statements: u32,
    bound: bool,
    error: Option<Arc<ServerError>>,
}

impl Machine {
    pub(crate) fn new(shape: Shape) -> Self {
        let mut machine = Self {
            shape,
            at: 0,
            phase: Phase::Between,
            tags: Tags::new(),
            rows: 0,
            statements: 0,
            bound: false,
            error: None,
        };
        machine.enter();
        machine
    }

    /// How many columns a DataRow must have now; `None` when none may come.
    pub(crate) fn columns(&self) -> Option<u16> {
        match self.phase {
            Phase::Rows(columns) => Some(columns),
            _ => None,
        }
    }

    /// So many rows have come.
    pub(crate) fn count_rows(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// Whether the request is one of the extended protocol.
    pub(crate) fn is_extended(&self) -> bool {
        matches!(self.shape, Shape::Extended(_))
    }

    /// The request's error, if a server may end the session with it.
    pub(crate) fn farewell(&self) -> Option<&Arc<ServerError>> {
        self.error.as_ref().filter(|error| error.ends_session())
    }

    /// Takes the next message that is not a DataRow, a notice, a notification or a ParameterStatus.
    ///
    /// # Errors
    /// The message cannot come here.
    pub(crate) fn on<'a>(&mut self, tag: u8, body: &'a [u8]) -> Result<Effect<'a>, Violation> {
        match tag {
            b'E' => Ok(self.failed(body)),
            b'Z' => self.ready(body),
            _ => match self.shape {
                Shape::Simple => self.simple(tag, body),
                Shape::Extended(_) => self.extended(tag, body),
            },
        }
    }

    fn failed(&mut self, body: &[u8]) -> Effect<'static> {
        let error = Arc::new(ServerError::parse(body));
        // CockroachDB's severity is ERROR even when it ends the session. There a function of the user's may have raised
        // the same code, so that only what follows tells: ReadyForQuery, or the end of the stream.
        if matches!(error.severity(), "FATAL" | "PANIC") {
            return Effect::Ended(error);
        }
        self.error.get_or_insert(error);
        self.phase = Phase::Failed;
        Effect::Failed
    }

    fn ready(&mut self, body: &[u8]) -> Result<Effect<'static>, Violation> {
        let complete = match &self.shape {
            _ if self.phase == Phase::Failed => true,
            Shape::Simple => self.phase == Phase::Between && self.statements > 0,
            Shape::Extended(steps) => self.at == steps.len(),
        };
        if !complete {
            return Err(Violation("ReadyForQuery before the reply's end"));
        }
        status(body).map(Effect::Ready)
    }

    fn simple<'a>(&mut self, tag: u8, body: &'a [u8]) -> Result<Effect<'a>, Violation> {
        let (phase, effect) = match (self.phase, tag) {
            (Phase::Between, b'T') => {
                let count = body
                    .first_chunk::<2>()
                    .ok_or(Violation("a malformed RowDescription"))?;
                let columns = u16::from_be_bytes(*count);
                (Phase::Rows(columns), Effect::Columns(body))
            }
            (Phase::Between, b'G') => (Phase::CopyIn, Effect::CopyIn(CopyHeader::parse(body)?)),
            (Phase::Between, b'H') => (Phase::CopyOut, Effect::CopyOut(CopyHeader::parse(body)?)),
            (Phase::CopyOut, b'd') => (Phase::CopyOut, Effect::CopyData),
            (Phase::CopyOut, b'c') => (Phase::Copied, Effect::Nothing),
            (Phase::Between, b'I') => {
                self.statements = self.statements.saturating_add(1);
                (Phase::Between, Effect::Empty)
            }
            (Phase::Between | Phase::Rows(_) | Phase::CopyIn | Phase::Copied, b'C') => {
                (Phase::Between, self.complete(body)?)
            }
            _ => return Err(OUT_OF_ORDER),
        };
        self.phase = phase;
        Ok(effect)
    }

    fn extended<'a>(&mut self, tag: u8, body: &'a [u8]) -> Result<Effect<'a>, Violation> {
        let Shape::Extended(steps) = &self.shape else {
            return Err(OUT_OF_ORDER);
        };
        let step = *steps.get(self.at).ok_or(OUT_OF_ORDER)?;
        let (stays, effect) = match (step, self.phase, tag) {
            (Step::Parse, Phase::Between, b'1') | (Step::Close, Phase::Between, b'3') => {
                (None, Effect::Nothing)
            }
            (Step::Bind, Phase::Between, b'2') => {
                self.bound = true;
                (None, Effect::Nothing)
            }
            (Step::Describe, Phase::Between, b't') => {
                (Some(Phase::Describing), Effect::Parameters(body))
            }
            (Step::Describe, Phase::Describing, b'T') => (None, Effect::Columns(body)),
            (Step::Describe, Phase::Describing, b'n') => (None, Effect::NoColumns),
            (Step::Execute { .. }, Phase::Rows(_), b'G') => (
                Some(Phase::CopyIn),
                Effect::CopyIn(CopyHeader::parse(body)?),
            ),
            (Step::Execute { .. }, Phase::Rows(_), b'H') => (
                Some(Phase::CopyOut),
                Effect::CopyOut(CopyHeader::parse(body)?),
            ),
            (Step::Execute { .. }, Phase::CopyOut, b'd') => {
                (Some(Phase::CopyOut), Effect::CopyData)
            }
            (Step::Execute { .. }, Phase::CopyOut, b'c') => (Some(Phase::Copied), Effect::Nothing),
            (Step::Execute { .. }, Phase::Rows(_), b'I') => {
                self.statements = self.statements.saturating_add(1);
                (None, Effect::Empty)
            }
            (Step::Execute { .. }, Phase::Rows(_) | Phase::CopyIn | Phase::Copied, b'C') => {
                (None, self.complete(body)?)
            }
            _ => return Err(OUT_OF_ORDER),
        };
        match stays {
            Some(phase) => self.phase = phase,
            None => {
                self.at += 1;
                self.enter();
            }
        }
        Ok(effect)
    }

    /// The phase in which the step at hand begins.
    fn enter(&mut self) {
        self.phase = match &self.shape {
            Shape::Extended(steps) => match steps.get(self.at) {
                Some(Step::Execute { columns }) => Phase::Rows(*columns),
                _ => Phase::Between,
            },
            Shape::Simple => Phase::Between,
        };
    }

    fn complete(&mut self, body: &[u8]) -> Result<Effect<'static>, Violation> {
        let tag = match body.split_last() {
            Some((0, tag)) if !tag.contains(&0) => CommandTag::new(tag),
            _ => return Err(Violation("a malformed CommandComplete")),
        };
        // A hostile server could send tags without end. The first ones are kept, and the last.
        if self.tags.len() < MAX_TAGS {
            self.tags.push(tag);
        } else if let Some(last) = self.tags.last_mut() {
            *last = tag;
        }
        self.statements = self.statements.saturating_add(1);
        Ok(Effect::Complete(tag))
    }

    /// The answer of a reply that ReadyForQuery closed. `before` is the status that it began with.
    pub(crate) fn answer(self, before: TransactionStatus, status: TransactionStatus) -> Answer {
        Answer {
            written: Written::Wholly,
            tags: self.tags,
            rows: self.rows,
            error: self.error,
            status: Some(status),
            end: None,
            before: Some(before),
            bound: self.bound,
            copy_refused: false,
        }
    }

    /// The answer of a reply that the end of the connection cut off.
    pub(crate) fn cut_off(self, written: Written, end: End) -> Answer {
        // An error that announced the end is how the connection ended.
        let error = match &end {
            End::Server(_) => self.error.filter(|error| !error.ends_session()),
            _ => self.error,
        };
        Answer {
            written,
            tags: self.tags,
            rows: self.rows,
            error,
            status: None,
            end: Some(end),
            before: None,
            bound: self.bound,
            copy_refused: false,
        }
    }
}

/// How many tags of one request are kept.
const MAX_TAGS: usize = 1 << 16;

const OUT_OF_ORDER: Violation = Violation("a message that does not belong here");

fn status(body: &[u8]) -> Result<TransactionStatus, Violation> {
    Ok(match body {
        b"I" => TransactionStatus::Idle,
        b"T" => TransactionStatus::InTransaction,
        b"E" => TransactionStatus::Failed,
        _ => return Err(Violation("an unknown transaction status")),
    })
}

#[cfg(test)]
mod tests;
