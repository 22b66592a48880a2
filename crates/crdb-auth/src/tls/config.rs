//! Whether and how TLS is used.

use super::{ClientCertificate, RevocationLists, RootCertificates, SslMode};
use crate::error::Error;

/// How TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TlsNegotiation {
    /// The client asks with an SSLRequest first. Every server understands it.
    #[default]
    Postgres,
    /// TLS from the first byte, one round trip less, with the ALPN name `postgresql` required.
    /// PostgreSQL 17 and later, and balancers that terminate TLS; CockroachDB does not.
    Direct,
}

/// The oldest TLS version accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Whether and how TLS is used.
///
/// ```
/// use crdb_auth::{ClientCertificate, RootCertificates, SslMode, TlsConfig};
///
/// let tls = TlsConfig::new() // verify-full
///     .roots(RootCertificates::file("certs/ca.crt"))
///     .client_certificate(ClientCertificate::files("certs/client.app.crt", "certs/client.app.key"));
/// assert_eq!(tls.effective_mode(), SslMode::VerifyFull);
/// ```
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    mode: SslMode,
    roots: Option<RootCertificates>,
    revocation: Option<RevocationLists>,
    client_certificate: Option<ClientCertificate>,
    negotiation: TlsNegotiation,
    min_version: TlsVersion,
    without_sni: bool,
}

impl TlsConfig {
    /// Starts from the defaults: verify-full against the system's root certificates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns TLS off, for a server on this machine. The same as `mode(SslMode::Disable)`.
    #[must_use]
    pub fn disabled() -> Self {
        Self::default().mode(SslMode::Disable)
    }

    /// Sets the `sslmode`. Default: verify-full.
    #[must_use]
    pub fn mode(mut self, mode: SslMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the trusted authorities. Default: the system's.
    #[must_use]
    pub fn roots(mut self, roots: RootCertificates) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Sets certificate revocation lists. Default: none, and nothing is checked for revocation.
    #[must_use]
    pub fn revocation_lists(mut self, lists: RevocationLists) -> Self {
        self.revocation = Some(lists);
        self
    }

    /// Sets the certificate to present when the server asks for one. Default: none.
    #[must_use]
    pub fn client_certificate(mut self, certificate: ClientCertificate) -> Self {
        self.client_certificate = Some(certificate);
        self
    }

    /// Sets how TLS begins. Default: with an SSLRequest.
    #[must_use]
    pub fn negotiation(mut self, negotiation: TlsNegotiation) -> Self {
        self.negotiation = negotiation;
        self
    }

    /// Sets the oldest TLS version that is accepted. Default: 1.2.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min_version = version;
        self
    }

    /// Sets whether the host name is sent in clear at the start of the handshake (SNI), by which
    /// CockroachDB Cloud routes. Default: it is sent.
    #[must_use]
    pub fn sni(mut self, send: bool) -> Self {
        self.without_sni = !send;
        self
    }

    /// Returns the mode that is in effect: `require` becomes `verify-ca` where roots are configured, as libpq
    /// does "for backward compatibility".
    #[must_use]
    pub fn effective_mode(&self) -> SslMode {
        match (self.mode, &self.roots) {
            (SslMode::Require, Some(_)) => SslMode::VerifyCa,
            (mode, _) => mode,
        }
    }

    /// The authorities to check against, where the mode checks at all.
    pub(super) fn effective_roots(&self) -> Option<RootCertificates> {
        (self.effective_mode() >= SslMode::VerifyCa)
            .then(|| self.roots.clone().unwrap_or_else(RootCertificates::system))
    }

    pub(super) fn revocation(&self) -> Option<&RevocationLists> {
        self.revocation.as_ref()
    }

    pub(super) fn certificate(&self) -> Option<&ClientCertificate> {
        self.client_certificate.as_ref()
    }

    pub(crate) fn negotiates(&self) -> TlsNegotiation {
        self.negotiation
    }

    pub(super) fn oldest(&self) -> TlsVersion {
        self.min_version
    }

    pub(super) fn sends_sni(&self) -> bool {
        !self.without_sni
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.negotiation == TlsNegotiation::Direct && self.mode < SslMode::Require {
            return Err(Error::config(format!(
                "direct TLS cannot be combined with sslmode={}, which may go on without TLS: \
                 use require, verify-ca or verify-full",
                self.mode
            )));
        }
        if self.revocation.is_some() && self.effective_mode() < SslMode::VerifyCa {
            return Err(Error::config(format!(
                "revocation lists (sslcrl, sslcrldir) with sslmode={} would check nothing: use verify-ca or verify-full",
                self.mode
            )));
        }
        let system = self
            .roots
            .as_ref()
            .is_some_and(RootCertificates::has_system);
        if system && matches!(self.mode, SslMode::Require | SslMode::VerifyCa) {
            return Err(Error::config(format!(
                "the system's root certificates with sslmode={} would accept the certificate of \
                 any public authority for any name: use verify-full",
                self.mode
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn require_with_roots_is_verify_ca() {
        let mode = |tls: TlsConfig| tls.effective_mode();
        assert_eq!(mode(TlsConfig::new()), SslMode::VerifyFull);
        let require = TlsConfig::new().mode(SslMode::Require);
        assert_eq!(mode(require.clone()), SslMode::Require);
        assert_eq!(
            mode(require.roots(RootCertificates::file("ca.crt"))),
            SslMode::VerifyCa
        );
    }

    #[test]
    fn combinations_that_promise_what_they_do_not_hold_are_refused() {
        let prefer = TlsConfig::new().mode(SslMode::Prefer);
        assert!(prefer.negotiation(TlsNegotiation::Direct).check().is_err());
        let ca = TlsConfig::new().mode(SslMode::VerifyCa);
        assert!(
            ca.clone()
                .roots(RootCertificates::system())
                .check()
                .is_err()
        );
        assert!(ca.roots(RootCertificates::file("ca.crt")).check().is_ok());
    }
}
