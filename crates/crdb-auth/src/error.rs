//! The crate's error: a kind to decide on, a message to act on.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::server_error::ServerError;

/// The kind of a failure, for decisions.
///
/// New kinds may be added; match with a wildcard arm, or use the predicates of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration contradicts itself or lacks something. Nothing was attempted.
    Config,
    /// A certificate, key, password or token could not be read or was unusable.
    Credential,
    /// The host name did not resolve to any address.
    Resolve,
    /// Nothing listens at the address.
    Refused,
    /// The network failed in another way, for example unreachable.
    Network,
    /// The deadline passed.
    Timeout,
    /// The server does not offer TLS and the configuration demands it.
    TlsUnavailable,
    /// The server's certificate is not signed by a trusted authority.
    TlsUntrusted,
    /// The server's certificate is for another name: possibly a man in the middle.
    TlsHostName,
    /// The server's certificate is expired, not yet valid, or otherwise unacceptable.
    TlsCertificate,
    /// The TLS handshake failed in another way.
    Tls,
    /// The server rejected the credentials.
    Authentication,
    /// The server asked for a way of authentication that the configuration does not permit, or
    /// tried to weaken it.
    Downgrade,
    /// The server has no rule that lets this user in from here, whatever the credentials.
    NotPermitted,
    /// Kerberos: there is no ticket to log in with.
    KerberosNoTicket,
    /// Kerberos: the ticket has expired.
    KerberosExpired,
    /// Kerberos: the clocks of this machine and of the KDC or the server differ too much.
    KerberosClockSkew,
    /// Kerberos: no KDC of the realm answers, or none is known.
    KerberosKdcUnreachable,
    /// Kerberos: the KDC does not know the service that was asked for.
    KerberosUnknownService,
    /// Kerberos: the KDC refuses the principal: it is unknown, locked, or has another key.
    KerberosRefused,
    /// Kerberos: the keytab cannot be used, or others can read it.
    KerberosKeytab,
    /// Kerberos succeeded, and the server has no mapping from the principal to the user.
    KerberosNotMapped,
    /// Kerberos failed in another way, also on the server's side.
    Kerberos,
    /// The server lacks the licence for this way of authentication (CockroachDB's XXC02).
    LicenceMissing,
    /// The database does not exist.
    UnknownDatabase,
    /// The server shuts down or drains: another node will do.
    Draining,
    /// The server is at its limit of connections.
    TooManyConnections,
    /// The server closed or reset the connection without an error message.
    Closed,
    /// The server rejected the session for another reason, see [`Error::server`].
    Server,
    /// The server sent what the protocol does not allow at that point.
    Protocol,
    /// The server cannot do what was asked, for example cancel a statement.
    Unsupported,
}

impl ErrorKind {
    /// A short name for labels and fields. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Credential => "credential",
            Self::Resolve => "resolve",
            Self::Refused => "refused",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::TlsUnavailable => "tls_unavailable",
            Self::TlsUntrusted => "tls_untrusted",
            Self::TlsHostName => "tls_host_name",
            Self::TlsCertificate => "tls_certificate",
            Self::Tls => "tls",
            Self::Authentication => "authentication",
            Self::Downgrade => "downgrade",
            Self::NotPermitted => "not_permitted",
            Self::KerberosNoTicket => "kerberos_no_ticket",
            Self::KerberosExpired => "kerberos_expired",
            Self::KerberosClockSkew => "kerberos_clock_skew",
            Self::KerberosKdcUnreachable => "kerberos_kdc_unreachable",
            Self::KerberosUnknownService => "kerberos_unknown_service",
            Self::KerberosRefused => "kerberos_refused",
            Self::KerberosKeytab => "kerberos_keytab",
            Self::KerberosNotMapped => "kerberos_not_mapped",
            Self::Kerberos => "kerberos",
            Self::LicenceMissing => "licence_missing",
            Self::UnknownDatabase => "unknown_database",
            Self::Draining => "draining",
            Self::TooManyConnections => "too_many_connections",
            Self::Closed => "closed",
            Self::Server => "server",
            Self::Protocol => "protocol",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A failed operation: its [`ErrorKind`], a message for people, and its cause.
///
/// Messages name what was attempted, where, and what to do next. Secrets are never part of one.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    server: Option<ServerError>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                server: None,
                source: None,
            }),
        }
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The same failure, with what was attempted in front of its message.
    pub(crate) fn within(mut self, attempt: &str) -> Self {
        self.inner.message = format!("{attempt}: {}", self.inner.message);
        self
    }

    /// The same failure, known to be of another kind, with advice for that.
    pub(crate) fn reinterpreted(mut self, kind: ErrorKind, advice: &str) -> Self {
        self.inner.kind = kind;
        self.inner.message.push_str("; ");
        self.inner.message.push_str(advice);
        self
    }

    /// The same failure, with more to know about it.
    #[cfg(all(feature = "kerberos", unix))]
    pub(crate) fn advised(mut self, advice: &str) -> Self {
        self.inner.message.push_str("; ");
        self.inner.message.push_str(advice);
        self
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, message)
    }

    /// The refusal of a server, with the kind that its SQLSTATE stands for.
    pub(crate) fn from_server(attempt: &str, server: ServerError) -> Self {
        let kind = server.kind();
        let mut message = format!("{attempt}: the server answered {server}");
        if let Some(advice) = server.advice() {
            message.push_str("; ");
            message.push_str(advice);
        }
        let mut error = Self::new(kind, message);
        error.inner.server = Some(server);
        error
    }

    /// An I/O failure while `attempt` went on.
    pub(crate) fn from_io(attempt: &str, error: io::Error) -> Self {
        // With TLS 1.3 the server's refusal of our certificate comes after the handshake.
        let rustls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(cause) = rustls {
            return crate::tls::tls_error(attempt, cause);
        }
        let (kind, advice) = match error.kind() {
            io::ErrorKind::ConnectionRefused => (
                ErrorKind::Refused,
                "; is the server running, and is this its SQL port?",
            ),
            // A socket that is closed before it is read from answers with a reset.
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => (
                ErrorKind::Closed,
                "; a node that drains or restarts does this: try another node",
            ),
            io::ErrorKind::TimedOut => (ErrorKind::Timeout, ""),
            _ => (ErrorKind::Network, ""),
        };
        let what = if kind == ErrorKind::Closed {
            "the server closed the connection without an error message".to_owned()
        } else {
            error.to_string()
        };
        Self::new(kind, format!("{attempt}: {what}{advice}")).with_source(error)
    }

    /// What failed, to decide on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What the server said, when the failure is its answer.
    #[must_use]
    pub fn server(&self) -> Option<&ServerError> {
        self.inner.server.as_ref()
    }

    /// The SQLSTATE of the server's answer.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.server().map(ServerError::sqlstate)
    }

    /// The deadline passed. What was asked may still happen on the server.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// The server did not accept the credentials. Retrying with the same ones is useless, and may lock the account.
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Authentication
                | ErrorKind::Downgrade
                | ErrorKind::NotPermitted
                | ErrorKind::Credential
                | ErrorKind::LicenceMissing
        ) || self.is_kerberos()
    }

    /// Kerberos failed, on this side, at the KDC or on the server.
    #[must_use]
    pub fn is_kerberos(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::KerberosNoTicket
                | ErrorKind::KerberosExpired
                | ErrorKind::KerberosClockSkew
                | ErrorKind::KerberosKdcUnreachable
                | ErrorKind::KerberosUnknownService
                | ErrorKind::KerberosRefused
                | ErrorKind::KerberosKeytab
                | ErrorKind::KerberosNotMapped
                | ErrorKind::Kerberos
        )
    }

    /// TLS failed or was not available. Retrying the same node is useless.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::TlsUnavailable
                | ErrorKind::TlsUntrusted
                | ErrorKind::TlsHostName
                | ErrorKind::TlsCertificate
                | ErrorKind::Tls
        )
    }

    /// The node shuts down: another one will do.
    ///
    /// A draining CockroachDB node says 57P01 to the sessions it has and to new connections, or closes these
    /// without a word, which is [`ErrorKind::Closed`] and counts as well.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        matches!(self.kind(), ErrorKind::Draining | ErrorKind::Closed)
    }

    /// The node has too many connections already.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        self.kind() == ErrorKind::TooManyConnections
    }

    /// The node could not be reached, or the connection to it is gone.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Resolve
                | ErrorKind::Refused
                | ErrorKind::Network
                | ErrorKind::Timeout
                | ErrorKind::Closed
                | ErrorKind::Draining
        )
    }

    /// The configuration is wrong: nothing was attempted, nothing will help but changing it.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.kind() == ErrorKind::Config
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("server", &self.inner.server)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    /// The first cause that the message does not tell.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        untold(&self.inner.message, self.inner.source.as_deref()?)
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

    /// Dashboards and alerts go by these: a label that changes breaks them.
    #[test]
    fn labels_of_kinds_stay_the_same() {
        use ErrorKind as Kind;
        for (kind, label) in [
            (Kind::Config, "config"),
            (Kind::Credential, "credential"),
            (Kind::Resolve, "resolve"),
            (Kind::Refused, "refused"),
            (Kind::Network, "network"),
            (Kind::Timeout, "timeout"),
            (Kind::TlsUnavailable, "tls_unavailable"),
            (Kind::TlsUntrusted, "tls_untrusted"),
            (Kind::TlsHostName, "tls_host_name"),
            (Kind::TlsCertificate, "tls_certificate"),
            (Kind::Tls, "tls"),
            (Kind::Authentication, "authentication"),
            (Kind::Downgrade, "downgrade"),
            (Kind::NotPermitted, "not_permitted"),
            (Kind::KerberosNoTicket, "kerberos_no_ticket"),
            (Kind::KerberosExpired, "kerberos_expired"),
            (Kind::KerberosClockSkew, "kerberos_clock_skew"),
            (Kind::KerberosKdcUnreachable, "kerberos_kdc_unreachable"),
            (Kind::KerberosUnknownService, "kerberos_unknown_service"),
            (Kind::KerberosRefused, "kerberos_refused"),
            (Kind::KerberosKeytab, "kerberos_keytab"),
            (Kind::KerberosNotMapped, "kerberos_not_mapped"),
            (Kind::Kerberos, "kerberos"),
            (Kind::LicenceMissing, "licence_missing"),
            (Kind::UnknownDatabase, "unknown_database"),
            (Kind::Draining, "draining"),
            (Kind::TooManyConnections, "too_many_connections"),
            (Kind::Closed, "closed"),
            (Kind::Server, "server"),
            (Kind::Protocol, "protocol"),
            (Kind::Unsupported, "unsupported"),
        ] {
            assert_eq!(kind.as_str(), label);
        }
    }
}

#[cfg(test)]
mod told_once {
    use super::*;

    fn cause() -> std::io::Error {
        std::io::Error::other("the disk is full")
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
