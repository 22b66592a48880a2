//! Lines that are to be written, and the state of the log once they are.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
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

/// How many bytes of each buffer are kept for the next batch.
const KEPT: usize = 64 << 10;

/// A batch of lines. Its buffers are kept for the next one, up to a size.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) lines: Vec<u8>,
    pub(super) tree: Tree,
    pub(super) mac: Mac,
    line: Vec<u8>,
    time: Timestamp,
}

impl Draft {
    /// Begins a batch behind a log of this tree, whose last line has this hash.
    pub(super) fn begin(&mut self, tree: &Tree, mac: Mac) {
        self.lines.clear();
        self.lines.shrink_to(KEPT);
        self.tree.copy_from(tree);
        self.mac = mac;
        self.time.set(Utc::now());
    }

    /// Adds an entry, and gives its number. One that is refused leaves the batch as it was.
    pub(super) fn add(&mut self, key: &MacKey, record: &Record) -> Result<u64, Error> {
        const LIMIT: usize = files::LONGEST - 128;
        self.line.clear();
        self.line.shrink_to(KEPT);
        let number = self.tree.size();
        let entry = Entry {
            number,
            time: &self.time.text,
            record,
        };
        serde_json::to_writer(&mut self.line, &entry).map_err(|error| {
            Error::new(ErrorKind::Io, format!("an audit entry is no JSON: {error}"))
        })?;
        if self.line.len() > LIMIT {
            self.line = Vec::new();
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

/// A time in RFC 3339 with microseconds. What stands before them is written out once a second.
#[derive(Default)]
struct Timestamp {
    text: String,
    second: Option<i64>,
}

impl Timestamp {
    /// The bytes of `2026-11-30T13:20:00.`.
    const SECONDS: usize = 20;

    fn set(&mut self, time: DateTime<Utc>) {
        let second = time.timestamp();
        if self.second == Some(second) {
            self.text.truncate(Self::SECONDS);
        } else {
            self.text = time.format("%Y-%m-%dT%H:%M:%S.").to_string();
            // A year of five digits is longer, and is written out each time.
            self.second = (self.text.len() == Self::SECONDS).then_some(second);
        }
        let written = write!(self.text, "{:06}Z", time.timestamp_subsec_micros());
        debug_assert!(written.is_ok(), "a string takes what is written to it");
    }
}

#[cfg(test)]
mod tests {
    use chrono::{SecondsFormat, TimeDelta};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_reads_as_chrono_writes_it(
            begin in 0..4_000_000_000_i64,
            steps in prop::collection::vec(0..3_000_000_i64, 1..20),
        ) {
            let mut stamp = Timestamp::default();
            let mut time = DateTime::from_timestamp(begin, 0).unwrap();
            for step in steps {
                time += TimeDelta::microseconds(step);
                stamp.set(time);
                prop_assert_eq!(&stamp.text, &time.to_rfc3339_opts(SecondsFormat::Micros, true));
            }
        }
    }
}
