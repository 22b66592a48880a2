//! What sort of error it is, and what the layers' sorts are here.

use crdb_auth::ErrorCategory;

use super::chain::sources;
use crate::connector::ConnectError;

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong, or names something that is not there; [`Error::mistakes`](super::Error::mistakes) lists all of it.
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
    /// The server answered with an error: see [`Error::sqlstate`](super::Error::sqlstate).
    Server,
    /// The statement was cancelled from outside.
    Cancelled,
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
        Self::Cancelled,
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

/// The greater, the more it concerns the whole cluster rather than one node.
pub(super) fn precedence(kind: ErrorKind) -> u8 {
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

pub(super) fn of_pool(error: &crdb_pool::Error) -> ErrorKind {
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

pub(super) fn of_exec(error: &crdb_exec::Error) -> ErrorKind {
    use crdb_exec::ErrorKind as Kind;
    match error.kind() {
        Kind::Acquire => sources(error)
            .find_map(|source| source.downcast_ref::<crdb_pool::Error>())
            .map_or(ErrorKind::NoSession, of_pool),
        Kind::Connection => ErrorKind::Connection,
        Kind::Server => ErrorKind::Server,
        Kind::Timeout => ErrorKind::Timeout,
        Kind::Cancelled => ErrorKind::Cancelled,
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

pub(super) fn of_sql(kind: crdb_sql::ErrorKind) -> ErrorKind {
    use crdb_sql::ErrorKind as Kind;
    match kind {
        Kind::Directory | Kind::Invalid => ErrorKind::SqlFiles,
        Kind::UnknownQuery => ErrorKind::UnknownQuery,
        Kind::Arguments | Kind::Template => ErrorKind::Arguments,
        _ => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_a_failed_login_has_a_kind_here() {
        for kind in crdb_auth::ErrorKind::ALL {
            assert_ne!(ErrorKind::of_auth(*kind), ErrorKind::Other, "{kind:?}");
            // What every node answers alike tells more than a node that is down.
            if kind.is_permanent() {
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
    fn every_kind_is_listed_once() {
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::Other as usize + 1, ErrorKind::ALL.len());
    }
}
