//! Why the log cannot be written or read.

use std::error::Error as StdError;
use std::fmt;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file system refused, or the entry is too long.
    Io,
    /// What is on disk is not what was written.
    Damaged,
    /// Another process writes this log.
    Locked,
    /// The log was closed.
    Closed,
    /// A key has the wrong form.
    Key,
    /// There is no such entry.
    NoSuchEntry,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Io,
        Self::Damaged,
        Self::Locked,
        Self::Closed,
        Self::Key,
        Self::NoSuchEntry,
    ];

    /// A name that does not change between releases, for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Damaged => "damaged",
            Self::Locked => "locked",
            Self::Closed => "closed",
            Self::Key => "key",
            Self::NoSuchEntry => "no_such_entry",
        }
    }
}

/// Why the audit log cannot be written or read.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<std::io::Error>,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The file system refused; `attempted` names the file.
    pub(super) fn io(attempted: impl Into<String>, source: std::io::Error) -> Self {
        Self {
            kind: ErrorKind::Io,
            message: attempted.into(),
            source: Some(source),
        }
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The same error for each of several callers.
    pub(super) fn shared(&self) -> Self {
        Self {
            kind: self.kind,
            message: self.message.clone(),
            source: self
                .source
                .as_ref()
                .map(|error| std::io::Error::new(error.kind(), error.to_string())),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_ref()?;
        // A chain of errors says nothing twice.
        let told = self.message.contains(&source.to_string());
        (!told).then_some(source as _)
    }
}

#[cfg(test)]
mod told_once {
    use super::*;

    fn cause() -> std::io::Error {
        std::io::Error::other("the disk is full")
    }

    #[test]
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::NoSuchEntry as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error = Error {
                    kind: *kind,
                    message: message.to_owned(),
                    source: Some(cause()),
                };
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
