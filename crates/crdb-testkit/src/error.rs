//! What can go wrong in the test kit itself.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

/// Why the test kit could not do what it was asked for.
///
/// The message names what was attempted, where, and what to do next. [`Error::kind`] and the predicates tell the cases
/// apart; the text is for people.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A program or a capability that the test needs is not on this machine. The test did not run; it did not fail.
    Unavailable,
    /// An option, an environment variable or a URL cannot be understood.
    InvalidInput,
    /// A program that is there could not be started, or ended before it was ready.
    Start,
    /// Something took longer than its deadline.
    Timeout,
    /// The server refused a login or a statement.
    Database,
    /// A file, a directory or a socket could not be used.
    Io,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Unavailable,
        Self::InvalidInput,
        Self::Start,
        Self::Timeout,
        Self::Database,
        Self::Io,
    ];
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn io(attempt: &str, path: &Path, source: std::io::Error) -> Self {
        Self::new(
            ErrorKind::Io,
            format!("cannot {attempt} {}", path.display()),
        )
        .with_source(source)
    }

    /// Which kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether something that the test needs is missing from this machine, so that the test cannot have an outcome.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind == ErrorKind::Unavailable
    }

    /// Whether a deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind == ErrorKind::Timeout
    }

    /// As [`is_unavailable`](Self::is_unavailable), because the server is run elsewhere. `cargo xtask test --strict`
    /// knows it by how the message begins.
    pub(crate) fn needs_own_server(what: impl fmt::Display) -> Self {
        let message = format!("needs a server of its own: {what}; unset CRDB_TEST_URL for that");
        Self::new(ErrorKind::Unavailable, message)
    }

    /// Ends the test with this error: with a message that starts with `did not run: ` when something is
    /// [unavailable](Self::is_unavailable), which is how `cargo xtask test` and people tell the two apart.
    ///
    /// # Panics
    /// Always.
    #[track_caller]
    #[allow(clippy::panic, reason = "ending the test is what this is for")]
    pub fn end_test(&self) -> ! {
        if self.is_unavailable() {
            panic!("did not run: {self}");
        }
        panic!("{self:?}");
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut source = self
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static));
        while let Some(cause) = source {
            let told = cause.to_string();
            if !self.message.contains(&told) {
                write!(f, ": {told}")?;
            }
            source = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

// The message tells every cause, so that no chain of errors tells them again.
impl StdError for Error {}

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
        assert_eq!(ErrorKind::Io as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error = Error::new(*kind, message).with_source(cause());
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
