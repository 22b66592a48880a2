use std::fmt;

/// A SQLSTATE: the five characters by which a server says what went wrong.
///
/// Unlike the message text it is part of the protocol, so decisions rest on it and on nothing else the server says.
///
/// ```
/// use crdb_exec::SqlState;
///
/// let state = SqlState::new("40001").unwrap();
/// assert_eq!(state, SqlState::SERIALIZATION_FAILURE);
/// assert_eq!(state.class(), "40");
/// assert!(SqlState::new("not a state").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState([u8; 5]);

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl SqlState {
            $($(#[$doc])* pub const $name: Self = Self(*$code);)*
        }
    };
}

states! {
    /// A feature the server does not have; also what a prepared statement answers once its result type has changed.
    FEATURE_NOT_SUPPORTED = b"0A000";
    /// One statement would change a row twice, or a subquery gave several rows where one is read.
    CARDINALITY_VIOLATION = b"21000";
    /// A column refused NULL.
    NOT_NULL_VIOLATION = b"23502";
    /// A foreign key refused a row.
    FOREIGN_KEY_VIOLATION = b"23503";
    /// A unique constraint refused a row.
    UNIQUE_VIOLATION = b"23505";
    /// A CHECK constraint refused a row.
    CHECK_VIOLATION = b"23514";
    /// An exclusion constraint refused a row.
    EXCLUSION_VIOLATION = b"23P01";
    /// There is no transaction to end. CockroachDB answers it to a COMMIT or ROLLBACK on its own, up to v25.1 as an error.
    NO_ACTIVE_TRANSACTION = b"25P01";
    /// The transaction has failed already; this statement was not looked at.
    IN_FAILED_TRANSACTION = b"25P02";
    /// The server ended a transaction that was idle for too long.
    IDLE_IN_TRANSACTION_TIMEOUT = b"25P03";
    /// The prepared statement is not known (any more).
    INVALID_STATEMENT_NAME = b"26000";
    /// The transaction has to be run again.
    SERIALIZATION_FAILURE = b"40001";
    /// The server does not know whether the statement or the commit took effect.
    STATEMENT_COMPLETION_UNKNOWN = b"40003";
    /// A deadlock was broken by failing this transaction.
    DEADLOCK_DETECTED = b"40P01";
    /// The connection is not accepted because there are too many.
    TOO_MANY_CONNECTIONS = b"53300";
    /// The statement was cancelled, by request or by `statement_timeout`.
    QUERY_CANCELED = b"57014";
    /// The server shuts down, or drains.
    ADMIN_SHUTDOWN = b"57P01";
    /// The server is resetting itself after a crash.
    CRASH_SHUTDOWN = b"57P02";
    /// The server does not accept connections now.
    CANNOT_CONNECT_NOW = b"57P03";
    /// The server closed a session that was idle for too long.
    IDLE_SESSION_TIMEOUT = b"57P05";
    /// CockroachDB: a range of the data cannot be reached.
    RANGE_UNAVAILABLE = b"58C00";
    /// CockroachDB: the connection between two nodes failed.
    INTERNODE_CONNECTION_FAILURE = b"58C01";
    /// A message that the protocol does not allow here.
    PROTOCOL_VIOLATION = b"08P01";
    /// The connection could not be made.
    CONNECTION_REFUSED = b"08001";
    /// The server rejected the connection.
    CONNECTION_REJECTED = b"08004";
    /// CockroachDB: the data of the transaction is committed, its schema changes are not.
    COMMITTED_WITHOUT_SCHEMA_CHANGE = b"XXA00";
}

impl SqlState {
    /// Reads five ASCII letters or digits; anything else is `None`.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 5] = code.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_alphanumeric)
            .then_some(Self(bytes))
    }

    /// The five characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in; the fallback keeps this free of panics.
        std::str::from_utf8(&self.0).unwrap_or("XXXXX")
    }

    /// The first two characters, which name the class.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.as_str()[..2]
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlState({self})")
    }
}
