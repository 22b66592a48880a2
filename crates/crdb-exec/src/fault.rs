//! What a session reports when it could not do what it was asked: facts, not yet a judgement.

use crate::sqlstate::SqlState;
use std::error::Error as StdError;
use std::fmt;

/// How far a request got before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not a byte of the statement reached the server: the connection was known to be gone, or ended while the
    /// statement was still being prepared.
    NotWritten,
    /// The statement was (or may have been) written, and no answer came that can be understood.
    Unanswered,
    /// The server answered with an error.
    Server,
    /// A value does not convert to what the server expects. The statement was not sent.
    Conversion,
}

/// A failure as a [`Session`](crate::Session) saw it. [`verdict`](crate::verdict) says what it means.
#[derive(Debug)]
pub struct Fault {
    kind: FaultKind,
    server: Option<Box<ServerError>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    stale_statement: bool,
}

impl Fault {
    /// The statement did not reach the server.
    pub fn not_written(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(FaultKind::NotWritten, source)
    }

    /// The statement may have reached the server, and there is no answer.
    pub fn unanswered(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(FaultKind::Unanswered, source)
    }

    /// A parameter does not convert; nothing was sent.
    pub fn conversion(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::local(FaultKind::Conversion, source)
    }

    /// The server answered with an error.
    #[must_use]
    pub fn server(error: ServerError) -> Self {
        Self {
            kind: FaultKind::Server,
            server: Some(Box::new(error)),
            source: None,
            stale_statement: false,
        }
    }

    /// Marks a server's error as coming from a prepared statement that was kept too long, and is dropped now: preparing
    /// again is the remedy.
    #[must_use]
    pub fn with_stale_statement(mut self) -> Self {
        self.stale_statement = true;
        self
    }

    fn local(kind: FaultKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            server: None,
            source: Some(source.into()),
            stale_statement: false,
        }
    }

    /// How far the request got.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The SQLSTATE, when the server answered.
    #[must_use]
    pub fn sqlstate(&self) -> Option<SqlState> {
        self.server.as_ref().map(|error| error.sqlstate)
    }

    /// The server's error, when it answered.
    #[must_use]
    pub fn server_error(&self) -> Option<&ServerError> {
        self.server.as_deref()
    }

    /// Whether a prepared statement was kept too long (26000, 0A000).
    #[must_use]
    pub const fn is_stale_statement(&self) -> bool {
        self.stale_statement
    }

    /// Whether the connection, not the statement, is what failed.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        match self.kind {
            FaultKind::NotWritten | FaultKind::Unanswered => true,
            FaultKind::Conversion => false,
            FaultKind::Server => self.sqlstate().is_some_and(|state| {
                (state.class() == "08" && state != SqlState::PROTOCOL_VIOLATION)
                    || state.as_str().starts_with("57P")
                    || state == SqlState::TOO_MANY_CONNECTIONS
            }),
        }
    }

    pub(crate) fn into_parts(
        self,
    ) -> (
        FaultKind,
        Option<Box<ServerError>>,
        Option<Box<dyn StdError + Send + Sync>>,
    ) {
        (self.kind, self.server, self.source)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.server, self.kind) {
            (Some(error), _) => error.fmt(f),
            (None, FaultKind::NotWritten) => f.write_str("the statement was not sent"),
            (None, FaultKind::Conversion) => f.write_str("a parameter does not convert"),
            (None, _) => f.write_str("the server did not answer"),
        }
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// An error as a server words it.
///
/// Code may rest on [`sqlstate`](Self::sqlstate) and on the names of objects; the texts are for people, and change
/// between versions.
#[derive(Clone, Debug)]
pub struct ServerError {
    sqlstate: SqlState,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    constraint: Option<String>,
    table: Option<String>,
    column: Option<String>,
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

    /// The SQLSTATE.
    #[must_use]
    pub const fn sqlstate(&self) -> SqlState {
        self.sqlstate
    }

    /// The message, for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// More about the message. It may quote values of a row, so it is not part of [`Display`](fmt::Display).
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
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.sqlstate)?;
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

impl StdError for ServerError {}
