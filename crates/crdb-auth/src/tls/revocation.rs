//! Which certificates are revoked.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::pem;
use crate::der::{INTEGER, SEQUENCE, element, time_element};
use crate::error::{Error, ErrorKind};
use crate::file_name::shown;

/// Certificate revocation lists (CRLs) in PEM: libpq's `sslcrl` and `sslcrldir`.
///
/// Once there is one, every certificate of a server's chain but the root must be covered by a list of its issuer that is
/// not overdue, and be in none: what cannot be checked is refused, as OpenSSL does for libpq
/// (`X509_V_FLAG_CRL_CHECK_ALL`). A list is of version 2 and neither a delta nor indirect. Files and directories are read
/// again when they change.
///
/// They count in the modes that check certificates, verify-ca and verify-full; other modes refuse them. A server's
/// certificate that is itself one of the roots cannot be checked for revocation and is refused beside a list.
#[derive(Clone, Default)]
pub struct RevocationLists {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
    pem: Vec<Vec<u8>>,
}

impl RevocationLists {
    /// The lists of a PEM file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::default().and_file(path)
    }

    /// The lists of all PEM files of a directory, whatever their names (libpq reads those that `openssl rehash` names). Files
    /// without a list, subdirectories, and names that begin with a dot are passed over.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self::default().and_directory(path)
    }

    /// Lists in PEM, in memory.
    pub fn pem(pem: impl Into<Vec<u8>>) -> Self {
        Self {
            pem: vec![pem.into()],
            ..Self::default()
        }
    }

    /// Those of a PEM file as well.
    #[must_use]
    pub fn and_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// Those of a directory as well.
    #[must_use]
    pub fn and_directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directories.push(path.into());
        self
    }

    /// The files as they are now, those of the directories among them, and the directories. Blocking.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let mut paths = self.files.clone();
        for directory in &self.directories {
            paths.push(directory.clone());
            paths.extend(entries(directory).unwrap_or_default());
        }
        paths
    }

    /// Reads them all, at least one. Blocking: reads files.
    ///
    /// The newest comes first: of several lists of an authority webpki takes the first.
    pub(super) fn load(&self) -> Result<Vec<CertRevocationList<'static>>, Error> {
        let mut lists = Vec::new();
        for path in &self.files {
            let place = shown(&path).to_string();
            add(&mut lists, &read(path)?, &place)?;
        }
        for directory in &self.directories {
            let before = lists.len();
            for path in entries(directory).map_err(|error| unreadable(directory, error))? {
                let pem = read(&path)?;
                if pem.windows(MARK.len()).any(|window| window == MARK) {
                    add(&mut lists, &pem, &shown(&path).to_string())?;
                }
            }
            if lists.len() == before {
                return Err(pem::unusable(
                    "revocation lists",
                    &shown(directory).to_string(),
                    "no file there has a line -----BEGIN X509 CRL-----",
                ));
            }
        }
        for pem in &self.pem {
            add(&mut lists, pem, "the given PEM")?;
        }
        lists.sort_by_key(|(issued, _)| std::cmp::Reverse(*issued));
        Ok(lists.into_iter().map(|(_, list)| list).collect())
    }
}

const MARK: &[u8] = b"-----BEGIN X509 CRL-----";

/// The files of a directory, in the order of their names.
fn entries(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_name().as_encoded_bytes().starts_with(b".") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Credential,
        format!("reading revocation lists from {}: {error}", shown(&path)),
    )
    .with_source(error)
}

fn add(
    lists: &mut Vec<(SystemTime, CertRevocationList<'static>)>,
    pem: &[u8],
    place: &str,
) -> Result<(), Error> {
    for (index, list) in pem::revocation_lists(pem, place)?.into_iter().enumerate() {
        let read = OwnedCertRevocationList::from_der(&list).ok();
        let (issued, read) = this_update(&list).zip(read).ok_or_else(|| {
            let why = format!(
                "list {} is not a readable X.509 revocation list of version 2, or it is a delta or an indirect one",
                index + 1
            );
            pem::unusable("revocation lists", place, &why)
        })?;
        lists.push((issued, read.into()));
    }
    Ok(())
}

/// When a list was issued (RFC 5280, 5.1.2.4).
fn this_update(list: &[u8]) -> Option<SystemTime> {
    let (list, _) = element(list, SEQUENCE)?;
    let (body, _) = element(list, SEQUENCE)?;
    let body = element(body, INTEGER).map_or(body, |(_version, rest)| rest);
    let (_algorithm, body) = element(body, SEQUENCE)?;
    let (_issuer, body) = element(body, SEQUENCE)?;
    Some(time_element(body)?.0)
}

impl fmt::Debug for RevocationLists {
    /// Without the PEM in memory: a key may have been given in its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationLists")
            .field("files", &self.files.iter().map(shown).collect::<Vec<_>>())
            .field(
                "directories",
                &self.directories.iter().map(shown).collect::<Vec<_>>(),
            )
            .field("in_memory", &self.pem.len())
            .finish()
    }
}
