use std::io::Write as _;

use crdb_exec::Row;

use super::Encode;
use crate::error::{Error, ErrorKind};
use crate::value::{Columns, Value};

/// Whose CSV it is. They differ in the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CsvDialect {
    /// RFC 4180: a line ends with CR LF.
    Rfc4180,
    /// What `COPY .. TO STDOUT WITH CSV` of PostgreSQL and CockroachDB writes: a line ends with LF.
    Postgres,
}

/// CSV. Values are as PostgreSQL's text format has them, in quotes where they would be misread without.
///
/// NULL is an empty field and an empty text is `""`, which `COPY` tells apart and most other readers do not. Another text for
/// NULL can be chosen; a value that is equal to it is put in quotes.
///
/// ```
/// use crdb_data::Csv;
///
/// let excel = Csv::rfc4180().delimiter(b';')?;
/// let copy = Csv::postgres().without_header();
/// # Ok::<(), crdb_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Csv {
    dialect: CsvDialect,
    delimiter: u8,
    header: bool,
    null: String,
    cell: Vec<u8>,
}

impl Csv {
    fn new(dialect: CsvDialect) -> Self {
        Self {
            dialect,
            delimiter: b',',
            header: true,
            null: String::new(),
            cell: Vec::new(),
        }
    }

    /// As RFC 4180 has it, with a header.
    #[must_use]
    pub fn rfc4180() -> Self {
        Self::new(CsvDialect::Rfc4180)
    }

    /// As `COPY .. WITH (FORMAT csv, HEADER)` writes it.
    #[must_use]
    pub fn postgres() -> Self {
        Self::new(CsvDialect::Postgres)
    }

    /// What stands between two fields: a comma by default.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for what is no ASCII character, for a quote, and for the end of a line.
    pub fn delimiter(mut self, delimiter: u8) -> Result<Self, Error> {
        if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\r' | b'\n' | 0) {
            return Err(Error::new(
                ErrorKind::Refused,
                "a delimiter of CSV is one ASCII character, no quote and no end of a line",
            ));
        }
        self.delimiter = delimiter;
        Ok(self)
    }

    /// Leaves the header out.
    #[must_use]
    pub fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// The text for NULL: empty by default. One that holds the delimiter, a quote or the end of a line is refused when rows
    /// are written, as COPY refuses it: no reader would find it again.
    #[must_use]
    pub fn null(mut self, null: impl Into<String>) -> Self {
        self.null = null.into();
        self
    }

    fn end_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.dialect {
            CsvDialect::Rfc4180 => b"\r\n",
            CsvDialect::Postgres => b"\n",
        });
    }

    fn field(&self, text: &[u8], out: &mut Vec<u8>) {
        // `\.` would be the end of the data for COPY, and white space at an end is cut off by some readers.
        let plain = !text.is_empty()
            && text != self.null.as_bytes()
            && !text.starts_with(b"\\")
            && text.trim_ascii().len() == text.len()
            && !text
                .iter()
                .any(|&byte| byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r'));
        if plain {
            out.extend_from_slice(text);
            return;
        }
        out.push(b'"');
        for piece in text.split_inclusive(|&byte| byte == b'"') {
            out.extend_from_slice(piece);
            if piece.ends_with(b"\"") {
                out.push(b'"');
            }
        }
        out.push(b'"');
    }
}

impl Encode for Csv {
    fn begin(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), Error> {
        let misread = |byte: u8| byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        if self.null.bytes().any(misread) {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("{:?} cannot stand for NULL in CSV", self.null),
            )
            .with_advice("choose a text without the delimiter, a quote or the end of a line"));
        }
        if self.header {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(self.delimiter);
                }
                self.field(column.name().as_bytes(), out);
            }
            self.end_line(out);
        }
        Ok(())
    }

    fn row<R: Row>(&mut self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        let mut cell = std::mem::take(&mut self.cell);
        for (index, value) in columns.values(row).enumerate() {
            if index > 0 {
                out.push(self.delimiter);
            }
            let value = value.inspect_err(|_| out.truncate(start))?.1;
            match value {
                Value::Null => out.extend_from_slice(self.null.as_bytes()),
                Value::Text(text) => self.field(text.as_bytes(), out),
                value => {
                    cell.clear();
                    // Writing into a Vec does not fail.
                    drop(write!(cell, "{value}"));
                    self.field(&cell, out);
                }
            }
        }
        self.cell = cell;
        if out.len() == start && columns.len() == 1 {
            return Err(Error::new(
                ErrorKind::Value,
                "a row of CSV that is one NULL is an empty line, which readers skip",
            )
            .with_advice("choose a text for NULL"));
        }
        self.end_line(out);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}
