//! How deep a Parquet file's schema is nested, before a reader looks that goes down by recursion and would overflow its stack.
//!
//! A footer is a `FileMetaData` in Thrift's compact protocol (apache/parquet-format, src/main/thrift/parquet.thrift): field 2 is the list of
//! schema elements, depth first; of an element field 4 is the name and field 5 the number of children.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// Deeper than this nothing that can be loaded is: a list takes three levels.
const MOST_LEVELS: usize = 64;

/// Fields of Thrift within each other, deeper than Parquet's.
const MOST_FIELDS: usize = 16;

/// The column that is nested too deep, if there is one. What is no footer is left to the reader.
pub(super) fn too_deep(file: &mut File) -> std::io::Result<Option<String>> {
    let length = file.metadata()?.len();
    let mut trailer = [0; 8];
    if length < trailer.len() as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut trailer)?;
    let [a, b, c, d, ..] = trailer;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    let Some(start) = length.checked_sub(footer + trailer.len() as u64) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(footer).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(deep_column(&mut Compact(&bytes)).flatten())
}

/// The outer `None` is for what is no footer.
fn deep_column(footer: &mut Compact<'_>) -> Option<Option<String>> {
    let mut id = 0;
    loop {
        let kind = footer.field(&mut id)?;
        match (id, kind) {
            (_, STOP) => return None,
            (2, LIST) => break,
            _ => footer.skip(kind, MOST_FIELDS)?,
        }
    }
    let (count, kind) = footer.list()?;
    if kind != STRUCT {
        return None;
    }
    // How many children are still to come, from the root to the present element.
    let mut open: Vec<u64> = Vec::new();
    let mut column = String::new();
    for _ in 0..count {
        let (name, children) = footer.element()?;
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if open.len() == 1 {
            column = name;
        }
        if children > 0 {
            open.push(children);
        }
        if open.len() > MOST_LEVELS {
            return Some(Some(column));
        }
    }
    Some(None)
}

const STOP: u8 = 0;
const BYTE: u8 = 3;
const I32: u8 = 5;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// Bytes of the compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md).
struct Compact<'a>(&'a [u8]);

impl<'a> Compact<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The kind of the next field, whose number `id` becomes; [`STOP`] at the end of a struct.
    fn field(&mut self, id: &mut u64) -> Option<u8> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        if kind != STOP {
            *id = match head >> 4 {
                // A number in zigzag; those of Parquet are positive.
                0 => self.varint()? >> 1,
                delta => id.checked_add(delta.into())?,
            };
        }
        Some(kind)
    }

    /// The length of a list and the kind of its elements.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        Some((count, head & 0x0f))
    }

    /// The name of a schema element and how many children it has.
    fn element(&mut self) -> Option<(String, u64)> {
        let (mut name, mut children) = (String::new(), 0);
        let mut id = 0;
        loop {
            let kind = self.field(&mut id)?;
            match (id, kind) {
                (_, STOP) => return Some((name, children)),
                (4, BINARY) => {
                    let length = self.varint()?;
                    name = String::from_utf8_lossy(self.bytes(length)?).into_owned();
                }
                (5, I32) => children = self.varint()? >> 1,
                _ => self.skip(kind, MOST_FIELDS)?,
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // The value of a Boolean field is its kind.
            1 | 2 => {}
            BYTE => drop(self.byte()?),
            4..=6 => drop(self.varint()?),
            DOUBLE => drop(self.bytes(8)?),
            BINARY => {
                let length = self.varint()?;
                self.bytes(length)?;
            }
            LIST | SET => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.skip_element(kind, depth)?;
                }
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)?;
                }
            }
            STRUCT => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => break,
                        kind => self.skip(kind, depth)?,
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// An element of a list, whose Booleans have a byte of their own.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => self.byte().map(drop),
            kind => self.skip(kind, depth),
        }
    }
}
