//! Lines that are to be written, and the state of the log once they are.

use std::io::Write as _;

use super::chain::{self, Mac, MacKey};
use super::error::{Error, ErrorKind};
use super::files;
use super::tree::{Tree, leaf};

/// A batch of lines.
pub(super) struct Draft {
    pub(super) lines: Vec<u8>,
    pub(super) tree: Tree,
    pub(super) mac: Mac,
    time: String,
}

impl Draft {
    /// Begins a batch of this time behind a log of this tree, whose last line has this hash. Its lines take the place of what is in
    /// `lines`.
    pub(super) fn new(tree: Tree, mac: Mac, time: String, mut lines: Vec<u8>) -> Self {
        lines.clear();
        Self {
            lines,
            tree,
            mac,
            time,
        }
    }

    /// Adds an entry, whose record is this JSON object, and gives its number. One that is refused leaves the batch as it was.
    pub(super) fn add(&mut self, key: &MacKey, record: &[u8]) -> Result<u64, Error> {
        const LIMIT: usize = files::LONGEST - 128;
        let refused = |why: String| Error::new(ErrorKind::Io, why);
        let Some(members) = record.strip_prefix(b"{") else {
            return Err(refused("an audit entry is no JSON".to_owned()));
        };
        let number = self.tree.size();
        let start = self.lines.len();
        write!(self.lines, r#"{{"number":{number},"time":"{}","#, self.time)
            .map_err(|error| refused(format!("an audit entry is not written: {error}")))?;
        self.lines.extend_from_slice(members);
        if self.lines.len() - start > LIMIT {
            self.lines.truncate(start);
            return Err(refused(format!(
                "an audit entry has more than {LIMIT} bytes; record less of its parameters"
            )));
        }
        self.mac = chain::seal(key, &self.mac, &mut self.lines, start);
        self.tree
            .push(leaf(self.lines.get(start..).unwrap_or_default()));
        self.lines.push(b'\n');
        Ok(number)
    }
}
