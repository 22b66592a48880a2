//! The certificate by which the client shows who it is.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::pem;
use crate::error::{Error, ErrorKind};
use crate::file_name::{shown, shown_secret};
use crate::secret::Secret;
use crate::secret_file;

/// A client certificate with its private key, both PEM: PKCS #8, PKCS #1 or SEC 1, unencrypted.
///
/// Given as files it is read again when one of them changes, so that a rotated certificate is
/// used by the next connection. While the two do not fit together, as in the middle of a rotation,
/// the previous pair stays in use.
#[derive(Clone)]
pub struct ClientCertificate {
    place: Place,
}

#[derive(Clone)]
enum Place {
    Files { certificate: PathBuf, key: PathBuf },
    Memory { certificate: Vec<u8>, key: Secret },
}

impl ClientCertificate {
    /// A file with the certificate (and the authorities between it and the root), and one with
    /// the key. The same modes are accepted for the key's file as for [`Password::file`](crate::Password::file); libpq
    /// demands them too.
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::Files {
                certificate: certificate.into(),
                key: key.into(),
            },
        }
    }

    /// PEM in memory.
    pub fn pem(certificate: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        Self {
            place: Place::Memory {
                certificate: certificate.into(),
                key: key.into(),
            },
        }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let paths = match &self.place {
            Place::Files { certificate, key } => [Some(certificate.as_path()), Some(key.as_path())],
            Place::Memory { .. } => [None, None],
        };
        paths.into_iter().flatten()
    }

    /// Blocking: reads files.
    pub(crate) fn load(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
        let (certificate, key, certificate_place, key_place) = match &self.place {
            Place::Files { certificate, key } => {
                let secret = secret_file::read(key).map_err(|unusable| {
                    unusable.into_error(ErrorKind::Credential, "client key", key)
                })?;
                (
                    read("client certificate", certificate)?,
                    secret,
                    shown(certificate).to_string(),
                    shown_secret(key).to_string(),
                )
            }
            Place::Memory { certificate, key } => (
                certificate.clone(),
                key.clone(),
                "the given PEM".to_owned(),
                "the given PEM".to_owned(),
            ),
        };
        let chain = pem::certificates(&certificate, "client certificate", &certificate_place)?;
        let key = pem::private_key(key.expose(), "client key", &key_place)?;
        Ok((chain, key))
    }
}

impl ClientCertificate {
    /// Why rustls does not take the pair, by the kind of its error only: the error has read the key.
    pub(super) fn unusable(&self, error: &rustls::Error) -> Error {
        let (certificate, key) = match &self.place {
            Place::Files { certificate, key } => (
                shown(certificate).to_string(),
                shown_secret(key).to_string(),
            ),
            Place::Memory { .. } => ("the given PEM".to_owned(), "the given PEM".to_owned()),
        };
        match error {
            rustls::Error::InconsistentKeys(_) => unusable(format!(
                "the client certificate in {certificate} and the key in {key} do not belong together"
            )),
            rustls::Error::InvalidCertificate(_) => pem::unusable(
                "client certificate",
                &certificate,
                "it is not a readable X.509 certificate of version 3",
            ),
            _ => pem::unusable(
                "client key",
                &key,
                "it is damaged, or not one of RSA with 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, and Ed25519",
            ),
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Files { certificate, key } => f
                .debug_struct("ClientCertificate")
                .field("certificate", &shown(certificate))
                .field("key", &shown_secret(key))
                .finish(),
            Place::Memory { .. } => f.write_str("ClientCertificate(***)"),
        }
    }
}

fn unusable(message: String) -> Error {
    Error::new(ErrorKind::Credential, message)
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        unusable(format!("reading the {what} from {}: {error}", shown(path))).with_source(error)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("c"), directory.path().join("k"));
        let pair = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
        std::fs::write(&certificate, pair.cert.pem()).unwrap();
        std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        let load = || ClientCertificate::files(&certificate, &key).load();
        let mode = |mode| std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();

        mode(0o600);
        assert_eq!(load().unwrap().0.len(), 1);
        mode(0o604);
        let error = load().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
        assert!(error.to_string().contains("chmod 0600"), "{error}");
    }

    #[test]
    fn what_is_no_certificate_or_key_is_named() {
        let error = ClientCertificate::pem("", "").load().unwrap_err();
        assert!(error.to_string().contains("client certificate"), "{error}");
        let pair = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
        let error = ClientCertificate::pem(pair.cert.pem(), "nonsense")
            .load()
            .unwrap_err();
        assert!(error.to_string().contains("client key"), "{error}");
        assert!(!error.to_string().contains("nonsense"));
    }
}
