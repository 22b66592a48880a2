//! What came back for one request.

use std::fmt;
use std::sync::Arc;

use crdb_auth::{CommandTag, TransactionStatus};

use crate::server_error::ServerError;

/// How far a request was written to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Written {
    /// No byte of it: the server has not seen the request and will not.
    Not,
    /// Its beginning but not its end. The server runs nothing of a message that it has not read to the end; of several
    /// statements the first ones may have run.
    Partly,
    /// All of it, as far as this side can tell. Whether the server read it is known only by what it answered.
    Wholly,
}

/// How a connection ended before a request's answer was complete.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum End {
    /// The server said that it ends the session, for example 57P01 when a node drains. It may have said so unasked.
    Server(Arc<ServerError>),
    /// The server closed the stream without a word.
    Closed,
    /// The stream failed, for example with a reset.
    Failed(Arc<std::io::Error>),
    /// What the server sent breaks the protocol.
    Protocol(&'static str),
    /// This side closed the connection.
    Dropped,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => write!(f, "the server ended the session: {error}"),
            Self::Closed => f.write_str("the server closed the connection"),
            Self::Failed(error) => write!(f, "the connection failed: {error}"),
            Self::Protocol(what) => write!(f, "the server broke the protocol: {what}"),
            Self::Dropped => f.write_str("the connection was closed on this side"),
        }
    }
}

/// What came back for one request, complete by itself.
///
/// One of [`status`](Self::status) and [`end`](Self::end) is set, unless the request was refused before anything was
/// written: then neither is.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(crate) written: Written,
    pub(crate) tags: Tags,
    pub(crate) rows: u64,
    pub(crate) error: Option<Arc<ServerError>>,
    pub(crate) status: Option<TransactionStatus>,
    pub(crate) end: Option<End>,
    /// The status of the ReadyForQuery before this request's reply; `None` when the request was not answered.
    pub(crate) before: Option<TransactionStatus>,
    /// Whether BindComplete came: from here on a statement may have run.
    pub(crate) bound: bool,
    pub(crate) copy_refused: bool,
}

/// Most requests have one tag, which then needs no allocation.
pub(crate) type Tags = smallvec::SmallVec<[CommandTag; 1]>;

impl Answer {
    /// The answer to a request that was not sent.
    pub(crate) fn unsent(end: Option<End>) -> Self {
        Self {
            written: Written::Not,
            tags: Tags::new(),
            rows: 0,
            error: None,
            status: None,
            end,
            before: None,
            bound: false,
            copy_refused: false,
        }
    }

    /// The answer to a statement whose preparation got this answer: the statement itself was not sent.
    pub(crate) fn of_preparation(preparation: Self) -> Self {
        Self {
            written: Written::Not,
            ..preparation
        }
    }

    /// How far the request was written. A statement that could not be prepared was not written, although
    /// [`error`](Self::error) and [`status`](Self::status) are what the server answered to its preparation.
    #[must_use]
    pub fn written(&self) -> Written {
        self.written
    }

    /// The command tags that came for this request, in order: one for each statement that succeeded.
    #[must_use]
    pub fn tags(&self) -> &[CommandTag] {
        &self.tags
    }

    /// The last of [`tags`](Self::tags). `COMMIT` of a failed transaction succeeds with the tag `ROLLBACK`.
    #[must_use]
    pub fn tag(&self) -> Option<CommandTag> {
        self.tags.last().copied()
    }

    /// How many rows the last tag counts: those inserted, changed, deleted, selected or copied. 0 when it counts none.
    #[must_use]
    pub fn rows_affected(&self) -> u64 {
        self.tag().and_then(|tag| tag.rows()).unwrap_or(0)
    }

    /// How many rows came, of all the request's statements.
    #[must_use]
    pub fn rows_received(&self) -> u64 {
        self.rows
    }

    /// The error with which the server answered this request. An error that ends the session is at
    /// [`end`](Self::end), because the server may have sent it before it read the request.
    #[must_use]
    pub fn error(&self) -> Option<&ServerError> {
        self.error.as_deref()
    }

    /// The status byte of the ReadyForQuery that closed this request; `None` when none came.
    #[must_use]
    pub fn status(&self) -> Option<TransactionStatus> {
        self.status
    }

    /// Whether ReadyForQuery closed the request and the server refused nothing.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some() && self.error.is_none()
    }

    /// Whether the statement was a COPY from or to this side, which the request did not ask for. A COPY to the server has
    /// been ended without data, so that [`error`](Self::error) is the server's answer to that; data from the server has
    /// been thrown away.
    #[must_use]
    pub fn is_copy_refused(&self) -> bool {
        self.copy_refused
    }

    /// How the connection ended, when it ended before the answer was complete.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsent_request_has_no_answer() {
        let answer = Answer::unsent(Some(End::Closed));
        assert_eq!(answer.written(), Written::Not);
        assert_eq!(answer.tag(), None);
        assert_eq!(answer.rows_affected(), 0);
        assert!(answer.status().is_none() && answer.error().is_none());
        assert!(matches!(answer.end(), Some(End::Closed)));
    }
}
