use crate::fault::{Fault, FaultKind, RefusedParameter, ServerError};
use crate::session::Engine;
use crate::sqlstate::SqlState;
use crate::verdict::{Position, Verdict, verdict};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What kind of thing went wrong. [`Error::verdict`] says what it means for trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No session could be had.
    Acquire,
    /// The connection ended.
    Connection,
    /// The server answered with an error: see [`Error::sqlstate`].
    Server,
    /// The caller's deadline passed.
    Timeout,
    /// The server cancelled the statement (57014): another session asked for it, or its own `statement_timeout` passed.
    Cancelled,
    /// The request was refused before anything was sent: a value that does not encode, a wrong number of parameters, NUL in
    /// the text, COPY.
    Refused,
    /// A result does not have the type that was asked for, or a column does not exist. The statement itself has been
    /// carried out.
    Conversion,
    /// The statement gave no row where one was asked for. It has been carried out.
    NoRow,
    /// The statement gave several rows where one at most was asked for. It has been carried out.
    SeveralRows,
    /// The transaction was rolled back although its COMMIT was answered without an error: a statement in it had failed.
    RolledBack,
    /// CockroachDB committed the data of the transaction and failed its schema changes (XXA00).
    PartlyCommitted,
    /// The work of this idempotency key has been committed before; it was not done again.
    AlreadyCommitted,
    /// This idempotency key was resolved as abandoned and is closed: its work will never be committed.
    Abandoned,
    /// The named query and its arguments do not fit together.
    Arguments,
    /// An option that this server does not have.
    Unsupported,
    /// The transaction was ended by a statement inside it, or used after its end.
    Misuse,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Acquire,
        Self::Connection,
        Self::Server,
        Self::Timeout,
        Self::Cancelled,
        Self::Refused,
        Self::Conversion,
        Self::NoRow,
        Self::SeveralRows,
        Self::RolledBack,
        Self::PartlyCommitted,
        Self::AlreadyCommitted,
        Self::Abandoned,
        Self::Arguments,
        Self::Unsupported,
        Self::Misuse,
    ];

    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acquire => "acquire",
            Self::Connection => "connection",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Conversion => "conversion",
            Self::NoRow => "no_row",
            Self::SeveralRows => "several_rows",
            Self::RolledBack => "rolled_back",
            Self::PartlyCommitted => "partly_committed",
            Self::AlreadyCommitted => "already_committed",
            Self::Abandoned => "abandoned",
            Self::Arguments => "arguments",
            Self::Unsupported => "unsupported",
            Self::Misuse => "misuse",
        }
    }
}

impl ErrorKind {
    /// What happened, for messages.
    fn what(self) -> &'static str {
        match self {
            Self::Acquire => "no session could be had",
            Self::Connection => "the connection ended",
            Self::Server => "the server refused",
            Self::Timeout => "the deadline passed",
            Self::Cancelled => "the statement was cancelled",
            Self::Refused => "the request was not sent",
            Self::Conversion => "a value does not convert",
            Self::NoRow => "it gave no row where one was expected",
            Self::SeveralRows => "it gave several rows where one was expected",
            Self::RolledBack => "the transaction was rolled back",
            Self::PartlyCommitted => {
                "the data was committed, but the schema change in the same transaction failed"
            }
            Self::AlreadyCommitted => "the work of this idempotency key was committed before",
            Self::Abandoned => "this idempotency key was resolved as abandoned",
            Self::Arguments => "the arguments do not fit the query",
            Self::Unsupported => "the server does not support this",
            Self::Misuse => "the transaction was ended from inside",
        }
    }
}

/// A statement or transaction that failed.
///
/// [`kind`](Self::kind) says what happened, [`verdict`](Self::verdict) what is certain about it, and
/// [`sqlstate`](Self::sqlstate) what the server called it. The message is for people.
///
/// A clone says the same: it is for sharing one failure among callers that waited for the same thing.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    verdict: Verdict,
    attempted: String,
    advice: Option<&'static str>,
    server: Option<Box<ServerError>>,
    parameter: Option<Parameter>,
    committed_rows: u64,
    effort: Option<Effort>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What had been done for a call when its time ran out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How long it was allowed to take.
    pub(crate) timeout: Option<Duration>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// Why the attempt before the last one failed.
    pub(crate) last: Option<(ErrorKind, Option<SqlState>)>,
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(timeout) = self.timeout {
            write!(f, ": it may take {timeout:?}")?;
        }
        match self.attempts {
            0 | 1 => {}
            attempts => write!(f, "; it was tried {attempts} times")?,
        }
        match self.last {
            Some((_, Some(state))) => write!(f, ", the time before it failed with {state}"),
            Some((kind, None)) => write!(f, ", the time before {}", kind.what()),
            None => Ok(()),
        }
    }
}

/// The parameter whose value was refused.
#[derive(Clone)]
struct Parameter {
    refused: RefusedParameter,
    name: Option<String>,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "parameter :{name}")?,
            None => write!(f, "parameter ${}", self.refused.index + 1)?,
        }
        write!(f, " of type {}", self.refused.type_)
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, verdict: Verdict, attempted: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            verdict,
            attempted: attempted.into(),
            advice: None,
            server: None,
            parameter: None,
            committed_rows: 0,
            effort: None,
            source: None,
        }))
    }

    /// A caller's time was up while it waited for something else than a server: an executor in front of another one says so. Nothing
    /// that the caller asked for took effect.
    #[must_use]
    pub fn timed_out(attempted: impl Into<String>, timeout: Duration) -> Self {
        Self::new(ErrorKind::Timeout, Verdict::Never, attempted).after(Effort {
            timeout: Some(timeout),
            attempts: 1,
            last: None,
        })
    }

    pub(crate) fn from_fault(
        fault: Fault,
        position: Position,
        engine: Engine,
        attempted: impl Into<String>,
    ) -> Self {
        let verdict = verdict(&fault, position, engine);
        let state = fault.sqlstate();
        let connection = fault.is_connection();
        let parameter = fault.parameter().cloned();
        let (fault_kind, server, source) = fault.into_parts();
        let kind = match (fault_kind, state) {
            (FaultKind::Refused, _) => ErrorKind::Refused,
            (FaultKind::NotWritten | FaultKind::Unanswered, _) => ErrorKind::Connection,
            (FaultKind::Server, Some(SqlState::QUERY_CANCELED)) => ErrorKind::Cancelled,
            (FaultKind::Server, Some(SqlState::COMMITTED_WITHOUT_SCHEMA_CHANGE)) => {
                ErrorKind::PartlyCommitted
            }
            (FaultKind::Server, _) if connection => ErrorKind::Connection,
            (FaultKind::Server, _) => ErrorKind::Server,
        };
        let mut error = Self::new(kind, verdict, attempted);
        error.0.server = server;
        error.0.source = source.map(Arc::from);
        error.0.parameter = parameter.map(|refused| Parameter {
            refused,
            name: None,
        });
        error
    }

    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.0.advice = Some(advice);
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The rows before this failure are committed, so the work as a whole is not to be run again.
    pub(crate) fn after_rows(mut self, rows: u64) -> Self {
        if rows > 0 {
            self.0.committed_rows = rows;
            if self.0.verdict == Verdict::Retry {
                self.0.verdict = Verdict::Never;
            }
        }
        self
    }

    /// Names the parameter whose value was refused, if one was: `name` gives the name of the one with this index, from 0. For layers
    /// above that know the names.
    #[must_use]
    pub fn with_parameter_name(mut self, name: impl FnOnce(usize) -> Option<String>) -> Self {
        if let Some(parameter) = &mut self.0.parameter {
            parameter.name = name(parameter.refused.index);
        }
        self
    }

    /// Says of a time-out what had been done. The first to say it knows best.
    pub(crate) fn after(mut self, effort: Effort) -> Self {
        if self.0.kind == ErrorKind::Timeout && self.0.effort.is_none() {
            self.0.effort = Some(effort);
        }
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.set_verdict(verdict);
        self
    }

    pub(crate) fn set_verdict(&mut self, verdict: Verdict) {
        self.0.verdict = verdict;
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is certain, and so whether the whole unit of work may be run again. A statement inside a transaction has the
    /// verdict of its transaction: the transaction is what has to be run again.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// The server's SQLSTATE, when it answered.
    #[must_use]
    pub fn sqlstate(&self) -> Option<SqlState> {
        self.0.server.as_ref().map(|error| error.sqlstate())
    }

    /// The server's error, when it answered.
    #[must_use]
    pub fn server_error(&self) -> Option<&ServerError> {
        self.0.server.as_deref()
    }

    /// How many rows earlier statements of the same call had affected and committed, where a call is made of several
    /// statements outside a transaction.
    #[must_use]
    pub fn committed_rows(&self) -> Option<u64> {
        (self.0.committed_rows > 0).then_some(self.0.committed_rows)
    }

    /// Whether it is certain that nothing took effect and trying again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.verdict() == Verdict::Retry
    }

    /// Whether the effect may have been committed.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.verdict() == Verdict::OutcomeUnknown
    }

    /// Whether the caller's deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The constraint that refused a row, as the server names it.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.server_error()?.constraint()
    }

    /// The table that the server's error is about. `None` on CockroachDB, which names constraints only.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.server_error()?.table()
    }

    /// The column that the server's error is about. `None` on CockroachDB, which names constraints only.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.server_error()?.column()
    }

    /// Whether a unique constraint refused a row (23505); [`constraint`](Self::constraint) names it.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.sqlstate() == Some(SqlState::UNIQUE_VIOLATION)
    }

    /// Whether a foreign key refused a row (23503).
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.sqlstate() == Some(SqlState::FOREIGN_KEY_VIOLATION)
    }

    /// Whether a column refused NULL (23502); [`column`](Self::column) names it.
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.sqlstate() == Some(SqlState::NOT_NULL_VIOLATION)
    }

    /// Whether a CHECK constraint refused a row (23514).
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.sqlstate() == Some(SqlState::CHECK_VIOLATION)
    }

    /// Whether an exclusion constraint refused a row (23P01).
    #[must_use]
    pub fn is_exclusion_violation(&self) -> bool {
        self.sqlstate() == Some(SqlState::EXCLUSION_VIOLATION)
    }

    /// Whether any constraint refused a row (class 23).
    #[must_use]
    pub fn is_constraint_violation(&self) -> bool {
        self.sqlstate().is_some_and(|state| state.class() == "23")
    }

    /// Whether the transaction lost against another one (40001).
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        self.sqlstate() == Some(SqlState::SERIALIZATION_FAILURE)
    }

    /// Whether the connection, or getting one, is what failed.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        matches!(self.kind(), ErrorKind::Connection | ErrorKind::Acquire)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        write!(f, "{}: {}", inner.attempted, inner.kind.what())?;
        if let Some(effort) = &inner.effort {
            effort.fmt(f)?;
        }
        if let Some(parameter) = &inner.parameter {
            write!(f, ": the value of {parameter} does not encode")?;
        }
        if let Some(server) = &inner.server {
            write!(f, ": {server}")?;
        }
        match inner.verdict {
            Verdict::OutcomeUnknown => {
                f.write_str("; its effect may have been committed: check before doing it again")?;
            }
            Verdict::Retry => f.write_str("; nothing took effect, it may be tried again")?,
            Verdict::Never => {}
        }
        if inner.committed_rows > 0 {
            let rows = inner.committed_rows;
            write!(f, "; {rows} rows of the statements before it are committed")?;
        }
        if let Some(advice) = inner.advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("verdict", &self.0.verdict)
            .field("attempted", &self.0.attempted)
            .field("server", &self.0.server)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    /// The first cause that the message does not tell.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        untold(&self.to_string(), self.0.source.as_deref()?)
    }
}

/// The first of the causes that the message does not tell: a chain of errors says nothing twice.
fn untold<'a>(
    message: &str,
    first: &'a (dyn StdError + 'static),
) -> Option<&'a (dyn StdError + 'static)> {
    std::iter::successors(Some(first), |cause| (*cause).source())
        .find(|cause| !message.contains(&cause.to_string()))
}

#[cfg(test)]
mod told_once {
    use super::*;

    fn cause() -> std::io::Error {
        std::io::Error::other("the disk is full")
    }

    /// Dashboards and alerts go by these: a label that changes breaks them.
    #[test]
    fn labels_stay_the_same() {
        let labels: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(
            labels,
            [
                "acquire",
                "connection",
                "server",
                "timeout",
                "cancelled",
                "refused",
                "conversion",
                "no_row",
                "several_rows",
                "rolled_back",
                "partly_committed",
                "already_committed",
                "abandoned",
                "arguments",
                "unsupported",
                "misuse",
            ]
        );
        let verdicts = [Verdict::Retry, Verdict::Never, Verdict::OutcomeUnknown];
        assert_eq!(
            verdicts.map(Verdict::as_str),
            ["retry", "never", "outcome_unknown"]
        );
    }

    #[test]
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::Misuse as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error = Error::new(*kind, Verdict::Never, message).with_source(cause());
                let mut told = error.to_string();
                let mut next = error.source();
                while let Some(cause) = next {
                    told = format!("{told}: {cause}");
                    next = cause.source();
                }
                assert_eq!(
                    told.matches("the disk is full").count(),
                    1,
                    "{kind:?}: {told}"
                );
            }
        }
    }
}
