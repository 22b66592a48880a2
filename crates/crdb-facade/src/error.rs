//! What can go wrong, whichever layer it went wrong in.

use std::error::Error as StdError;
use std::fmt;

use crdb_auth::ErrorCategory;
use crdb_exec::{SqlState, Verdict};
use crdb_pool::NodeAddress;

use crate::Config;
use crate::config::{Key, Mistake, Mistakes};
use crate::connector::ConnectError;

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong, or names something that is not there; [`Error::mistakes`] lists all of it.
    Configuration,
    /// The directory of SQL files is not there, or its files have mistakes.
    SqlFiles,
    /// No query has this name; the message has the nearest.
    UnknownQuery,
    /// Parameters are missing, surplus or given twice; nothing was sent.
    Arguments,
    /// The name of a node does not resolve.
    UnknownHost,
    /// No node can be reached: nothing listens there, or the network fails.
    Unreachable,
    /// TLS failed: the server does not offer it, its certificate is not trusted, expired, or for another name.
    Tls,
    /// The server refuses the login, or asked for one that the configuration does not permit.
    Authentication,
    /// The database does not exist.
    UnknownDatabase,
    /// Every session is in use, and none came free in time or too many wait already.
    NoSession,
    /// The database was closed.
    Closed,
    /// It was closed, but sessions were not returned in time.
    Unreturned,
    /// A deadline passed.
    Timeout,
    /// The connection ended, or the node shut down.
    Connection,
    /// The server answered with an error: see [`Error::sqlstate`].
    Server,
    /// The statement was cancelled from outside.
    Canceled,
    /// A value does not have the type that the statement or the caller wants.
    Conversion,
    /// The statement gave no row where one was asked for. It has been carried out.
    NoRow,
    /// The statement gave several rows where one at most was asked for. It has been carried out.
    SeveralRows,
    /// COMMIT was answered, but by a rollback: a statement in the transaction had failed.
    RolledBack,
    /// The data of the transaction was committed, its schema change was not.
    PartlyCommitted,
    /// The work of this idempotency key had been committed before.
    AlreadyCommitted,
    /// This idempotency key was given up: its work will never be committed.
    Abandoned,
    /// The server does not have what was asked for.
    Unsupported,
    /// A transaction was ended from inside, or used after its end.
    Misuse,
    /// Something that this release has no name for; the message has.
    Other,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Configuration,
        Self::SqlFiles,
        Self::UnknownQuery,
        Self::Arguments,
        Self::UnknownHost,
        Self::Unreachable,
        Self::Tls,
        Self::Authentication,
        Self::UnknownDatabase,
        Self::NoSession,
        Self::Closed,
        Self::Unreturned,
        Self::Timeout,
        Self::Connection,
        Self::Server,
        Self::Canceled,
        Self::Conversion,
        Self::NoRow,
        Self::SeveralRows,
        Self::RolledBack,
        Self::PartlyCommitted,
        Self::AlreadyCommitted,
        Self::Abandoned,
        Self::Unsupported,
        Self::Misuse,
        Self::Other,
    ];
}

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

/// The sources of an error, without itself.
fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(next(error), |error| next(*error))
}

/// The cause of an error, also where its message tells it and a chain of errors leaves it out.
fn next<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    if let Some(pool) = error.downcast_ref::<crdb_pool::Error>() {
        return pool.failure();
    }
    #[cfg(feature = "data")]
    if let Some(database) = error
        .downcast_ref::<crdb_data::Error>()
        .and_then(crdb_data::Error::database)
    {
        return Some(database);
    }
    #[cfg(feature = "migrate")]
    if let Some(database) = error
        .downcast_ref::<crdb_migrate::Error>()
        .and_then(crdb_migrate::Error::database_error)
    {
        return Some(database);
    }
    error.source()
}

/// An error and its sources in one line. Layers that quote their source are not repeated.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    for source in sources(error) {
        let next = source.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
    }
    text
}

/// The greater, the more it concerns the whole cluster rather than one node.
fn precedence(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Configuration
        | ErrorKind::Authentication
        | ErrorKind::UnknownDatabase
        | ErrorKind::Unsupported => 3,
        ErrorKind::Tls => 2,
        ErrorKind::UnknownHost => 1,
        _ => 0,
    }
}

impl ErrorKind {
    pub(crate) fn of_auth(kind: crdb_auth::ErrorKind) -> Self {
        match kind.category() {
            ErrorCategory::Configuration => Self::Configuration,
            ErrorCategory::Resolution => Self::UnknownHost,
            ErrorCategory::Unreachable | ErrorCategory::Draining | ErrorCategory::Overloaded => {
                Self::Unreachable
            }
            ErrorCategory::Timeout => Self::Timeout,
            ErrorCategory::Tls => Self::Tls,
            ErrorCategory::Authentication => Self::Authentication,
            ErrorCategory::UnknownDatabase => Self::UnknownDatabase,
            ErrorCategory::Server => Self::Server,
            ErrorCategory::Protocol => Self::Connection,
            ErrorCategory::Unsupported => Self::Unsupported,
        }
    }

    pub(crate) fn of_wire(error: &crdb_wire::Error) -> Self {
        use crdb_wire::ErrorKind as Kind;
        match (error.kind(), error.sqlstate()) {
            (_, Some("3D000")) => Self::UnknownDatabase,
            (Kind::Server, _) => Self::Server,
            (Kind::Timeout, _) => Self::Timeout,
            (Kind::Closed, _) => Self::Unreachable,
            (Kind::Refused | Kind::Conversion, _) => Self::Conversion,
            _ => Self::Other,
        }
    }
}

fn of_pool(error: &crdb_pool::Error) -> ErrorKind {
    use crdb_pool::ErrorKind as Kind;
    match error.kind() {
        Kind::Authentication => sources(error)
            .find_map(|source| source.downcast_ref::<ConnectError>())
            .map_or(ErrorKind::Authentication, ConnectError::kind),
        // A pool that has no session at all waits for nodes, not for borrowers.
        Kind::Timeout if error.status().is_some_and(|status| status.in_use == 0) => sources(error)
            .find_map(|source| source.downcast_ref::<ConnectError>())
            .map_or(ErrorKind::NoSession, ConnectError::kind),
        Kind::Timeout | Kind::TooManyWaiters => ErrorKind::NoSession,
        Kind::Closed => ErrorKind::Closed,
        Kind::Unreturned => ErrorKind::Unreturned,
        Kind::Configuration => ErrorKind::Configuration,
        Kind::Topology => ErrorKind::UnknownHost,
        _ => ErrorKind::Other,
    }
}

fn of_exec(error: &crdb_exec::Error) -> ErrorKind {
    use crdb_exec::ErrorKind as Kind;
    match error.kind() {
        Kind::Acquire => sources(error)
            .find_map(|source| source.downcast_ref::<crdb_pool::Error>())
            .map_or(ErrorKind::NoSession, of_pool),
        Kind::Connection => ErrorKind::Connection,
        Kind::Server => ErrorKind::Server,
        Kind::Timeout => ErrorKind::Timeout,
        Kind::Canceled => ErrorKind::Canceled,
        Kind::Conversion | Kind::Refused => ErrorKind::Conversion,
        Kind::NoRow => ErrorKind::NoRow,
        Kind::SeveralRows => ErrorKind::SeveralRows,
        Kind::RolledBack => ErrorKind::RolledBack,
        Kind::PartlyCommitted => ErrorKind::PartlyCommitted,
        Kind::AlreadyCommitted => ErrorKind::AlreadyCommitted,
        Kind::Abandoned => ErrorKind::Abandoned,
        Kind::Arguments => ErrorKind::Arguments,
        Kind::Unsupported => ErrorKind::Unsupported,
        Kind::Misuse => ErrorKind::Misuse,
        _ => ErrorKind::Other,
    }
}

fn of_sql(kind: crdb_sql::ErrorKind) -> ErrorKind {
    use crdb_sql::ErrorKind as Kind;
    match kind {
        Kind::Directory | Kind::Invalid => ErrorKind::SqlFiles,
        Kind::UnknownQuery => ErrorKind::UnknownQuery,
        Kind::Arguments | Kind::Template => ErrorKind::Arguments,
        _ => ErrorKind::Other,
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
    fn every_kind_of_a_failed_login_has_a_kind_here() {
        for kind in crdb_auth::ErrorKind::ALL {
            assert_ne!(ErrorKind::of_auth(*kind), ErrorKind::Other, "{kind:?}");
            // What every node answers alike tells more than a node that is down.
            if kind.is_lasting() {
                assert!(precedence(ErrorKind::of_auth(*kind)) >= 2, "{kind:?}");
            }
            let kerberos = kind.as_str().starts_with("kerberos");
            let wanted = match kind.as_str() {
                "kerberos_keytab" => ErrorKind::Configuration,
                _ => ErrorKind::Authentication,
            };
            if kerberos || *kind == crdb_auth::ErrorKind::LicenceMissing {
                assert_eq!(
                    (
                        ErrorKind::of_auth(*kind),
                        precedence(ErrorKind::of_auth(*kind))
                    ),
                    (wanted, 3),
                    "{kind:?}"
                );
            }
        }
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = std::io::Error::other("the disk is full");
        let error = Error::caused(ErrorKind::Other, "reading a file", cause);
        assert_eq!(error.to_string(), "reading a file: the disk is full");
        assert!(error.source().is_none());
        // What `fn main() -> Result<(), Error>` prints behind `Error: `.
        assert_eq!(format!("{error:?}"), error.to_string());
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
        assert_eq!(ErrorKind::Other as usize + 1, ErrorKind::ALL.len());
    }

    /// Whether or not its own message tells the cause, the chain tells it once.
    #[test]
    fn an_error_of_any_kind_tells_its_cause_once() {
        for kind in ErrorKind::ALL {
            for message in ["writing it", "writing it: the disk is full"] {
                let error = Error::caused(*kind, message, cause());
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
