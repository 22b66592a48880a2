//! Why the log cannot be written or read.

use std::error::Error as StdError;
use std::fmt;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file system refused.
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
        self.source.as_ref().map(|error| error as _)
    }
}
