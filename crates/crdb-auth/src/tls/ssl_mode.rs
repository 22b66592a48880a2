//! libpq's six modes.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// libpq's six values of `sslmode`, with its exact meaning.
///
/// The default is [`VerifyFull`](Self::VerifyFull); libpq's is `prefer`, which protects from
/// nothing. Unix sockets never have TLS, whatever the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// Without TLS; a second attempt with TLS where the server refuses the login without it.
    Allow,
    /// With TLS where the server offers it; a second attempt without where the handshake fails
    /// or the server refuses the login with it.
    Prefer,
    /// TLS, without checking who answers, unless root certificates are configured: then as
    /// [`VerifyCa`](Self::VerifyCa).
    Require,
    /// TLS, and the certificate must be signed by a trusted authority, for whatever name.
    VerifyCa,
    /// TLS, and the certificate must be signed by a trusted authority for the name of the host.
    ///
    /// The name is looked for among the certificate's subject alternative names only; a common
    /// name does not count (RFC 6125; libpq still falls back to it).
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
