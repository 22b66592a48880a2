//! Which certificate authorities are trusted.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;

use super::pem;
use crate::error::{Error, ErrorKind};

/// Trusted authorities: the system's, those of PEM files, or both.
#[derive(Clone, Default)]
pub struct RootCertificates {
    system: bool,
    files: Vec<PathBuf>,
    pem: Vec<Vec<u8>>,
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

    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Reads them all. Blocking: reads files.
    pub(super) fn load(&self) -> Result<RootCertStore, Error> {
        let mut store = RootCertStore::empty();
        if self.system {
            let found = rustls_native_certs::load_native_certs();
            // Some systems ship certificates that webpki cannot read; the others still count.
            store.add_parsable_certificates(found.certs);
        }
        for path in &self.files {
            let pem = std::fs::read(path).map_err(|error| {
                Error::new(
                    ErrorKind::Credential,
                    format!("reading root certificates from {}: {error}", path.display()),
                )
                .with_source(error)
            })?;
            add_pem(&mut store, &pem, &path.display().to_string())?;
        }
        for pem in &self.pem {
            add_pem(&mut store, pem, "the given PEM")?;
        }
        if store.is_empty() {
            return Err(Error::new(
                ErrorKind::Credential,
                "no root certificate is configured or found on this system; \
                 give the file of the cluster's authority, for example ca.crt",
            ));
        }
        Ok(store)
    }
}

impl fmt::Debug for RootCertificates {
    /// Without the PEM in memory: a key may have been given in its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootCertificates")
            .field("system", &self.system)
            .field("files", &self.files)
            .field("in_memory", &self.pem.len())
            .finish()
    }
}

fn add_pem(store: &mut RootCertStore, pem: &[u8], place: &str) -> Result<(), Error> {
    for (index, certificate) in pem::certificates(pem, "root certificates", place)?
        .into_iter()
        .enumerate()
    {
        store.add(certificate).map_err(|_| {
            let why = format!(
                "certificate {} is not a readable X.509 certificate",
                index + 1
            );
            pem::unusable("root certificates", place, &why)
        })?;
    }
    Ok(())
}

impl<P: AsRef<Path>> From<P> for RootCertificates {
    /// The certificates of a PEM file.
    fn from(path: P) -> Self {
        Self::file(path.as_ref())
    }
}
