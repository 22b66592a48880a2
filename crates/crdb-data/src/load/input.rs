//! A file that is read once from its beginning to its end, and looked at again when it has been.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorKind, Place};

/// How many bytes are read at once.
const READ: usize = 256 * 1024;

/// How much of each end of a file is looked at to know it again.
const ENDS: u64 = 64 * 1024;

/// The longest row: a server reads messages of 16 MiB at most by default (`sql.conn.max_read_buffer_message_size`).
pub(crate) const LONGEST_ROW: usize = 15 << 20;

/// An open file with the part of it that has been read and not used.
pub(crate) struct Input {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    /// Where the unused part of the buffer begins.
    used: usize,
    /// The position of that in the file.
    position: u64,
    /// The line on which it begins.
    line: u64,
    ended: bool,
    length: u64,
    modified: Option<SystemTime>,
    fingerprint: String,
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::io("opening the file", path, source);
        let mut file = File::open(path).map_err(failed)?;
        match file.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(
                    Error::new(ErrorKind::Busy, "another process is writing the file")
                        .in_file(path)
                        .with_advice("wait until it has finished"),
                );
            }
            // A file system without locks.
            Err(TryLockError::Error(_)) => {}
        }
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::new(ErrorKind::Input, "this is a directory").in_file(path));
        }
        let length = metadata.len();
        let fingerprint = fingerprint(&mut file, length).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            buffer: Vec::new(),
            used: 0,
            position: 0,
            line: 1,
            ended: false,
            length,
            modified: metadata.modified().ok(),
            fingerprint,
            file,
        })
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same file once more, for a reader that finds its own way in it.
    #[cfg(feature = "arrow")]
    pub(crate) fn reopen(&self) -> Result<File, Error> {
        File::open(&self.path).map_err(|error| Error::io("opening the file", &self.path, error))
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// What tells this file from another one of the same name: its length, and a hash of both its ends.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What has been read and not used.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    pub(crate) fn is_last(&self) -> bool {
        self.ended
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Uses this many bytes, with so many ends of lines.
    pub(crate) fn advance(&mut self, bytes: usize, lines: u64) {
        self.used += bytes;
        self.position += bytes as u64;
        self.line += lines;
    }

    /// Reads on.
    pub(crate) fn fill(&mut self) -> Result<(), Error> {
        if self.rest().len() > LONGEST_ROW {
            return Err(self.wrong(
                "a row is longer than 15 MiB",
                "a quote may be missing before this line",
            ));
        }
        self.buffer.drain(..self.used);
        self.used = 0;
        let start = self.buffer.len();
        // A row that does not end is looked at again from its beginning each time: the pieces grow with it.
        let piece = READ.max(start);
        self.buffer.resize(start + piece, 0);
        let mut filled = start;
        while filled < self.buffer.len() {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            match self.file.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("reading the file", &self.path, error)),
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    /// An error at the present line.
    pub(crate) fn wrong(&self, what: &str, advice: &str) -> Error {
        Error::new(ErrorKind::Input, what)
            .at(Place {
                file: Some(self.path.clone()),
                line: Some(self.line),
                column: None,
            })
            .with_advice(advice)
    }

    /// Refuses a file that begins as another kind of file does.
    pub(crate) fn check_kind(&self, wanted: &str, json: bool) -> Result<(), Error> {
        let head = self.rest();
        let found = match head {
            [0x1f, 0x8b, ..] => "compressed by gzip",
            [0x28, 0xb5, 0x2f, 0xfd, ..] => "compressed by zstd",
            [b'P', b'K', 3, 4, ..] => "a ZIP archive, which a spreadsheet is too",
            [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow file",
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
            [0, ..] => "binary",
            _ if head.iter().take(1_024).any(|&byte| byte == 0) => "binary",
            _ => {
                let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
                let first = text.trim_ascii_start().first();
                match (json, first) {
                    (true, Some(b'[')) => "one array of JSON, not one object a line",
                    (true, Some(first)) if *first != b'{' => "no JSON",
                    (false, Some(b'{' | b'[')) => "JSON",
                    _ => return Ok(()),
                }
            }
        };
        Err(Error::new(
            ErrorKind::Input,
            format!("the file is {found}; {wanted} was expected"),
        )
        .in_file(&self.path)
        .with_advice("convert it, or name its format"))
    }

    /// Skips the byte order mark of UTF-8.
    pub(crate) fn skip_mark(&mut self) {
        if self.position == 0 && self.rest().starts_with(b"\xef\xbb\xbf") {
            self.advance(3, 0);
        }
    }

    /// Whether the file is still the one that was opened.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        let metadata = std::fs::metadata(&self.path)
            .map_err(|error| Error::io("looking at the file again", &self.path, error))?;
        if metadata.len() == self.length && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Changed,
            "the file changed while it was being read",
        )
        .in_file(&self.path)
        .with_advice("load it when it is complete, under another name of the load"))
    }
}

fn fingerprint(file: &mut File, length: u64) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut end = vec![0; usize::try_from(length.min(ENDS)).unwrap_or(0)];
    file.read_exact(&mut end)?;
    hash.update(&end);
    file.seek(SeekFrom::Start(length.saturating_sub(ENDS)))?;
    file.read_exact(&mut end)?;
    hash.update(&end);
    file.seek(SeekFrom::Start(0))?;
    let digest = hash.finalize();
    let mut text = format!("{length}:");
    for byte in digest.iter().take(16) {
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}
