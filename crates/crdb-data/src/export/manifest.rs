use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
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

    /// Compares every file beside the manifest with what it says: bytes, SHA-256, and for CSV and JSON lines the rows.
    ///
    /// It reads the files whole and blocks its thread.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] with the file and what differs; else as [`read`](Self::read).
    pub fn verify(path: &Path) -> Result<Self, Error> {
        let manifest = Self::read(path)?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let sum = |count: fn(&ManifestPart) -> u64| {
            manifest
                .parts
                .iter()
                .map(count)
                .fold(0, u64::saturating_add)
        };
        if sum(|part| part.rows) != manifest.rows || sum(|part| part.bytes) != manifest.bytes {
            return Err(mismatch(
                path,
                "the sums of the parts are not those of the whole",
            ));
        }
        for part in &manifest.parts {
            if Path::new(&part.file).file_name() != Some(part.file.as_ref()) {
                return Err(mismatch(
                    path,
                    &format!("{:?} is no name of a file beside it", part.file),
                ));
            }
            manifest.verify_part(part, &directory.join(&part.file))?;
        }
        Ok(manifest)
    }

    fn verify_part(&self, part: &ManifestPart, path: &Path) -> Result<(), Error> {
        let failed = |error| Error::io("verifying the file", path, error);
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes != part.bytes {
            return Err(mismatch(
                path,
                &format!("it has {bytes} bytes, its manifest says {}", part.bytes),
            ));
        }
        let mut hash = Sha256::new();
        let mut counted = RowCounter::default();
        let mut reader = BufReader::with_capacity(256 * 1024, file);
        loop {
            let piece = reader.fill_buf().map_err(failed)?;
            if piece.is_empty() {
                break;
            }
            hash.update(piece);
            counted.push(piece);
            let length = piece.len();
            reader.consume(length);
        }
        if hexadecimal(&hash.finalize()) != part.sha256 {
            return Err(mismatch(path, "its SHA-256 is not the one of its manifest"));
        }
        let rows = match self.format.as_str() {
            // An export of CSV has a header or none: either count is right.
            "csv" if counted.rows == part.rows + 1 => part.rows,
            "csv" | "jsonl" => counted.rows,
            _ => part.rows,
        };
        if rows != part.rows {
            return Err(mismatch(
                path,
                &format!("it has {rows} rows, its manifest says {}", part.rows),
            ));
        }
        Ok(())
    }
}

/// Counts ends of lines outside of quotes.
#[derive(Default)]
struct RowCounter {
    quoted: bool,
    rows: u64,
}

impl RowCounter {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'"' => self.quoted = !self.quoted,
                b'\n' if !self.quoted => self.rows += 1,
                _ => {}
            }
        }
    }
}

fn mismatch(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Mismatch, what)
        .in_file(path)
        .with_advice("export it again, or restore it from a copy")
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
