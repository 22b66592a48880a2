//! What lies in the directory of a log: numbered files of lines, and checkpoints.
//!
//! | file | what |
//! | --- | --- |
//! | `audit-00000000000000000000.jsonl` | a header, then entries; the number is that of the first entry |
//! | `checkpoints.jsonl` | every checkpoint, one a line |
//! | `checkpoint` | the newest checkpoint, as a signed note |
//! | `lock` | locked by the process that writes |

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chain::{Mac, from_hex, hex};
use super::error::{Error, ErrorKind};
use super::tree::Tree;

/// The longest line that is read: no entry comes near it, and a file that is something else is not taken into memory.
pub(super) const LONGEST: usize = 1 << 20;

/// The first line of a file: what is needed to go on from it without the files before.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    /// The version of the format.
    pub(super) audit: u32,
    pub(super) origin: String,
    /// The number of the first entry.
    pub(super) first: u64,
    /// The hash of the last line of the file before.
    previous: String,
    /// The tree over all entries before.
    peaks: Vec<String>,
}

/// The version that is written and read.
const VERSION: u32 = 1;

impl Header {
    pub(super) fn new(origin: &str, tree: &Tree, previous: &Mac) -> Self {
        Self {
            audit: VERSION,
            origin: origin.to_owned(),
            first: tree.size(),
            previous: hex(previous),
            peaks: tree.peaks().iter().map(|peak| hex(peak)).collect(),
        }
    }

    /// Reads a header line; `None` when it is none of this version.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let header: Self = serde_json::from_slice(line).ok()?;
        (header.audit == VERSION).then_some(header)
    }

    pub(super) fn previous(&self) -> Option<Mac> {
        from_hex(self.previous.as_bytes())
    }

    pub(super) fn tree(&self) -> Option<Tree> {
        let peaks: Option<Vec<_>> = self
            .peaks
            .iter()
            .map(|peak| from_hex(peak.as_bytes()))
            .collect();
        Tree::from_peaks(self.first, peaks?)
    }
}

/// Where a file whose first entry has this number lies.
pub(super) fn entries(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("audit-{first:020}.jsonl"))
}

pub(super) fn checkpoints(directory: &Path) -> PathBuf {
    directory.join("checkpoints.jsonl")
}

pub(super) fn newest_checkpoint(directory: &Path) -> PathBuf {
    directory.join("checkpoint")
}

pub(super) fn lock(directory: &Path) -> PathBuf {
    directory.join("lock")
}

/// The files of entries, in order, each with the number in its name.
pub(super) fn list(directory: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let attempted = || format!("reading the audit log's directory {}", directory.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| Error::io(attempted(), error))? {
        let path = entry.map_err(|error| Error::io(attempted(), error))?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl"))
            .filter(|digits| digits.len() == 20)
            .and_then(|digits| digits.parse().ok());
        if let Some(number) = number {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

/// A line of a file, without its end.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// Whether the line end was there. Only the last line of a file can lack it.
    pub(super) whole: bool,
}

/// The lines of a file.
pub(super) struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path)
            .map_err(|error| Error::io(format!("opening {}", path.display()), error))?;
        Ok(Self {
            reader: BufReader::new(file),
            path: path.to_path_buf(),
        })
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Error> {
        let mut bytes = Vec::new();
        let limit = LONGEST as u64 + 1;
        let mut limited = std::io::Read::take(&mut self.reader, limit);
        limited
            .read_until(b'\n', &mut bytes)
            .map_err(|error| Error::io(format!("reading {}", self.path.display()), error))?;
        if bytes.len() > LONGEST {
            return Err(Error::new(
                ErrorKind::Damaged,
                format!(
                    "{}: a line has more than {LONGEST} bytes",
                    self.path.display()
                ),
            ));
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let whole = bytes.last() == Some(&b'\n');
        if whole {
            bytes.pop();
        }
        Ok(Some(Line { bytes, whole }))
    }
}
