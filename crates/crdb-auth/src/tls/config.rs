//! What TLS must hold.

use super::RootCertificates;

/// libpq's six values of `sslmode`, with its exact meaning.
///
/// The default is [`VerifyFull`](Self::VerifyFull); libpq's is `prefer`, which protects from
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// Without TLS; with TLS where the server refuses the login without it.
    Allow,
    /// TLS where the server offers it and it works, without otherwise.
    Prefer,
    /// TLS, without checking who answers, unless root certificates were configured: then as
    /// [`VerifyCa`](Self::VerifyCa).
    Require,
    /// TLS, and the certificate must be signed by a trusted authority, for whatever name.
    VerifyCa,
    /// TLS, and the certificate must be signed by a trusted authority for the name of the host.
    #[default]
    VerifyFull,
}

impl SslMode {
    /// The spelling in connection strings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl std::fmt::Display for SslMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for SslMode {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            other => {
                return Err(crate::Error::config(format!(
                    "sslmode {other:?} is none of disable, allow, prefer, require, verify-ca, verify-full"
                )));
            }
        })
    }
}

/// Whether and how TLS is used.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    pub(crate) mode: SslMode,
    pub(crate) roots: Option<RootCertificates>,
}

impl TlsConfig {
    /// verify-full against the system's root certificates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which `sslmode`; verify-full unless said otherwise.
    #[must_use]
    pub fn mode(mut self, mode: SslMode) -> Self {
        self.mode = mode;
        self
    }

    /// Which authorities are trusted; the system's unless said otherwise.
    #[must_use]
    pub fn roots(mut self, roots: RootCertificates) -> Self {
        self.roots = Some(roots);
        self
    }

    /// The mode with `require` raised to `verify-ca` where roots were configured, as libpq does.
    pub(crate) fn effective_mode(&self) -> SslMode {
        match (self.mode, &self.roots) {
            (SslMode::Require, Some(_)) => SslMode::VerifyCa,
            (mode, _) => mode,
        }
    }
}
