use std::fmt;
use std::time::Duration;

use crate::answer::{Answer, End};
use crate::error::{Error, ErrorKind};
use crate::server_error::ServerError;

/// How something failed, without values or texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// The server's code, when the server answered.
    pub sqlstate: Option<&'a str>,
}

impl<'a> Failure<'a> {
    pub(crate) fn of(error: &'a Error) -> Self {
        Self {
            kind: error.kind(),
            sqlstate: error.sqlstate(),
        }
    }

    /// The failure of an answer that is no success.
    pub(crate) fn of_answer(answer: &'a Answer) -> Self {
        let server = answer.error.as_deref();
        Self {
            kind: if server.is_some() || answer.end().is_none() {
                ErrorKind::Server
            } else {
                ErrorKind::Closed
            },
            sqlstate: server.map(ServerError::sqlstate),
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// The server answered with success.
    Done,
    /// It failed.
    Failed(Failure<'a>),
    /// It was dropped before its end, or given up.
    Dropped,
}

impl<'a> Outcome<'a> {
    pub(crate) fn of<T>(result: &'a Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) => Self::Failed(Failure::of(error)),
        }
    }
}

/// A batch begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BatchBegin<'a> {
    /// The server, as errors name it.
    pub peer: &'a str,
    /// The number of its statements.
    pub statements: usize,
    /// Whether it is one transaction.
    pub atomic: bool,
}

/// A batch has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BatchEnd<'a> {
    /// The server, as errors name it.
    pub peer: &'a str,
    /// The number of its statements.
    pub statements: usize,
    /// Whether it is one transaction.
    pub atomic: bool,
    /// From the call to the answer.
    pub elapsed: Duration,
    /// How it ended. A batch that is not atomic fails with its first statement that does.
    pub outcome: Outcome<'a>,
}

/// Which way a COPY moves rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyDirection {
    /// `COPY .. FROM STDIN`: to the server.
    In,
    /// `COPY .. TO STDOUT`: from the server.
    Out,
}

impl CopyDirection {
    /// A stable name, for labels: `in` or `out`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// A COPY begins. Its `Debug` output has no text.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct CopyBegin<'a> {
    /// The server, as errors name it.
    pub peer: &'a str,
    /// Which way it moves rows.
    pub direction: CopyDirection,
    /// The statement's text, which may hold values.
    pub text: &'a str,
}

impl fmt::Debug for CopyBegin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyBegin")
            .field("peer", &self.peer)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

/// A COPY has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CopyEnd<'a> {
    /// The server, as errors name it.
    pub peer: &'a str,
    /// Which way it moved rows.
    pub direction: CopyDirection,
    /// The bytes of the protocol's data that were moved.
    pub bytes: u64,
    /// The rows that the server counted; 0 unless it ended with success.
    pub rows: u64,
    /// From the call to the end, the caller's own work between the pieces included.
    pub elapsed: Duration,
    /// How it ended.
    pub outcome: Outcome<'a>,
}

/// The connection has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ended<'a> {
    /// The server, as errors name it.
    pub peer: &'a str,
    /// How it ended.
    pub end: &'a End,
}
