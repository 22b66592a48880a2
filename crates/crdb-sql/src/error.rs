//! What can fail when queries are loaded, found and given their arguments.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::problem::Problems;

/// An error of this crate.
///
/// Its message says what was attempted, where, and what to do.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    problems: Problems,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of thing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The directory is not there, is not a directory, or cannot be listed.
    Directory,
    /// The files hold mistakes; [`Error::problems`] has them all.
    Invalid,
    /// No query has the name that was asked for.
    UnknownQuery,
    /// Parameters are missing, surplus or given twice.
    Arguments,
    /// A template was rendered with something that it does not allow.
    Template,
    /// A file could not be written.
    Output,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Directory,
        Self::Invalid,
        Self::UnknownQuery,
        Self::Arguments,
        Self::Template,
        Self::Output,
    ];
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            problems: Problems::default(),
            source: None,
        }))
    }

    pub(crate) fn io(
        kind: ErrorKind,
        path: &Path,
        message: impl Into<String>,
        source: std::io::Error,
    ) -> Self {
        let mut error = Self::new(kind, message);
        error.0.path = Some(path.to_path_buf());
        error.0.source = Some(Box::new(source));
        error
    }

    pub(crate) fn invalid(problems: Problems) -> Self {
        let count = problems.len();
        let message = match count {
            1 => "the SQL files hold 1 problem".to_owned(),
            _ => format!("the SQL files hold {count} problems"),
        };
        let mut error = Self::new(ErrorKind::Invalid, message);
        error.0.problems = problems;
        error
    }

    /// What kind of thing failed.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file or directory concerned, for [`ErrorKind::Directory`] and [`ErrorKind::Output`].
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Every problem found in the files; empty unless the kind is [`ErrorKind::Invalid`].
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.0.problems
    }

    /// Whether no query has the name that was asked for.
    #[must_use]
    pub fn is_unknown_query(&self) -> bool {
        self.kind() == ErrorKind::UnknownQuery
    }

    /// Whether the SQL files hold mistakes.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.kind() == ErrorKind::Invalid
    }

    /// Whether the arguments do not fit the query's parameters.
    #[must_use]
    pub fn is_arguments(&self) -> bool {
        self.kind() == ErrorKind::Arguments
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !self.0.problems.is_empty() {
            write!(f, "\n{}", self.0.problems)?;
        }
        Ok(())
    }
}

/// As `Display`, so that `fn main() -> Result<(), Error>` prints the message.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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

    #[test]
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::Output as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error = Error::io(*kind, Path::new("a.sql"), message, cause());
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
