//! What can fail.

use std::error::Error as StdError;
use std::fmt;

use crate::problem::Problem;

/// What kind of thing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The files hold mistakes, or do not fit what has run: [`Error::problems`] has them all. Nothing has run.
    Files,
    /// The database cannot be migrated as it is: no rights, a read-only session, no schema to create in. Nothing has run.
    Preflight,
    /// The database has migrations that this program does not know. Nothing has run.
    Newer,
    /// The database has not got the migrations that the caller needs.
    Older,
    /// Another runner had the lease for as long as this one was willing to wait.
    Busy,
    /// Another runner has taken the lease over, or it could not be renewed. What was running has been stopped and is looked
    /// for by the next runner.
    LeaseLost,
    /// The server could not be reached, or refused something that the runner itself needs.
    Database,
    /// A statement of a migration failed. It took no effect.
    Step,
    /// A statement was cut off, and the database does not show whether it took effect. A person has to look.
    Undecided,
    /// CockroachDB committed the data of a transaction and failed its schema change (XXA00).
    PartlyCommitted,
    /// The job of a schema change waits to be resumed.
    JobPaused,
    /// A migration is half undone: that has to be finished first.
    PartlyUndone,
    /// A migration cannot be undone, because it has no down file.
    Irreversible,
    /// The database has no migrations of the other tool, or some that this crate cannot take over.
    Baseline,
    /// The request does not fit: an unknown version, words of confirmation that differ.
    Refused,
    /// A file could not be written.
    Output,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Files,
        Self::Preflight,
        Self::Newer,
        Self::Older,
        Self::Busy,
        Self::LeaseLost,
        Self::Database,
        Self::Step,
        Self::Undecided,
        Self::PartlyCommitted,
        Self::JobPaused,
        Self::PartlyUndone,
        Self::Irreversible,
        Self::Baseline,
        Self::Refused,
        Self::Output,
    ];

    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Preflight => "preflight",
            Self::Newer => "newer",
            Self::Older => "older",
            Self::Busy => "busy",
            Self::LeaseLost => "lease_lost",
            Self::Database => "database",
            Self::Step => "step",
            Self::Undecided => "undecided",
            Self::PartlyCommitted => "partly_committed",
            Self::JobPaused => "job_paused",
            Self::PartlyUndone => "partly_undone",
            Self::Irreversible => "irreversible",
            Self::Baseline => "baseline",
            Self::Refused => "refused",
            Self::Output => "output",
        }
    }
}

/// A migration that failed. The message says what was attempted, where, and what to do.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    remedy: Option<String>,
    problems: Vec<Problem>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            remedy: None,
            problems: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn files(problems: Vec<Problem>) -> Self {
        let message = match problems.len() {
            1 => "the migrations hold 1 problem".to_owned(),
            count => format!("the migrations hold {count} problems"),
        };
        let mut error = Self::new(ErrorKind::Files, message);
        error.0.problems = problems;
        error
    }

    /// The database failed while the runner did something of its own.
    pub(crate) fn database(attempted: &str, source: crdb_exec::Error) -> Self {
        Self::new(ErrorKind::Database, attempted).because(source)
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// What kind of thing failed.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Every mistake in the files; empty unless the kind is [`ErrorKind::Files`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// What to do about it, where that is not obvious.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// The executor's error, where the database is what failed.
    #[must_use]
    pub fn database_error(&self) -> Option<&crdb_exec::Error> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// Whether running again later may succeed without a change of files or by hand: the lease was busy or lost, the
    /// database could not be reached, or a statement that took no effect has lost against others (40001) as often as it was tried.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Busy | ErrorKind::LeaseLost | ErrorKind::Database => true,
            ErrorKind::Step => self
                .database_error()
                .is_some_and(crdb_exec::Error::is_retryable),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for problem in &self.0.problems {
            write!(f, "\n{problem}")?;
        }
        if let Some(source) = &self.0.source {
            let cause = source.to_string();
            if !self.0.message.contains(&cause) {
                write!(f, ": {cause}")?;
            }
        }
        if let Some(remedy) = &self.0.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("problems", &self.0.problems)
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
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause =
            crdb_exec::Error::timed_out("running SELECT 1", std::time::Duration::from_secs(1));
        let error = Error::database("reading the journal", cause).remedy("run again");
        assert!(error.to_string().contains("running SELECT 1"));
        assert!(error.source().is_none());
        assert!(error.database_error().is_some());
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
                "files",
                "preflight",
                "newer",
                "older",
                "busy",
                "lease_lost",
                "database",
                "step",
                "undecided",
                "partly_committed",
                "job_paused",
                "partly_undone",
                "irreversible",
                "baseline",
                "refused",
                "output",
            ]
        );
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
                let error = Error::new(*kind, message).because(cause());
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
