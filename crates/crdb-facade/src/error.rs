//! What can go wrong, whichever layer it went wrong in.

mod chain;
mod kind;

use std::error::Error as StdError;
use std::fmt;

use crdb_exec::{SqlState, Verdict};
use crdb_pool::NodeAddress;

use crate::Config;
use crate::config::{Key, Mistake, Mistakes};
use crate::connector::ConnectError;

pub(crate) use chain::chain;
use chain::sources;
pub use kind::ErrorKind;
use kind::{of_exec, of_pool, of_sql, precedence};

/// Why something could not be done.
///
/// The message is complete by itself: what was attempted, where, why it failed, what to do, down to the last cause. So it has no
/// [`source`](StdError::source), and a reporter that prints the chain says each thing once; the layers' errors are reached by
/// [`auth`](Self::auth), [`pool`](Self::pool), [`sql`](Self::sql) and [`exec`](Self::exec). `Debug` prints the message too: it is
/// what `fn main() -> Result<(), Error>` shows.
///
/// No message holds a secret or a value of a row: what the server quotes of one is left out, and
/// [`server_error`](crdb_exec::Error::server_error) has it for code.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    /// What is said before the cause, or all there is to say.
    context: String,
    /// Part of the message, and so no `source`.
    cause: Option<Box<dyn StdError + Send + Sync>>,
    mistakes: Vec<Mistake>,
}

impl Error {
    fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            context: context.into(),
            cause: None,
            mistakes: Vec::new(),
        }))
    }

    fn caused(
        kind: ErrorKind,
        context: impl Into<String>,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let mut error = Self::new(kind, context);
        error.0.cause = Some(cause.into());
        error
    }

    pub(crate) fn configuration(mistakes: Mistakes) -> Self {
        let mut error = Self::new(ErrorKind::Configuration, mistakes.to_string());
        error.0.mistakes = mistakes.0;
        error
    }

    pub(crate) fn interrupted(error: tokio::task::JoinError) -> Self {
        Self::caused(
            ErrorKind::Other,
            "the runtime ended while the configuration's files were read",
            error,
        )
    }

    pub(crate) fn no_queries<T>(name: &str, directory: Key<T>) -> Self {
        let context = format!(
            "there is no query `{name}`: no SQL files are loaded; set {directory} to their directory"
        );
        Self::new(ErrorKind::UnknownQuery, context)
    }

    /// What `key` asks for cannot be done here.
    #[cfg(any(feature = "endpoint", feature = "otlp"))]
    pub(crate) fn not_observed<T>(
        key: Key<T>,
        error: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::caused(ErrorKind::Configuration, key.path(), error)
    }

    /// No node gave a session, and this is how each failed.
    pub(crate) fn not_opened(config: &Config, failures: Vec<(NodeAddress, ConnectError)>) -> Self {
        let (user, database) = config.shown_names();
        let mut context = format!("opening database \"{database}\" as \"{user}\"");
        // What concerns all nodes (a wrong password) matters more than one node that is down.
        let decisive = failures
            .iter()
            .max_by_key(|(_, error)| precedence(error.kind()))
            .map(|(_, error)| error.clone());
        let Some(decisive) = decisive else {
            return Self::new(ErrorKind::Unreachable, context);
        };
        if failures.len() > 1 {
            let all: Vec<String> = failures.iter().map(|(_, error)| chain(error)).collect();
            context = format!(
                "{context}: none of {} nodes could be used: {}",
                all.len(),
                all.join("; ")
            );
        }
        Self::caused(decisive.kind(), context, decisive)
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Everything that is wrong with the configuration. Empty for errors of another kind.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0.mistakes
    }

    /// What is certain about a statement or transaction that failed; `None` for errors that are not about one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.exec().map(crdb_exec::Error::verdict)
    }

    /// The server's SQLSTATE, when it answered a statement or a login.
    #[must_use]
    pub fn sqlstate(&self) -> Option<SqlState> {
        match self.exec().and_then(crdb_exec::Error::sqlstate) {
            Some(state) => Some(state),
            None => {
                let told = self.auth().and_then(crdb_auth::Error::sqlstate);
                SqlState::new(told.or_else(|| self.wire()?.sqlstate())?)
            }
        }
    }

    /// Whether it is certain that nothing took effect and trying again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.verdict() == Some(Verdict::Retry)
    }

    /// Whether the effect may have been committed.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.verdict() == Some(Verdict::OutcomeUnknown)
    }

    /// Whether a deadline passed: the caller's, the configuration's or the server's.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
            || self.pool().is_some_and(crdb_pool::Error::is_timeout)
            || self.auth().is_some_and(crdb_auth::Error::is_timeout)
            || self
                .wire()
                .is_some_and(|error| error.kind() == crdb_wire::ErrorKind::Timeout)
    }

    /// Whether the database could not serve the call at all, and may later: no node was reachable, no session came free in time,
    /// the connection ended, a timeout passed, or the database is closed. A web service answers 503.
    ///
    /// It says nothing about whether the call took effect: that is the [verdict](Self::verdict).
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::UnknownHost
                | ErrorKind::Unreachable
                | ErrorKind::NoSession
                | ErrorKind::Closed
                | ErrorKind::Timeout
                | ErrorKind::Connection
        )
    }

    /// The status with which an HTTP service answers this failure, as a number:
    ///
    /// | status | failure |
    /// | --- | --- |
    /// | 404 | a row that there must be is not there ([`ErrorKind::NoRow`]) |
    /// | 409 | a row exists already ([`is_unique_violation`](Self::is_unique_violation)) |
    /// | 422 | a constraint refuses the values ([`is_constraint_violation`](Self::is_constraint_violation)) |
    /// | 503 | a later try may succeed, or it is not known whether this one did |
    /// | 500 | anything else, which is the service's own fault |
    ///
    /// The message is for the log: of a 500 or 503 a client need not know the inside.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        if self.kind() == ErrorKind::NoRow {
            404
        } else if self.is_unique_violation() {
            409
        } else if self.is_constraint_violation() {
            422
        } else if self.is_outcome_unknown() || self.is_unavailable() || self.is_retryable() {
            503
        } else {
            500
        }
    }

    /// Whether a row exists already: a unique constraint or a primary key refused another one (23505).
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_unique_violation)
    }

    /// Whether a foreign key refused a row: what it refers to is missing, or something refers to it (23503).
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_foreign_key_violation)
    }

    /// Whether a column that is NOT NULL was given NULL (23502); [`column`](Self::column) names it.
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_not_null_violation)
    }

    /// Whether a CHECK constraint refused a row (23514).
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_check_violation)
    }

    /// Whether an exclusion constraint refused a row (23P01, PostgreSQL).
    #[must_use]
    pub fn is_exclusion_violation(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_exclusion_violation)
    }

    /// Whether any constraint refused a row: class 23 of the SQLSTATEs.
    #[must_use]
    pub fn is_constraint_violation(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_constraint_violation)
    }

    /// Whether the transaction lost against another one (40001).
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        self.exec()
            .is_some_and(crdb_exec::Error::is_serialization_failure)
    }

    /// The constraint that a row violates, where the server names it.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.exec()?.constraint()
    }

    /// The table that the server's error is about, where it names one.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.exec()?.table()
    }

    /// The column that the server's error is about, where it names one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.exec()?.column()
    }

    /// The login's error, where a login failed.
    #[must_use]
    pub fn auth(&self) -> Option<&crdb_auth::Error> {
        self.find::<ConnectError>()
            .and_then(ConnectError::auth)
            .or_else(|| self.find())
    }

    /// The connection's error, where a session failed its check or its reset.
    #[must_use]
    pub fn wire(&self) -> Option<&crdb_wire::Error> {
        self.find::<ConnectError>()
            .and_then(ConnectError::wire)
            .or_else(|| self.find())
    }

    /// The pool's error, where no session could be had.
    #[must_use]
    pub fn pool(&self) -> Option<&crdb_pool::Error> {
        self.find()
    }

    /// The error of the SQL files, of a query's name or of its arguments.
    #[must_use]
    pub fn sql(&self) -> Option<&crdb_sql::Error> {
        self.find()
    }

    /// The executor's error, where a statement or a transaction failed.
    #[must_use]
    pub fn exec(&self) -> Option<&crdb_exec::Error> {
        self.find()
    }

    /// The first error of this type among the causes.
    fn find<T: StdError + 'static>(&self) -> Option<&T> {
        let cause: &(dyn StdError + 'static) = &**self.0.cause.as_ref()?;
        std::iter::once(cause)
            .chain(sources(cause))
            .find_map(|error| error.downcast_ref())
    }
}

impl From<crdb_auth::Error> for Error {
    fn from(error: crdb_auth::Error) -> Self {
        Self::caused(ErrorKind::of_auth(error.kind()), "", error)
    }
}

impl From<crdb_pool::Error> for Error {
    fn from(error: crdb_pool::Error) -> Self {
        Self::caused(of_pool(&error), "", error)
    }
}

impl From<crdb_sql::Error> for Error {
    fn from(error: crdb_sql::Error) -> Self {
        Self::caused(of_sql(error.kind()), "", error)
    }
}

impl From<crdb_exec::Error> for Error {
    fn from(error: crdb_exec::Error) -> Self {
        Self::caused(of_exec(&error), "", error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let Some(cause) = &inner.cause else {
            return f.write_str(&inner.context);
        };
        let causes = chain(&**cause);
        match inner.context.as_str() {
            "" => f.write_str(&causes),
            context if context.contains(&causes) => f.write_str(context),
            context => write!(f, "{context}: {causes}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = std::io::Error::other("the disk is full");
        let error = Error::caused(ErrorKind::Other, "reading a file", cause);
        assert_eq!(error.to_string(), "reading a file: the disk is full");
        assert!(error.source().is_none());
        // What `fn main() -> Result<(), Error>` prints behind `Error: `.
        assert_eq!(format!("{error:?}"), error.to_string());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let cause = std::io::Error::other("the disk is full");
                let error = Error::caused(*kind, message, cause);
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
