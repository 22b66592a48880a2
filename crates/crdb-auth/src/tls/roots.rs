//! Which certificate authorities are trusted.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use super::pem;
use crate::error::{Error, ErrorKind};
use crate::file_name::shown;

/// Trusted authorities: the system's, those of PEM files, or both.
///
/// Files, and on Unix but macOS the files and directories of the system's store, are read again when they change. A server
/// whose certificate is, byte for byte, one of a file or of PEM in memory is trusted without a signature, as libpq does:
/// PostgreSQL's recipe for a self-signed certificate, and one of X.509 version 1, work so. Its validity is checked, and in
/// verify-full its name; where it has no subject alternative names, its common name counts.
#[derive(Clone, Default)]
pub struct RootCertificates {
    system: bool,
    files: Vec<PathBuf>,
    pem: Vec<Vec<u8>>,
}

/// Root certificates, read.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) anchors: RootCertStore,
    /// Those that were given one by one, not as the system's.
    pub(super) given: Vec<CertificateDer<'static>>,
}

impl RootCertificates {
    /// The system's trust store (`SSL_CERT_FILE` and `SSL_CERT_DIR` override where it is).
    #[must_use]
    pub fn system() -> Self {
        Self {
            system: true,
            ..Self::default()
        }
    }

    /// The certificates of a PEM file, CockroachDB's `ca.crt` for example.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::default().and_file(path)
    }

    /// Certificates in PEM, in memory.
    pub fn pem(pem: impl Into<Vec<u8>>) -> Self {
        Self {
            pem: vec![pem.into()],
            ..Self::default()
        }
    }

    /// The system's as well.
    #[must_use]
    pub fn and_system(mut self) -> Self {
        self.system = true;
        self
    }

    /// Those of a PEM file as well.
    #[must_use]
    pub fn and_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    pub(super) fn has_system(&self) -> bool {
        self.system
    }

    /// The files and directories whose change means that the certificates have changed. Of a directory of the system's, a
    /// file that comes or goes counts.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let mut paths = self.files.clone();
        if self.system {
            paths.extend(system_paths());
        }
        paths
    }

    /// Reads them all. Blocking: reads files.
    pub(super) fn load(&self) -> Result<Trust, Error> {
        let mut trust = Trust {
            anchors: RootCertStore::empty(),
            given: Vec::new(),
        };
        if self.system {
            let found = rustls_native_certs::load_native_certs();
            // Some systems ship certificates that webpki cannot read; the others still count.
            trust.anchors.add_parsable_certificates(found.certs);
        }
        for path in &self.files {
            let pem = std::fs::read(path).map_err(|error| {
                Error::new(
                    ErrorKind::Credential,
                    format!("reading root certificates from {}: {error}", shown(path)),
                )
                .with_source(error)
            })?;
            trust.add(&pem, &shown(path).to_string())?;
        }
        for pem in &self.pem {
            trust.add(pem, "the given PEM")?;
        }
        if trust.anchors.is_empty() {
            return Err(Error::new(
                ErrorKind::Credential,
                "no root certificate is configured or found on this system; \
                 give the file of the cluster's authority, for example ca.crt",
            ));
        }
        Ok(trust)
    }
}

impl Trust {
    fn add(&mut self, pem: &[u8], place: &str) -> Result<(), Error> {
        let certificates = pem::certificates(pem, "root certificates", place)?;
        for (index, certificate) in certificates.into_iter().enumerate() {
            self.anchors.add(certificate.clone()).map_err(|_| {
                let why = format!(
                    "certificate {} is not a readable X.509 certificate",
                    index + 1
                );
                pem::unusable("root certificates", place, &why)
            })?;
            self.given.push(certificate);
        }
        Ok(())
    }
}

/// Where `rustls_native_certs` looks.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn system_paths() -> Vec<PathBuf> {
    let found = openssl_probe::probe();
    found.cert_file.into_iter().chain(found.cert_dir).collect()
}

/// A key store has no files to look at.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn system_paths() -> Vec<PathBuf> {
    Vec::new()
}

impl fmt::Debug for RootCertificates {
    /// Without the PEM in memory: a key may have been given in its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootCertificates")
            .field("system", &self.system)
            .field("files", &self.files.iter().map(shown).collect::<Vec<_>>())
            .field("in_memory", &self.pem.len())
            .finish()
    }
}

impl<P: AsRef<Path>> From<P> for RootCertificates {
    /// The certificates of a PEM file.
    fn from(path: P) -> Self {
        Self::file(path.as_ref())
    }
}
