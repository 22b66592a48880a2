use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A column's type has no form in the format that was asked for.
    Type,
    /// A value has no form in the format that was asked for, or the server sent bytes that are no value of its type.
    Value,
    /// What was read is not what it should be: [`Error::place`] says where.
    Input,
    /// Reading or writing a file failed.
    Io,
    /// The options do not fit together, or do not fit the table.
    Refused,
    /// More rows were bad than the options allow.
    TooManyBadRows,
    /// Another load with the same name took over, or another process uses the same file.
    Busy,
    /// What was being read or written changed in the middle.
    Changed,
    /// What is being verified is not what its manifest says.
    Mismatch,
    /// The server does not have this.
    Unsupported,
    /// The database failed: see [`Error::database`].
    Database,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Type,
        Self::Value,
        Self::Input,
        Self::Io,
        Self::Refused,
        Self::TooManyBadRows,
        Self::Busy,
        Self::Changed,
        Self::Mismatch,
        Self::Unsupported,
        Self::Database,
    ];

    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Value => "value",
            Self::Input => "input",
            Self::Io => "io",
            Self::Refused => "refused",
            Self::TooManyBadRows => "too_many_bad_rows",
            Self::Busy => "busy",
            Self::Changed => "changed",
            Self::Mismatch => "mismatch",
            Self::Unsupported => "unsupported",
            Self::Database => "database",
        }
    }
}

/// Where in an input something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Place {
    /// The file; `None` for an input without a name.
    pub file: Option<PathBuf>,
    /// The line on which the row begins, counted from 1; for inputs without lines, the number of the row.
    pub line: Option<u64>,
    /// The column's name, or its number counted from 1.
    pub column: Option<String>,
}

impl Place {
    pub(crate) fn line(line: u64) -> Self {
        Self {
            line: Some(line),
            ..Self::default()
        }
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            separator = ", ";
        }
        if let Some(line) = self.line {
            write!(f, "{separator}line {line}")?;
            separator = ", ";
        }
        if let Some(column) = &self.column {
            write!(f, "{separator}column {column}")?;
        }
        Ok(())
    }
}

/// What failed, where, and what to do about it.
///
/// The message is complete by itself; [`database`](Self::database) and [`io_error`](Self::io_error) have the cause for code, and
/// [`source`](StdError::source) has only what the message does not tell.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    place: Place,
    message: String,
    advice: Option<String>,
    database: Option<crdb_exec::Error>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            place: Place::default(),
            message: message.into(),
            advice: None,
            database: None,
            source: None,
        }))
    }

    pub(crate) fn database_failed(message: impl Into<String>, error: crdb_exec::Error) -> Self {
        let mut made = Self::new(ErrorKind::Database, message);
        made.0.database = Some(error);
        made
    }

    pub(crate) fn io(what: &str, path: &Path, source: std::io::Error) -> Self {
        let advice = match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Some("free some space, then do it again: nothing was left under the final name")
            }
            std::io::ErrorKind::NotFound => Some("check the path"),
            std::io::ErrorKind::PermissionDenied => Some("check the permissions of the file"),
            _ => None,
        };
        let mut error = Self::new(ErrorKind::Io, what)
            .at(Place {
                file: Some(path.to_owned()),
                ..Place::default()
            })
            .with_source(source);
        if let Some(advice) = advice {
            error = error.with_advice(advice);
        }
        error
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.0.place = place;
        self
    }

    pub(crate) fn in_file(mut self, file: &Path) -> Self {
        self.0.place.file.get_or_insert_with(|| file.to_owned());
        self
    }

    pub(crate) fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where in the input it is, as far as that is known.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The executor's error, with its verdict, where the database is what failed.
    #[must_use]
    pub fn database(&self) -> Option<&crdb_exec::Error> {
        self.0.database.as_ref()
    }

    /// The operating system's error, where a file or a pipe is what failed.
    #[must_use]
    pub fn io_error(&self) -> Option<&std::io::Error> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// Whether it is certain that nothing took effect and trying again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.database().is_some_and(crdb_exec::Error::is_retryable)
    }

    /// Whether something may have been committed without being known to be.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.database()
            .is_some_and(crdb_exec::Error::is_outcome_unknown)
    }
}

impl From<crdb_exec::Error> for Error {
    fn from(error: crdb_exec::Error) -> Self {
        Self::database_failed("", error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if !inner.place.is_nowhere() {
            write!(f, "{}: ", inner.place)?;
        }
        f.write_str(&inner.message)?;
        let separator = if inner.message.is_empty() { "" } else { ": " };
        let cause = match (&inner.database, &inner.source) {
            (Some(database), _) => Some(database.to_string()),
            (None, source) => source.as_ref().map(ToString::to_string),
        };
        if let Some(cause) = cause.filter(|cause| !inner.message.contains(cause)) {
            write!(f, "{separator}{cause}")?;
        }
        if let Some(advice) = &inner.advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("place", &self.0.place)
            .field("message", &self.0.message)
            .field("database", &self.0.database)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    /// The first cause that the message does not tell.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let first: &(dyn StdError + 'static) = match (&self.0.database, &self.0.source) {
            (Some(database), _) => database,
            (None, Some(source)) => &**source,
            (None, None) => return None,
        };
        untold(&self.to_string(), first)
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
mod told {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("writing the file", Path::new("a.csv"), full());
        assert!(error.to_string().contains(&full().to_string()));
        assert!(error.source().is_none());
        assert_eq!(
            error.io_error().map(std::io::Error::kind),
            Some(full().kind())
        );
        let cause =
            crdb_exec::Error::timed_out("running SELECT 1", std::time::Duration::from_secs(1));
        let error = Error::database_failed("reading", cause);
        assert!(error.source().is_none() && error.database().is_some());
    }
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
                "type",
                "value",
                "input",
                "io",
                "refused",
                "too_many_bad_rows",
                "busy",
                "changed",
                "mismatch",
                "unsupported",
                "database",
            ]
        );
    }

    #[test]
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::Database as usize + 1, ErrorKind::ALL.len());
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
