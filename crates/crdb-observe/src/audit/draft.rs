//! Lines that are to be written, and the state of the log once they are.

use chrono::{SecondsFormat, Utc};
use serde::Serialize;

use super::chain::{self, Mac, MacKey};
use super::error::{Error, ErrorKind};
use super::files;
use super::record::Record;
use super::tree::{Tree, leaf};

/// An entry as it is written, but for the hash.
#[derive(Serialize)]
struct Entry<'a> {
    number: u64,
    time: &'a str,
    #[serde(flatten)]
    record: &'a Record,
}

/// A batch of lines.
pub(super) struct Draft {
    pub(super) lines: Vec<u8>,
    pub(super) tree: Tree,
    pub(super) mac: Mac,
    line: Vec<u8>,
    time: String,
}

impl Draft {
    /// Begins a batch behind a log of this tree, whose last line has this hash.
    pub(super) fn new(tree: Tree, mac: Mac) -> Self {
        Self {
            lines: Vec::new(),
            tree,
            mac,
            line: Vec::new(),
            time: Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
        }
    }

    /// Adds an entry, and gives its number. One that is refused leaves the batch as it was.
    pub(super) fn add(&mut self, key: &MacKey, record: &Record) -> Result<u64, Error> {
        const LIMIT: usize = files::LONGEST - 128;
        self.line.clear();
        let number = self.tree.size();
        let entry = Entry {
            number,
            time: &self.time,
            record,
        };
        serde_json::to_writer(&mut self.line, &entry).map_err(|error| {
            Error::new(ErrorKind::Io, format!("an audit entry is no JSON: {error}"))
        })?;
        if self.line.len() > LIMIT {
            return Err(Error::new(
                ErrorKind::Io,
                format!(
                    "an audit entry has more than {LIMIT} bytes; record less of its parameters"
                ),
            ));
        }
        self.mac = chain::seal(key, &self.mac, &mut self.line);
        self.tree.push(leaf(&self.line));
        self.lines.extend_from_slice(&self.line);
        self.lines.push(b'\n');
        Ok(number)
    }
}
