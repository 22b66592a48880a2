//! Reads certificates again when their files change.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;

use super::{RevocationLists, TlsClient, TlsConfig};
use crate::error::{Error, ErrorKind};

/// Keeps the [`TlsClient`] that fits the files as they are.
pub(crate) struct TlsSource {
    config: TlsConfig,
    paths: Vec<PathBuf>,
    current: Mutex<Option<Loaded>>,
}

#[derive(Clone)]
struct Loaded {
    stamps: Vec<Stamp>,
    client: TlsClient,
}

/// What changes about a file when it is replaced or rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl TlsSource {
    pub(crate) fn new(config: TlsConfig) -> Self {
        let mut paths = Vec::new();
        if let Some(roots) = config.effective_roots() {
            paths.extend(roots.paths());
        }
        if let Some(certificate) = config.certificate() {
            paths.extend(certificate.paths().map(PathBuf::from));
        }
        Self {
            config,
            paths,
            current: Mutex::new(None),
        }
    }

    /// The client when no file can have changed: nothing is read from files.
    pub(crate) fn settled(&self) -> Option<TlsClient> {
        if !self.paths.is_empty() || self.config.revocation().is_some() {
            return None;
        }
        self.current().map(|loaded| loaded.client)
    }

    /// When the client certificate that was read last ends.
    pub(crate) fn certificate_ends(&self) -> Option<SystemTime> {
        self.current()?.client.certificate_ends()
    }

    fn stamps(&self) -> Vec<Stamp> {
        // The files of a directory are looked for each time.
        let lists = self.config.revocation().map(RevocationLists::paths);
        let lists = lists.unwrap_or_default();
        self.paths.iter().chain(&lists).map(stamp).collect()
    }

    /// The client for the files as they are now. Blocking: looks at files, and reads them when
    /// they have changed.
    ///
    /// Files that cannot be read or do not fit together leave the previous client in use, and
    /// the reason is given beside it: a rotation replaces one file before the other.
    pub(crate) fn refresh(&self) -> Result<(TlsClient, Option<Error>), Error> {
        let stamps = self.stamps();
        let current = self.current();
        if let Some(loaded) = &current
            && loaded.stamps == stamps
        {
            return Ok((loaded.client.clone(), None));
        }
        match (TlsClient::load(&self.config), current) {
            (Ok(client), _) => {
                let loaded = Loaded {
                    stamps,
                    client: client.clone(),
                };
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
                Ok((client, None))
            }
            (Err(error), Some(loaded)) => {
                let error = Error::new(
                    ErrorKind::Credential,
                    format!("certificates changed and the previous ones stay in use: {error}"),
                );
                Ok((loaded.client, Some(error)))
            }
            (Err(error), None) => Err(error),
        }
    }

    fn current(&self) -> Option<Loaded> {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn stamp(path: &PathBuf) -> Stamp {
    let metadata = std::fs::metadata(path).ok();
    #[cfg(unix)]
    let inode = {
        use std::os::unix::fs::MetadataExt;
        metadata.as_ref().map_or(0, MetadataExt::ino)
    };
    #[cfg(not(unix))]
    let inode = 0;
    Stamp {
        modified: metadata
            .as_ref()
            .and_then(|metadata| metadata.modified().ok()),
        length: metadata.as_ref().map_or(0, std::fs::Metadata::len),
        inode,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::RootCertificates;

    fn certificate() -> String {
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
            .unwrap()
            .cert
            .pem()
    }

    #[test]
    fn a_replaced_file_is_read_and_a_broken_one_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.crt");
        let source = TlsSource::new(TlsConfig::new().roots(RootCertificates::file(&path)));
        assert!(source.refresh().is_err(), "no file yet, no previous client");

        std::fs::write(&path, certificate()).unwrap();
        assert!(source.refresh().unwrap().1.is_none());
        let first = source.current().unwrap().stamps;

        std::fs::write(&path, "half a certif").unwrap();
        let (_, complaint) = source.refresh().unwrap();
        assert!(complaint.unwrap().to_string().contains("previous ones"));

        std::fs::write(&path, certificate() + &certificate()).unwrap();
        assert!(source.refresh().unwrap().1.is_none());
        assert_ne!(source.current().unwrap().stamps, first);
    }
}
