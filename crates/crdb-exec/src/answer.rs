//! What came back for one request, complete by itself.

use crate::fault::{Fault, FaultKind};
use std::fmt;

/// How far a request was written to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Written {
    /// No byte of it: the server has not seen the request and will not.
    Not,
    /// Its beginning but not its end. Part of it may have been carried out.
    Partly,
    /// All of it, as far as this side can tell.
    Wholly,
}

/// The status byte of a ReadyForQuery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// `I`: no transaction is open.
    Idle,
    /// `T`: a transaction is open.
    InTransaction,
    /// `E`: a transaction is open and has failed.
    Failed,
}

/// The tag of a CommandComplete, for example `INSERT 0 1` or `COMMIT`.
///
/// Tags longer than 39 bytes are cut; no server sends such.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandTag {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl CommandTag {
    const MAX: usize = 39;

    /// A tag of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; Self::MAX];
        let mut len = text.len().min(Self::MAX);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self {
            bytes,
            len: len as u8,
        }
    }

    /// The tag as the server sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// How many rows it counts: the last number of `INSERT 0 5`, `UPDATE 5`, `SELECT 5`.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.as_str().rsplit(' ').next()?.parse().ok()
    }
}

impl fmt::Display for CommandTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CommandTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq<&str> for CommandTag {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Command tags in the order in which they came. The first needs no allocation: most requests have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    first: Option<CommandTag>,
    more: Vec<CommandTag>,
}

impl Tags {
    /// The tags, in order.
    pub fn iter(&self) -> impl Iterator<Item = &CommandTag> {
        self.first.iter().chain(&self.more)
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&CommandTag> {
        self.more.last().or(self.first.as_ref())
    }
}

impl FromIterator<CommandTag> for Tags {
    fn from_iter<I: IntoIterator<Item = CommandTag>>(tags: I) -> Self {
        let mut tags = tags.into_iter();
        Self {
            first: tags.next(),
            more: tags.collect(),
        }
    }
}

/// What came back for one request of a [`Session`](crate::Session): its result, the command tags that came for it, and the
/// transaction status that closed it.
///
/// It says nothing about any other request, so what is certain about the request is a function of its answer alone.
#[derive(Debug)]
#[must_use = "an answer says whether the request took effect"]
pub struct Answer<T> {
    result: Result<T, Fault>,
    tags: Tags,
    status: Option<TransactionStatus>,
}

impl<T> Answer<T> {
    /// An answer without tags and status, as it is where nothing watches the protocol.
    pub fn new(result: Result<T, Fault>) -> Self {
        Self {
            result,
            tags: Tags::default(),
            status: None,
        }
    }

    /// The answer to a request that failed and of which nothing else is known.
    pub fn failed(fault: Fault) -> Self {
        Self::new(Err(fault))
    }

    /// Sets the command tags that came for this request, in their order.
    pub fn with_tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Sets the status of the ReadyForQuery that closed this request.
    pub fn with_status(mut self, status: Option<TransactionStatus>) -> Self {
        self.status = status;
        self
    }

    /// What the request gave, or why it failed.
    ///
    /// # Errors
    /// The fault of the request.
    pub fn result(&self) -> Result<&T, &Fault> {
        self.result.as_ref()
    }

    /// As [`result`](Self::result), by value.
    ///
    /// # Errors
    /// The fault of the request.
    pub fn into_result(self) -> Result<T, Fault> {
        self.result
    }

    /// Why the request failed, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.result.as_ref().err()
    }

    /// How far the request was written.
    #[must_use]
    pub fn written(&self) -> Written {
        self.fault().map_or(Written::Wholly, Fault::written)
    }

    /// The command tags that came for this request, in order: one for each statement that succeeded. Empty where nothing
    /// watches the protocol.
    ///
    /// `COMMIT` of a failed transaction succeeds with the tag `ROLLBACK`.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The status of the ReadyForQuery that closed this request; `None` where nothing watches the protocol, or none came.
    #[must_use]
    pub fn status(&self) -> Option<TransactionStatus> {
        self.status
    }

    /// Whether the server answered at all: with success or with an error.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.fault()
            .is_none_or(|fault| fault.kind() == FaultKind::Server)
    }

    /// The same answer with another value.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            result: self.result.map(map),
            tags: self.tags,
            status: self.status,
        }
    }
}

/// What comes next in a result that is being read.
#[derive(Debug)]
pub enum Next<R> {
    /// A row.
    Row(R),
    /// The result has ended, with the answer to its request: the number of rows affected, or a fault.
    End(Answer<u64>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_keep_their_order_and_say_their_rows() {
        let tags: Tags = ["BEGIN", "SET"].map(CommandTag::new).into_iter().collect();
        assert_eq!(tags.last().unwrap(), &"SET");
        assert_eq!(tags.iter().count(), 2);
        assert_eq!(CommandTag::new("INSERT 0 5").rows(), Some(5));
        assert_eq!(CommandTag::new("BEGIN").rows(), None);
        let long = "ü".repeat(40);
        assert_eq!(CommandTag::new(&long).as_str(), "ü".repeat(19));
    }

    #[test]
    fn how_far_it_was_written_follows_from_the_fault() {
        let written = |fault| Answer::<()>::failed(fault).written();
        assert_eq!(written(Fault::refused("NUL in the text")), Written::Not);
        assert_eq!(
            written(Fault::lost(Written::Partly, "reset")),
            Written::Partly
        );
        assert_eq!(Answer::new(Ok(())).written(), Written::Wholly);
    }
}
