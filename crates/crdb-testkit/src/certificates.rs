//! Certificates for tests: an authority made on the spot and what it signs.
//!
//! Keys are ECDSA P-256, certificates are valid from 1975 to 4096, where a test does not say otherwise, so that tests under a
//! shifted clock still pass.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::error::{Error, ErrorKind};

/// A certificate authority that exists in this process only.
///
/// Two authorities never share a key: a certificate from `Authority::new("other")` is the untrusted one of a test.
///
/// ```
/// use crdb_testkit::Authority;
///
/// let authority = Authority::new("test authority")?;
/// let server = authority.server(&["localhost", "127.0.0.1", "::1"])?;
/// assert!(server.certificate_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), crdb_testkit::Error>(())
/// ```
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

/// A certificate and its private key, both as PEM. The key does not print.
#[derive(Clone)]
pub struct Identity {
    certificate_pem: String,
    key_pem: String,
}

impl Authority {
    /// Makes a self-signed authority whose common name is `name`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when `name` cannot be a common name.
    pub fn new(name: &str) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(rejected)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let certificate = params.self_signed(&key).map_err(rejected)?;
        Ok(Self {
            certificate_pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority's own certificate: what a client puts into its root store.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Signs a server certificate for `hosts`, names or IP addresses. The first one is the common name too.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when a host is neither a DNS name nor an address.
    pub fn server(&self, hosts: &[&str]) -> Result<Identity, Error> {
        let name = hosts.first().copied().unwrap_or("server without a name");
        self.sign(name, hosts, &[ExtendedKeyUsagePurpose::ServerAuth], None)
    }

    /// Signs a client certificate whose common name is `user`, which is how PostgreSQL's `cert` and CockroachDB's
    /// `cert` method find the user.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when `user` cannot be a common name.
    pub fn client(&self, user: &str) -> Result<Identity, Error> {
        self.sign(user, &[], &[ExtendedKeyUsagePurpose::ClientAuth], None)
    }

    /// As [`client`](Self::client), with a certificate that ends in this time, a thousand years at most: for what warns of it.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn client_valid_for(&self, user: &str, valid: Duration) -> Result<Identity, Error> {
        /// What a certificate can say ends with the year 9999.
        const MOST: Duration = Duration::from_secs(1_000 * 365 * 24 * 60 * 60);

        let usages = [ExtendedKeyUsagePurpose::ClientAuth];
        let end = SystemTime::now().checked_add(valid.min(MOST));
        self.sign(user, &[], &usages, end)
    }

    /// Signs a certificate for a CockroachDB node: common name `node`, for serving and for calling other nodes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when a host is neither a DNS name nor an address.
    pub fn node(&self, hosts: &[&str]) -> Result<Identity, Error> {
        self.sign(
            "node",
            hosts,
            &[
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
            None,
        )
    }

    fn sign(
        &self,
        name: &str,
        hosts: &[&str],
        usages: &[ExtendedKeyUsagePurpose],
        end: Option<SystemTime>,
    ) -> Result<Identity, Error> {
        let key = KeyPair::generate().map_err(rejected)?;
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).map_err(rejected)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages.to_vec();
        params.use_authority_key_identifier_extension = true;
        if let Some(end) = end {
            params.not_after = end.into();
        }
        let certificate = params.signed_by(&key, &self.issuer).map_err(rejected)?;
        Ok(Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Identity {
    /// The certificate as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key as PKCS#8 PEM.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Writes `<name>.crt` and `<name>.key` (readable by the owner only) into `directory`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when a file cannot be written.
    pub fn write(&self, directory: &Path, name: &str) -> Result<(), Error> {
        write_file(
            &directory.join(format!("{name}.crt")),
            self.certificate_pem.as_bytes(),
            0o644,
        )?;
        write_file(
            &directory.join(format!("{name}.key")),
            self.key_pem.as_bytes(),
            0o600,
        )
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &"***")
            .finish_non_exhaustive()
    }
}

/// Creates `path` with `mode` from the first byte on, so that a key is never readable by others in between.
pub(crate) fn write_file(path: &Path, contents: &[u8], mode: u32) -> Result<(), Error> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(contents))
        .map_err(|source| Error::io("write", path, source))
}

fn rejected(source: rcgen::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "cannot make a certificate").with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_may_last_for_any_time() {
        let authority = Authority::new("an authority").unwrap();
        for years in [1, 10_000, 100_000_000] {
            let time = Duration::from_secs(years * 365 * 24 * 60 * 60);
            authority.client_valid_for("app", time).unwrap();
        }
        authority.client_valid_for("app", Duration::MAX).unwrap();
    }

    #[test]
    fn debug_shows_no_key() {
        let identity = Authority::new("a")
            .and_then(|authority| authority.client("u"))
            .unwrap();
        let key_line = identity.key_pem().lines().nth(1).unwrap();
        assert!(!format!("{identity:?}").contains(key_line));
    }

    #[test]
    fn a_host_that_is_no_name_is_refused() {
        let error = Authority::new("a")
            .unwrap()
            .server(&["bücher.example"])
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
