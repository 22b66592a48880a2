//! CopyData in, rows out.

use std::fmt;

use bytes::{Buf as _, BytesMut};

use super::format::CopyFormat;
use super::row_end::CsvRows;

/// Why data of the server's is not what its format promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    row: u64,
    what: &'static str,
}

impl DecodeError {
    /// The number of the row, counted from 1.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.row
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of the copied data: {}", self.row, self.what)
    }
}

impl std::error::Error for DecodeError {}

/// Reads rows out of COPY data that arrives piece by piece.
///
/// ```
/// use crdb_wire::{CopyFormat, RowDecoder};
///
/// let mut decoder = RowDecoder::new(CopyFormat::Csv);
/// decoder.push(b"1,\"a\nb\",\n2,");
/// let row = decoder.next_row()?.unwrap();
/// assert_eq!(row.text(1), Some("a\nb"));
/// assert_eq!(row.text(2), None);
/// assert!(decoder.next_row()?.is_none());
/// # Ok::<(), crdb_wire::DecodeError>(())
/// ```
pub struct RowDecoder {
    format: CopyFormat,
    buffer: BytesMut,
    /// How much of the buffer has been searched for the end of a line of text.
    searched: usize,
    csv: CsvRows,
    header: bool,
    ended: bool,
    rows: u64,
    fields: Fields,
}

/// The unescaped fields of one row, one behind the other.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    /// Where each field ends; `None` for NULL.
    ends: Vec<Option<usize>>,
}

impl RowDecoder {
    /// For data of this format with its default delimiter, quote and NULL.
    #[must_use]
    pub fn new(format: CopyFormat) -> Self {
        Self {
            format,
            buffer: BytesMut::new(),
            searched: 0,
            csv: CsvRows::default(),
            header: format == CopyFormat::Binary,
            ended: false,
            rows: 0,
            fields: Fields::default(),
        }
    }

    /// Takes a piece of the data.
    pub fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// The next row, if the pieces so far hold it to its end.
    ///
    /// # Errors
    /// The data is not of this format.
    pub fn next_row(&mut self) -> Result<Option<CopiedRow<'_>>, DecodeError> {
        Ok(self.fetch()?.then(|| self.row()))
    }

    /// Reads the next row, and says whether there was one.
    pub(super) fn fetch(&mut self) -> Result<bool, DecodeError> {
        self.fields.bytes.clear();
        self.fields.ends.clear();
        if self.ended {
            return Ok(false);
        }
        let found = match self.format {
            CopyFormat::Text => self.text_row(),
            CopyFormat::Csv => self.csv_row(),
            CopyFormat::Binary => self.binary_row(),
        };
        let found = found.map_err(|what| DecodeError {
            row: self.rows + 1,
            what,
        })?;
        self.rows += u64::from(found);
        Ok(found)
    }

    /// The row that was read last.
    pub(super) fn row(&self) -> CopiedRow<'_> {
        CopiedRow(&self.fields)
    }

    /// Whether what has come so far ends with a whole row, so that the data may end here.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.buffer.is_empty() && (self.format != CopyFormat::Binary || self.ended)
    }

    /// How many rows have been given.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    fn text_row(&mut self) -> Result<bool, &'static str> {
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(at) = unsearched.iter().position(|&byte| byte == b'\n') else {
            self.searched = self.buffer.len();
            return Ok(false);
        };
        let line = self.buffer.split_to(self.searched + at);
        self.buffer.advance(1);
        self.searched = 0;
        if *line == *b"\\." {
            self.ended = true;
            return Ok(false);
        }
        for field in line[..].split(|&byte| byte == b'\t') {
            if field == b"\\N" {
                self.fields.ends.push(None);
            } else {
                unescape(field, &mut self.fields.bytes)?;
                self.fields.ends.push(Some(self.fields.bytes.len()));
            }
        }
        Ok(true)
    }

    fn csv_row(&mut self) -> Result<bool, &'static str> {
        let Some(end) = self.csv.end(&self.buffer) else {
            return Ok(false);
        };
        let row = self.buffer.split_to(end);
        let mut rest = row.split_last().map_or(&[][..], |(_, row)| row);
        if rest == b"\\." {
            self.ended = true;
            return Ok(false);
        }
        loop {
            rest = match rest.strip_prefix(b"\"") {
                Some(quoted) => {
                    let after = unquote(quoted, &mut self.fields.bytes)?;
                    self.fields.ends.push(Some(self.fields.bytes.len()));
                    after
                }
                None => {
                    let length = rest
                        .iter()
                        .position(|&byte| byte == b',')
                        .unwrap_or(rest.len());
                    let (field, after) = rest.split_at(length);
                    if field.contains(&b'"') {
                        return Err("a quote within a field that is not quoted");
                    }
                    self.fields.bytes.extend_from_slice(field);
                    let end = self.fields.bytes.len();
                    self.fields.ends.push((!field.is_empty()).then_some(end));
                    after
                }
            };
            rest = match rest.split_first() {
                None => return Ok(true),
                Some((b',', after)) => after,
                Some(_) => return Err("text behind a quoted field"),
            };
        }
    }

    fn binary_row(&mut self) -> Result<bool, &'static str> {
        if self.header {
            let Some((head, rest)) = self.buffer.split_first_chunk::<19>() else {
                return Ok(false);
            };
            let [signature @ .., f, _, _, _, a, b, c, d] = head;
            if signature != b"PGCOPY\n\xff\r\n\0" {
                return Err("the binary signature is missing");
            }
            // Bits 16 to 31 change the format; bit 16 is for OIDs, which no supported server sends.
            if *f != 0 || head.get(12) != Some(&0) {
                return Err("the header asks for an unknown variant of the format");
            }
            let extension = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            if rest.len() < extension {
                return Ok(false);
            }
            self.buffer.advance(19 + extension);
            self.header = false;
        }
        let Some((count, mut rest)) = self.buffer.split_first_chunk::<2>() else {
            return Ok(false);
        };
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            self.ended = true;
            self.buffer.advance(2);
            return Ok(false);
        }
        let count = usize::try_from(count).map_err(|_| "a negative number of fields")?;
        // Looks for the row's end first, so that a long row that comes in many pieces is not copied for each of them.
        let fields = rest;
        for _ in 0..count {
            match binary_field(rest)? {
                Some((_, after)) => rest = after,
                None => return Ok(false),
            }
        }
        let length = 2 + fields.len() - rest.len();
        let mut rest = fields;
        for _ in 0..count {
            let (field, after) = binary_field(rest)?.ok_or("a field that does not end")?;
            self.fields
                .bytes
                .extend_from_slice(field.unwrap_or_default());
            let end = self.fields.bytes.len();
            self.fields.ends.push(field.map(|_| end));
            rest = after;
        }
        self.buffer.advance(length);
        Ok(true)
    }
}

/// A field of a binary row and what is behind it.
type Split<'d> = (Option<&'d [u8]>, &'d [u8]);

/// The field at the front of a binary row's rest, `None` for NULL; nothing if the field does not end there.
fn binary_field(rest: &[u8]) -> Result<Option<Split<'_>>, &'static str> {
    let Some((size, rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    match i32::from_be_bytes(*size) {
        -1 => Ok(Some((None, rest))),
        size => {
            let size = usize::try_from(size).map_err(|_| "a negative length of a field")?;
            Ok(rest
                .split_at_checked(size)
                .map(|(field, after)| (Some(field), after)))
        }
    }
}

impl fmt::Debug for RowDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowDecoder")
            .field("format", &self.format)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// One row of copied data: its fields in text form, or in binary form in the binary format.
#[derive(Clone, Copy)]
pub struct CopiedRow<'d>(&'d Fields);

impl<'d> CopiedRow<'d> {
    /// How many fields there are. In text and CSV a row without columns has one, empty or NULL.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.ends.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.ends.is_empty()
    }

    /// The field at `index`; `None` for NULL and where there is no field.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'d [u8]> {
        let end = self.0.ends.get(index).copied().flatten()?;
        let before = self.0.ends.get(..index)?;
        let start = before.iter().rev().find_map(|end| *end).unwrap_or(0);
        self.0.bytes.get(start..end)
    }

    /// The field at `index` as text; `None` for NULL, where there is no field, and where it is not UTF-8.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<&'d str> {
        std::str::from_utf8(self.get(index)?).ok()
    }

    /// Each field in order, `None` for NULL.
    pub fn fields(&self) -> impl Iterator<Item = Option<&'d [u8]>> + use<'d> {
        let fields = self.0;
        let mut start = 0;
        fields.ends.iter().map(move |end| {
            let end = (*end)?;
            let field = fields.bytes.get(start..end);
            start = end;
            field
        })
    }
}

impl fmt::Debug for CopiedRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopiedRow")
            .field("fields", &self.len())
            .finish_non_exhaustive()
    }
}

/// Appends a field without the escapes of the text format (PostgreSQL's manual, COPY, "Text Format").
fn unescape(mut field: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    while let Some(at) = field.iter().position(|&byte| byte == b'\\') {
        let (plain, escape) = field.split_at(at);
        out.extend_from_slice(plain);
        let [_, kind, rest @ ..] = escape else {
            return Err("a backslash at the end of a field");
        };
        field = rest;
        match kind {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => field = number(*kind - b'0', 8, 2, rest, out),
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                field = number(0, 16, 2, rest, out);
            }
            other => out.push(*other),
        }
    }
    out.extend_from_slice(field);
    Ok(())
}

/// Appends the byte that up to `most` more digits give, and returns what is behind them. Only the low eight bits count.
fn number<'f>(first: u8, radix: u32, most: usize, rest: &'f [u8], out: &mut Vec<u8>) -> &'f [u8] {
    let mut value = u32::from(first);
    let mut after = rest;
    for _ in 0..most {
        let Some((digit, behind)) = after
            .split_first()
            .and_then(|(&byte, behind)| Some((char::from(byte).to_digit(radix)?, behind)))
        else {
            break;
        };
        value = value * radix + digit;
        after = behind;
    }
    out.push((value & 0xff) as u8);
    after
}

/// Appends a field whose first quote has been read, and returns what is behind its last.
fn unquote<'f>(mut field: &'f [u8], out: &mut Vec<u8>) -> Result<&'f [u8], &'static str> {
    loop {
        let at = field
            .iter()
            .position(|&byte| byte == b'"')
            .ok_or("a quoted field without an end")?;
        let (plain, quote) = field.split_at(at);
        out.extend_from_slice(plain);
        match quote {
            [_, b'"', rest @ ..] => {
                out.push(b'"');
                field = rest;
            }
            [_, rest @ ..] => return Ok(rest),
            [] => return Err("a quoted field without an end"),
        }
    }
}
