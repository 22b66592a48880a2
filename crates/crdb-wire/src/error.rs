//! Why a request did not succeed.

use std::error::Error as StdError;
use std::fmt;

use postgres_types::Type;

use crate::answer::{Answer, End, Written};
use crate::server_error::ServerError;

/// What kind of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's mistake. The request was not sent, and the session is as it was: a NUL in the text, a value that does
    /// not encode, the wrong number of parameters. Or it was a COPY where rows are expected, which was ended without data.
    Refused,
    /// The server answered with an error.
    Server,
    /// The connection ended. [`Error::answer`] says how far the request was written.
    Closed,
    /// A value of a row does not convert to the type that was asked for.
    Conversion,
    /// No answer came in time.
    Timeout,
    /// The statement ran, but its result is larger than what a lane keeps, and was thrown away.
    TooLarge,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Refused,
        Self::Server,
        Self::Closed,
        Self::Conversion,
        Self::Timeout,
        Self::TooLarge,
    ];

    /// A stable name, for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Server => "server",
            Self::Closed => "closed",
            Self::Conversion => "conversion",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
        }
    }
}

/// Why a request did not succeed, with the request's [`Answer`].
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    /// What was attempted, and why it failed unless the source says so.
    message: String,
    answer: Answer,
    source: Option<Box<dyn StdError + Send + Sync>>,
    parameter: Option<(usize, Type)>,
    stale_plan: bool,
}

/// Why a COPY is not sent.
pub(crate) const COPY_REFUSED: &str =
    "COPY from or to the client cannot run as a statement; use the session's copy methods";

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>, answer: Answer) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            answer,
            source: None,
            parameter: None,
            stale_plan: false,
        }))
    }

    /// The caller's mistake; nothing was sent.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message, Answer::unsent(None))
    }

    /// The value of this parameter, counted from 0, does not encode as this type; nothing was sent.
    pub(crate) fn refused_parameter(index: usize, type_: Type) -> Self {
        let message = format!("encoding parameter ${} of type {type_}", index + 1);
        let mut error = Self::refused(message);
        error.0.parameter = Some((index, type_));
        error
    }

    pub(crate) fn conversion(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conversion, message, Answer::unsent(None))
    }

    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, message, Answer::unsent(None))
    }

    /// No answer came in time; `answer` says how far the request got.
    pub(crate) fn unanswered(message: impl Into<String>, answer: Answer) -> Self {
        Self::new(ErrorKind::Timeout, message, answer)
    }

    /// The statement ran, and its rows were thrown away.
    pub(crate) fn too_large(message: impl Into<String>, answer: Answer) -> Self {
        Self::new(ErrorKind::TooLarge, message, answer)
    }

    /// The session cannot be used again, although its connection has not ended.
    pub(crate) fn unusable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Closed, message, Answer::unsent(None))
    }

    /// A request that got this answer, which is no success.
    pub(crate) fn answered(attempt: &str, peer: &str, answer: Answer) -> Self {
        if answer.is_copy_refused() && answer.end().is_none() {
            let message =
                "COPY cannot run as a statement that gives rows; use the session's copy methods";
            return Self::new(ErrorKind::Refused, message, answer);
        }
        let kind = if answer.error().is_some() {
            ErrorKind::Server
        } else {
            ErrorKind::Closed
        };
        Self::new(kind, format!("{attempt} on {peer}"), answer)
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_stale_plan(mut self, stale: bool) -> Self {
        self.0.stale_plan = stale;
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What came back for the request.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.0.answer
    }

    /// Takes the answer out.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        self.0.answer
    }

    /// The server's error: the request's own, or else the one with which the server ended the session.
    #[must_use]
    pub fn server_error(&self) -> Option<&ServerError> {
        match (self.0.answer.error(), self.0.answer.end()) {
            (Some(error), _) => Some(error),
            (None, Some(End::Server(error))) => Some(error),
            _ => None,
        }
    }

    /// The SQLSTATE of [`server_error`](Self::server_error).
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.server_error().map(ServerError::sqlstate)
    }

    /// Whether the request is the caller's mistake, see [`ErrorKind::Refused`].
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.0.kind == ErrorKind::Refused
    }

    /// The parameter whose value does not encode, counted from 0, and its type.
    #[must_use]
    pub fn parameter(&self) -> Option<(usize, &Type)> {
        let (index, type_) = self.0.parameter.as_ref()?;
        Some((*index, type_))
    }

    /// Takes the cause out.
    #[must_use]
    pub fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.0.source
    }

    /// Whether the server refused the statement before it ran any of it: while it was prepared.
    #[must_use]
    pub fn is_before_execution(&self) -> bool {
        self.0.answer.error().is_some() && self.0.answer.written() == Written::Not
    }

    /// Whether a statement in a transaction failed because its plan is stale (26000, 0A000). It is forgotten: the
    /// next attempt prepares anew.
    #[must_use]
    pub fn is_stale_plan(&self) -> bool {
        self.0.stale_plan
    }

    /// Whether the connection ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.kind == ErrorKind::Closed
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        // The server's words are shown here and are no source, so that a chain of errors shows them once.
        match (self.0.answer.error(), self.0.answer.end()) {
            (Some(error), _) => write!(f, ": {error}"),
            (None, Some(end)) => write!(f, ": {end}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("answer", &self.0.answer)
            .finish_non_exhaustive()
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
                "refused",
                "server",
                "closed",
                "conversion",
                "timeout",
                "too_large",
            ]
        );
    }

    #[test]
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::TooLarge as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error = Error::new(*kind, message, Answer::unsent(None)).with_source(cause());
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
