//! The file of the rows that were not loaded.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::block::Reject;
use crate::error::{Error, ErrorKind};

/// CSV of `line,column,reason,row`. It is appended to, and is this process's alone while it is open.
pub(crate) struct RejectFile {
    path: PathBuf,
    file: File,
}

impl RejectFile {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::io("opening the reject file", path, source);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(Error::new(
                ErrorKind::Busy,
                "another load writes its rejects to this file",
            )
            .in_file(path)
            .with_advice("name another file"));
        }
        if file.metadata().map_err(failed)?.len() == 0 {
            file.write_all(b"line,column,reason,row\n")
                .map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Writes the rejects of a block, and waits until the disk has them: they are to be there when the block is committed.
    pub(crate) fn write(&mut self, rejects: &[Reject]) -> Result<(), Error> {
        let mut lines = Vec::new();
        for reject in rejects {
            let line = reject.place.line.unwrap_or_default();
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b',');
            quote(
                reject
                    .place
                    .column
                    .as_deref()
                    .unwrap_or_default()
                    .as_bytes(),
                &mut lines,
            );
            lines.push(b',');
            quote(reject.reason.as_bytes(), &mut lines);
            lines.push(b',');
            quote(reject.row.trim_ascii_end(), &mut lines);
            lines.push(b'\n');
        }
        let written = self
            .file
            .write_all(&lines)
            .and_then(|()| match self.file.sync_data() {
                // `fsync` of a device or a pipe.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
                synced => synced,
            });
        written.map_err(|source| Error::io("writing the reject file", &self.path, source))
    }
}

fn quote(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in value {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
