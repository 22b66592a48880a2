use std::path::Path;
#[cfg(feature = "object-store")]
use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(feature = "object-store")]
use super::object;
#[cfg(feature = "object-store")]
use super::verify::PartCheck;
use super::verify::verify_file;
use crate::error::{Error, ErrorKind};

/// What an export wrote: the file `manifest.json` of a directory, or `NAME.manifest.json` beside a file. It is written last, so files without
/// a manifest are of an export that did not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of this form: 1.
    pub version: u32,
    /// The table or the query.
    pub source: String,
    /// The format's name.
    pub format: String,
    /// The moment that all rows are of: the time of CockroachDB's `AS OF SYSTEM TIME`. PostgreSQL has none that could be read again.
    pub as_of: Option<String>,
    /// The columns in their order.
    pub columns: Vec<ManifestColumn>,
    /// The rows of all parts.
    pub rows: u64,
    /// The bytes of all parts.
    pub bytes: u64,
    /// The files, in the order of the key where there is one.
    pub parts: Vec<ManifestPart>,
}

/// A column of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the server names it.
    #[serde(rename = "type")]
    pub type_: String,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestPart {
    /// Its name, in the directory of the manifest.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], and [`ErrorKind::Input`] for a file that is no manifest.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read(path).map_err(|error| Error::io("reading the manifest", path, error))?;
        Self::parse(&text, path)
    }

    /// Reads `text`, which is of this file or object.
    pub(super) fn parse(text: &[u8], path: &Path) -> Result<Self, Error> {
        let manifest: Self = serde_json::from_slice(text).map_err(|error| {
            Error::new(ErrorKind::Input, "this is no manifest of an export")
                .in_file(path)
                .with_source(error)
        })?;
        if manifest.version != 1 {
            let message = format!(
                "the manifest has the version {}; this release knows 1",
                manifest.version
            );
            return Err(Error::new(ErrorKind::Input, message).in_file(path));
        }
        Ok(manifest)
    }

    /// Compares every file beside the manifest with what it says: bytes, SHA-256 and rows, which are counted in every format but one array
    /// of JSON.
    ///
    /// It reads the files whole and blocks its thread.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] with the file and what differs; else as [`read`](Self::read).
    pub fn verify(path: &Path) -> Result<Self, Error> {
        let manifest = Self::read(path)?;
        manifest.check(path)?;
        let directory = path.parent().unwrap_or(Path::new("."));
        for part in &manifest.parts {
            verify_file(&manifest.format, part, &directory.join(&part.file))?;
        }
        Ok(manifest)
    }

    /// Compares every object of an export with what its manifest says: bytes, SHA-256, and for CSV and JSON lines the rows. `prefix` is that of
    /// [`Destination::Objects`](super::Destination::Objects).
    ///
    /// Objects are read piece by piece, so memory stays flat.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] with the object and what differs, [`ErrorKind::Io`] for what the store does not give, and
    /// [`ErrorKind::Input`] for an object that is no manifest.
    ///
    /// # Cancel safety
    /// Nothing but reading is done.
    #[cfg(feature = "object-store")]
    pub async fn verify_objects(
        store: &Arc<dyn object_store::ObjectStore>,
        prefix: &str,
    ) -> Result<Self, Error> {
        let manifest = Self::read_object(store, prefix).await?;
        for part in &manifest.parts {
            let name = format!("{prefix}/{}", part.file);
            let mut check = PartCheck::new(&manifest.format);
            let mut pieces = object::open(store, &name).await?;
            while let Some(piece) = object::next_piece(&mut pieces, &name).await? {
                check.push(&piece);
            }
            check.finish(part, Path::new(&name))?;
        }
        Ok(manifest)
    }

    /// Reads the manifest of an export to an object store.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for what the store does not give, [`ErrorKind::Input`] for an object that is no manifest, and
    /// [`ErrorKind::Mismatch`] for one that contradicts itself.
    ///
    /// # Cancel safety
    /// Nothing but reading is done.
    #[cfg(feature = "object-store")]
    pub async fn read_object(
        store: &Arc<dyn object_store::ObjectStore>,
        prefix: &str,
    ) -> Result<Self, Error> {
        let name = format!("{prefix}/manifest.json");
        let mut text = Vec::new();
        let mut pieces = object::open(store, &name).await?;
        while let Some(piece) = object::next_piece(&mut pieces, &name).await? {
            text.extend_from_slice(&piece);
        }
        let manifest = Self::parse(&text, Path::new(&name))?;
        manifest.check(Path::new(&name))?;
        Ok(manifest)
    }

    /// Whether it agrees with itself, and names files beside it only.
    fn check(&self, path: &Path) -> Result<(), Error> {
        let sum = |count: fn(&ManifestPart) -> u64| {
            self.parts.iter().map(count).fold(0, u64::saturating_add)
        };
        if sum(|part| part.rows) != self.rows || sum(|part| part.bytes) != self.bytes {
            return Err(mismatch(
                path,
                "the sums of the parts are not those of the whole",
            ));
        }
        for part in &self.parts {
            if Path::new(&part.file).file_name() != Some(part.file.as_ref()) {
                return Err(mismatch(
                    path,
                    &format!("{:?} is no name of a file beside it", part.file),
                ));
            }
        }
        Ok(())
    }
}

pub(super) fn mismatch(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Mismatch, what)
        .in_file(path)
        .with_advice("export it again, or restore it from a copy")
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
