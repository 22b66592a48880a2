//! What a kind of error is about: the one classification, for every layer above.

use crate::ErrorKind;

/// What a failed login is about, and so where to look. Every [`ErrorKind`] is of one category.
///
/// Exhaustive on purpose: a layer above that matches on it knows every kind, also those of later releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCategory {
    /// The configuration, or a secret or certificate that it names.
    Configuration,
    /// The name of the host.
    Resolution,
    /// The way to the node, or the node itself.
    Unreachable,
    /// The node shuts down.
    Draining,
    /// The node's limit of connections.
    Overloaded,
    /// The deadline.
    Timeout,
    /// TLS.
    Tls,
    /// Who logs in, and the proof of it.
    Authentication,
    /// The database that was asked for.
    UnknownDatabase,
    /// Another refusal by the server.
    Server,
    /// The protocol: the server says what it may not say.
    Protocol,
    /// Something that the server does not have.
    Unsupported,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Config,
        Self::Credential,
        Self::Resolve,
        Self::Refused,
        Self::Network,
        Self::Timeout,
        Self::TlsUnavailable,
        Self::TlsUntrusted,
        Self::TlsHostName,
        Self::TlsCertificate,
        Self::Tls,
        Self::Authentication,
        Self::Downgrade,
        Self::NotPermitted,
        Self::KerberosNoTicket,
        Self::KerberosExpired,
        Self::KerberosClockSkew,
        Self::KerberosKdcUnreachable,
        Self::KerberosUnknownService,
        Self::KerberosRefused,
        Self::KerberosKeytab,
        Self::KerberosNotMapped,
        Self::Kerberos,
        Self::LicenceMissing,
        Self::UnknownDatabase,
        Self::Draining,
        Self::TooManyConnections,
        Self::Closed,
        Self::Server,
        Self::Protocol,
        Self::Unsupported,
    ];

    /// What an error of this kind is about.
    #[must_use]
    pub const fn category(self) -> ErrorCategory {
        match self {
            Self::Config | Self::Credential | Self::KerberosKeytab => ErrorCategory::Configuration,
            Self::Resolve => ErrorCategory::Resolution,
            Self::Refused | Self::Network | Self::Closed => ErrorCategory::Unreachable,
            Self::Draining => ErrorCategory::Draining,
            Self::TooManyConnections => ErrorCategory::Overloaded,
            Self::Timeout => ErrorCategory::Timeout,
            Self::TlsUnavailable
            | Self::TlsUntrusted
            | Self::TlsHostName
            | Self::TlsCertificate
            | Self::Tls => ErrorCategory::Tls,
            Self::Authentication
            | Self::Downgrade
            | Self::NotPermitted
            | Self::KerberosNoTicket
            | Self::KerberosExpired
            | Self::KerberosClockSkew
            | Self::KerberosKdcUnreachable
            | Self::KerberosUnknownService
            | Self::KerberosRefused
            | Self::KerberosNotMapped
            | Self::Kerberos
            | Self::LicenceMissing => ErrorCategory::Authentication,
            Self::UnknownDatabase => ErrorCategory::UnknownDatabase,
            Self::Server => ErrorCategory::Server,
            Self::Protocol => ErrorCategory::Protocol,
            Self::Unsupported => ErrorCategory::Unsupported,
        }
    }

    /// Whether the same login to the same node fails again until a person changes something. Asking again soon only locks
    /// accounts.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        match self.category() {
            ErrorCategory::Configuration
            | ErrorCategory::UnknownDatabase
            | ErrorCategory::Unsupported => true,
            // A handshake may fail for the way it takes; certificates do not mend themselves.
            ErrorCategory::Tls => !matches!(self, Self::Tls),
            // A KDC comes back, and what GSSAPI has no name for may be one that went away.
            ErrorCategory::Authentication => {
                !matches!(self, Self::KerberosKdcUnreachable | Self::Kerberos)
            }
            ErrorCategory::Resolution
            | ErrorCategory::Unreachable
            | ErrorCategory::Draining
            | ErrorCategory::Overloaded
            | ErrorCategory::Timeout
            | ErrorCategory::Server
            | ErrorCategory::Protocol => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_is_listed_once() {
        let names: HashSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
        // The discriminants count the kinds that there are: the last of the list is the last declared.
        for (index, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(ErrorKind::Unsupported as usize + 1, ErrorKind::ALL.len());
    }
}
