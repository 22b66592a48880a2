//! libpq's six modes.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// libpq's six values of `sslmode`, with its meaning.
///
/// The default is [`VerifyFull`](Self::VerifyFull); libpq's is `prefer`, which protects from
/// nothing. Unix sockets never have TLS, whatever the mode.
///
/// In `verify-ca` and `verify-full` the server's certificate must be for servers (extended key usage) and for TLS (key usage),
/// be valid now, lead to a trusted root, and have no critical extension that is not known here. Beyond libpq it must not be that of an authority (CA:TRUE), be signed
/// with SHA-256 or better and come with an OCSP response if it demands one (must-staple); the response itself is not
/// checked: [revocation lists](crate::RevocationLists) are. A certificate that is itself one of the given roots needs no other
/// signature, see [`RootCertificates`](crate::RootCertificates).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// Without TLS; a second attempt with TLS where the server refuses the login without it.
    Allow,
    /// With TLS where the server offers it; a second attempt without where the handshake fails
    /// or the server refuses the login with it. Going on without TLS is reported to the
    /// [`Observer`](crate::Observer::without_tls); without an observer a warning is logged.
    Prefer,
    /// TLS, without checking who answers, unless root certificates are configured: then as
    /// [`VerifyCa`](Self::VerifyCa).
    Require,
    /// TLS, and the certificate must be signed by a trusted authority, for whatever name. The host may be spelled in any way
    /// that the system's resolver takes.
    VerifyCa,
    /// TLS, and the certificate must be signed by a trusted authority for the name of the host.
    ///
    /// The name is looked for among the certificate's subject alternative names only; a common
    /// name does not count (RFC 6125; libpq still falls back to it), except in a certificate without alternative names that is
    /// itself one of the given roots. An IPv4 address may be spelled in any way that `inet_aton` takes (`127.1`); it must be
    /// among the IP addresses of the certificate.
    #[default]
    VerifyFull,
}

impl SslMode {
    pub(crate) const NAMED: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// The spelling in connection strings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(_, mode)| *mode == self);
        named.map_or("", |(name, _)| name)
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SslMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::NAMED.iter().find(|(name, _)| *name == text);
        named.map(|(_, mode)| *mode).ok_or_else(|| {
            Error::config(format!(
                "sslmode {text:?} is none of disable, allow, prefer, require, verify-ca, \
                 verify-full"
            ))
        })
    }
}
