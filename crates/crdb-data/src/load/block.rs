//! Rows of an input on their way to the server.

use super::reader::Limits;
use crate::checkpoint::Span;
use crate::error::Place;

/// How the rows of a block are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowForm {
    /// CSV with this delimiter.
    Csv(u8),
    /// COPY's text format.
    Text,
    /// COPY's binary format.
    Binary,
}

/// A row that will not be loaded, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) place: Place,
    pub(crate) reason: String,
    /// The row as it stood.
    pub(crate) row: Vec<u8>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The line on which it begins, or its number.
    pub(crate) line: u64,
    /// Its position in the input.
    pub(crate) start: u64,
    /// Where it begins in the block's data.
    pub(crate) offset: usize,
}

/// Rows that are loaded together or not at all. It is kept until the server has said which.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The part of the input that it stands for: bytes of a file, rows of a stream.
    pub(crate) start: u64,
    pub(crate) finish: u64,
    /// Its rows, one behind the other, each with its end of a line.
    pub(crate) data: Vec<u8>,
    pub(crate) marks: Vec<Mark>,
    /// Rows of the same part that are bad by themselves.
    pub(crate) rejects: Vec<Reject>,
    /// The bytes of those that were read as bad, as long as rows are added.
    rejected_bytes: usize,
    /// How many of them the reject file has.
    pub(crate) kept: usize,
}

impl Block {
    pub(crate) fn new(start: u64) -> Self {
        Self {
            start,
            finish: start,
            data: Vec::new(),
            marks: Vec::new(),
            rejects: Vec::new(),
            rejected_bytes: 0,
            kept: 0,
        }
    }

    /// Whether it stands for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.rejects.is_empty()
    }

    pub(crate) fn rows(&self) -> usize {
        self.marks.len()
    }

    /// Whether a further row, of so many bytes, belongs into the next block. Bad rows count as others do: they are in memory too,
    /// and are told once their block is full.
    pub(crate) fn is_full(&self, further: usize, limits: Limits) -> bool {
        self.data.len() + self.rejected_bytes + further > limits.bytes
            || self.marks.len() + self.rejects.len() >= limits.rows
    }

    /// Notes a row that is bad by itself.
    pub(crate) fn add_reject(&mut self, reject: Reject) {
        self.rejected_bytes += reject.row.len();
        self.rejects.push(reject);
    }

    /// What is noted of it.
    pub(crate) fn span(&self) -> Span {
        Span {
            start: self.start,
            finish: self.finish,
            rows: self.marks.len() as u64,
            rejected: self.rejects.len() as u64,
        }
    }

    /// The bytes of the rows from `from` to before `to`.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &[u8] {
        let offset = |index: usize| {
            self.marks
                .get(index)
                .map_or(self.data.len(), |mark| mark.offset)
        };
        self.data.get(offset(from)..offset(to)).unwrap_or_default()
    }

    /// Each row's bytes.
    pub(crate) fn each(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.rows()).map(|index| self.slice(index, index + 1))
    }

    /// Takes a row out and gives it as a reject.
    pub(crate) fn reject(&mut self, index: usize, column: Option<String>, reason: String) {
        let row = self.slice(index, index + 1).to_vec();
        if index >= self.marks.len() {
            return;
        }
        let mark = self.marks.remove(index);
        self.data.drain(mark.offset..mark.offset + row.len());
        for later in self.marks.iter_mut().skip(index) {
            later.offset -= row.len();
        }
        let mut place = Place::line(mark.line);
        place.column = column;
        self.rejects.push(Reject { place, reason, row });
    }

    /// Divides it in the middle, its rejects having been kept; `None` for one row and less.
    pub(crate) fn halve(&self) -> Option<(Self, Self)> {
        let middle = self.rows() / 2;
        let mark = *self.marks.get(middle).filter(|_| middle > 0)?;
        let (early, late): (Vec<_>, Vec<_>) = self
            .rejects
            .iter()
            .cloned()
            .partition(|reject| reject.place.line < Some(mark.line));
        let first = Self {
            start: self.start,
            finish: mark.start,
            data: self.slice(0, middle).to_vec(),
            marks: self.marks.iter().take(middle).copied().collect(),
            kept: early.len(),
            rejects: early,
            rejected_bytes: 0,
        };
        let second = Self {
            start: mark.start,
            finish: self.finish,
            data: self.slice(middle, self.rows()).to_vec(),
            marks: self
                .marks
                .iter()
                .skip(middle)
                .map(|later| Mark {
                    offset: later.offset - mark.offset,
                    ..*later
                })
                .collect(),
            kept: late.len(),
            rejects: late,
            rejected_bytes: 0,
        };
        Some((first, second))
    }
}

/// Appends a field of COPY's text format; `None` is NULL.
///
/// PostgreSQL's manual (COPY, "Text Format") names what must be escaped: the backslash, the line's two ends, and the delimiter.
pub(crate) fn put_text(out: &mut Vec<u8>, value: Option<&str>) {
    let Some(value) = value else {
        out.extend_from_slice(b"\\N");
        return;
    };
    for &byte in value.as_bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(byte),
        }
    }
}

/// The fields of a row that [`put_text`] wrote.
pub(crate) fn text_fields(row: &[u8]) -> Vec<Option<Vec<u8>>> {
    row.strip_suffix(b"\n")
        .unwrap_or(row)
        .split(|&byte| byte == b'\t')
        .map(|field| {
            if field == b"\\N" {
                return None;
            }
            let mut value = Vec::with_capacity(field.len());
            let mut escaped = false;
            for &byte in field {
                match (escaped, byte) {
                    (false, b'\\') => {
                        escaped = true;
                        continue;
                    }
                    (true, b'n') => value.push(b'\n'),
                    (true, b'r') => value.push(b'\r'),
                    (true, b't') => value.push(b'\t'),
                    (_, byte) => value.push(byte),
                }
                escaped = false;
            }
            Some(value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(rows: &[&str]) -> Block {
        let mut block = Block::new(10);
        for (index, row) in rows.iter().enumerate() {
            block.marks.push(Mark {
                line: index as u64 + 1,
                start: 10 + block.data.len() as u64,
                offset: block.data.len(),
            });
            block.data.extend_from_slice(row.as_bytes());
        }
        block.finish = 10 + block.data.len() as u64;
        block
    }

    #[test]
    fn halves_stand_for_the_whole() {
        let mut whole = block(&["a\n", "bb\n", "ccc\n"]);
        whole.reject(1, Some("x".to_owned()), "bad".to_owned());
        let (first, second) = whole.halve().unwrap();
        assert_eq!((first.start, first.finish), (10, 15));
        assert_eq!((second.start, second.finish), (15, 19));
        assert_eq!(first.data, b"a\n");
        assert_eq!(second.each().collect::<Vec<_>>(), [b"ccc\n"]);
        assert_eq!(first.rejects.len() + second.rejects.len(), 1);
        assert!(first.halve().is_none());
    }

    #[test]
    fn a_field_of_text_reads_back() {
        let values = [Some("a\tb\\n\n\r"), None, Some(""), Some("\\N")];
        let mut row = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                row.push(b'\t');
            }
            put_text(&mut row, *value);
        }
        row.push(b'\n');
        let back = text_fields(&row);
        let back: Vec<_> = back
            .iter()
            .map(|field| {
                field
                    .as_deref()
                    .map(|field| std::str::from_utf8(field).unwrap())
            })
            .collect();
        assert_eq!(back, values);
    }
}
