//! What a session reports when it could not do what it was asked: facts, not a verdict.

use crate::answer::Written;
use crate::quoted::without_values;
use crate::sqlstate::SqlState;
use postgres_types::Type;
use std::error::Error as StdError;
use std::fmt;

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The client refused the request before a byte of it was written: a value that does not encode, a wrong number of
    /// parameters, NUL in the text, COPY through `execute`. The session stays as it was.
    Refused,
    /// The connection ended before a byte of the request was written.
    NotWritten,
    /// The request was written, in part or wholly, and no answer came that can be understood.
    Unanswered,
    /// The server answered with an error.
    Server,
}

/// A failure as a [`Session`](crate::Session) saw it. [`verdict`](crate::verdict) says what it means.
pub struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: FaultKind,
    written: Written,
    server: Option<Box<ServerError>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    stale_plan: bool,
    before_execution: bool,
    parameter: Option<RefusedParameter>,
}

/// A parameter whose value does not encode.
#[derive(Clone, Debug)]
pub(crate) struct RefusedParameter {
    /// Counted from 0.
    pub(crate) index: usize,
    pub(crate) type_: Type,
}

impl Fault {
    /// The client refused the request: it is the caller's mistake, nothing was written, and the session is as it was.
    pub fn refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(FaultKind::Refused, Written::Not, source)
    }

    /// The client refused the request because the value of a parameter, counted from 0, does not encode as its type.
    pub fn refused_parameter(
        index: usize,
        type_: &Type,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let mut fault = Self::refused(source);
        fault.0.parameter = Some(RefusedParameter {
            index,
            type_: type_.clone(),
        });
        fault
    }

    /// The connection ended, or gave nothing that can be understood, after this much of the request had been written.
    ///
    /// [`Written::Not`] promises that the server cannot have seen the request.
    pub fn lost(written: Written, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let kind = match written {
            Written::Not => FaultKind::NotWritten,
            Written::Partly | Written::Wholly => FaultKind::Unanswered,
        };
        Self::local(kind, written, source)
    }

    /// The server answered with an error.
    #[must_use]
    pub fn server(error: ServerError) -> Self {
        Self(Box::new(Inner {
            kind: FaultKind::Server,
            written: Written::Wholly,
            server: Some(Box::new(error)),
            source: None,
            stale_plan: false,
            before_execution: false,
            parameter: None,
        }))
    }

    /// Marks a server's error as coming from a prepared statement that was kept too long, and is dropped now: preparing
    /// again is the remedy.
    #[must_use]
    pub fn with_stale_plan(mut self) -> Self {
        self.0.stale_plan = true;
        self
    }

    /// Marks a server's error as having come before the statement was executed, from parsing or describing it.
    #[must_use]
    pub fn with_before_execution(mut self) -> Self {
        self.0.before_execution = true;
        self
    }

    fn local(
        kind: FaultKind,
        written: Written,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            written,
            server: None,
            source: Some(source.into()),
            stale_plan: false,
            before_execution: false,
            parameter: None,
        }))
    }

    /// Why the request failed.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// How far the request was written.
    #[must_use]
    pub fn written(&self) -> Written {
        self.0.written
    }

    /// The SQLSTATE, when the server answered.
    #[must_use]
    pub fn sqlstate(&self) -> Option<SqlState> {
        self.0.server.as_ref().map(|error| error.sqlstate)
    }

    /// The server's error, when it answered.
    #[must_use]
    pub fn server_error(&self) -> Option<&ServerError> {
        self.0.server.as_deref()
    }

    /// Whether a prepared statement was kept too long (26000, 0A000).
    #[must_use]
    pub fn is_stale_plan(&self) -> bool {
        self.0.stale_plan
    }

    /// Whether the server refused before it executed anything.
    #[must_use]
    pub fn is_before_execution(&self) -> bool {
        self.0.before_execution
    }

    /// Whether the connection, not the statement, is what failed.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        match self.0.kind {
            FaultKind::NotWritten | FaultKind::Unanswered => true,
            FaultKind::Refused => false,
            FaultKind::Server => self.sqlstate().is_some_and(|state| {
                (state.class() == "08" && state != SqlState::PROTOCOL_VIOLATION)
                    || state.as_str().starts_with("57P")
                    || state == SqlState::TOO_MANY_CONNECTIONS
            }),
        }
    }

    pub(crate) fn parameter(&self) -> Option<&RefusedParameter> {
        self.0.parameter.as_ref()
    }

    pub(crate) fn into_parts(
        self,
    ) -> (
        FaultKind,
        Option<Box<ServerError>>,
        Option<Box<dyn StdError + Send + Sync>>,
    ) {
        let Inner {
            kind,
            server,
            source,
            ..
        } = *self.0;
        (kind, server, source)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.server, self.0.kind) {
            (Some(error), _) => error.fmt(f),
            (None, FaultKind::NotWritten) => f.write_str("the statement was not sent"),
            (None, FaultKind::Refused) => f.write_str("the client refused to send the statement"),
            (None, _) => f.write_str("the server did not answer"),
        }
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

/// An error as a server words it.
///
/// Code may rest on [`sqlstate`](Self::sqlstate) and on the names of objects; the texts are for people, and change
/// between versions. [`Display`](fmt::Display) and `Debug` leave out what may be a value of a row: the detail, what a message of
/// class 22 quotes (`invalid input syntax for type integer: ..`), and the keys of CockroachDB's messages behind table and index.
#[derive(Clone)]
pub struct ServerError {
    sqlstate: SqlState,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    constraint: Option<String>,
    table: Option<String>,
    column: Option<String>,
    position: Option<u32>,
}

impl ServerError {
    /// An error of this state and message.
    pub fn new(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self {
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            constraint: None,
            table: None,
            column: None,
            position: None,
        }
    }

    /// Sets the fields that not every error has.
    #[must_use]
    pub fn with_fields(
        mut self,
        detail: Option<&str>,
        hint: Option<&str>,
        constraint: Option<&str>,
        table: Option<&str>,
        column: Option<&str>,
    ) -> Self {
        self.detail = detail.map(str::to_owned);
        self.hint = hint.map(str::to_owned);
        self.constraint = constraint.map(str::to_owned);
        self.table = table.map(str::to_owned);
        self.column = column.map(str::to_owned);
        self
    }

    /// Sets where in the statement's text the error lies.
    #[must_use]
    pub fn with_position(mut self, position: Option<u32>) -> Self {
        self.position = position;
        self
    }

    /// The SQLSTATE.
    #[must_use]
    pub const fn sqlstate(&self) -> SqlState {
        self.sqlstate
    }

    /// The message, for people, as the server sent it: it may quote a value, which [`Display`](fmt::Display) leaves out.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// More about the message. It may quote values of a row, so neither [`Display`](fmt::Display) nor `Debug` shows it.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The server's advice.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The constraint that refused. CockroachDB before v22 calls every primary key `primary`.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    /// The table concerned.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The column concerned.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// Where in the statement's text the error lies, in characters from 1. PostgreSQL says it of most statements that it cannot
    /// prepare, CockroachDB of none.
    #[must_use]
    pub const fn position(&self) -> Option<u32> {
        self.position
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = without_values(self.sqlstate.as_str(), &self.message);
        write!(f, "{message} (SQLSTATE {})", self.sqlstate)?;
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerError")
            .field("sqlstate", &self.sqlstate)
            .field(
                "message",
                &without_values(self.sqlstate.as_str(), &self.message),
            )
            .field("hint", &self.hint)
            .field("constraint", &self.constraint)
            .field("table", &self.table)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

impl StdError for ServerError {}
