//! Rows in, CopyData messages out.

use std::fmt::{self, Display, Write as _};

use bytes::{BufMut as _, Bytes, BytesMut};
use crdb_auth::Engine;

use super::encode_error::{EncodeError, Reason};
use super::format::{CopyFormat, put_csv, put_text};
use super::value::{CopyRow, CopyValue};

/// A message is closed at the end of the row that reaches this size.
const MESSAGE: usize = 32 * 1024;

/// The bytes in front of a message's body.
const HEADER: usize = 5;

/// The longest row: what a message's length can say, less a message that is nearly full.
const MAX_ROW: usize = i32::MAX as usize - 2 * MESSAGE;

/// Encodes rows as CopyData messages.
///
/// Every message holds whole rows. For CSV on CockroachDB it holds exactly one, because a server of v21.1 was seen to keep only the
/// first row of each message.
///
/// ```
/// use crdb_wire::{CopyFormat, Engine, RowEncoder};
///
/// let mut encoder = RowEncoder::new(CopyFormat::Text, Engine::PostgreSql);
/// encoder.push(&(1_i64, "a\tb", None::<&str>))?;
/// assert_eq!(&encoder.take()[5..], b"1\ta\\tb\t\\N\n");
/// # Ok::<(), crdb_wire::EncodeError>(())
/// ```
pub struct RowEncoder {
    format: CopyFormat,
    engine: Engine,
    /// Whole messages, and perhaps an open one.
    messages: BytesMut,
    /// Where the open message begins.
    open: Option<usize>,
    rows: u64,
    bytes: u64,
    columns: Option<usize>,
    ended: bool,
}

impl RowEncoder {
    /// For a COPY in this format on this engine.
    #[must_use]
    pub fn new(format: CopyFormat, engine: Engine) -> Self {
        Self {
            format,
            engine,
            messages: BytesMut::new(),
            open: None,
            rows: 0,
            bytes: 0,
            columns: None,
            ended: false,
        }
    }

    /// Encodes one row.
    ///
    /// # Errors
    /// The row's number and column, if a value does not encode, if the row has another number of columns than the first one, if
    /// the server would misread it, or if the data has been [ended](Self::finish). The encoder is then as if the row had not
    /// been given.
    pub fn push<R: CopyRow + ?Sized>(&mut self, row: &R) -> Result<(), EncodeError> {
        if self.ended {
            return Err(EncodeError::new(self.rows + 1, 0, Reason::Ended));
        }
        let before = (self.messages.len(), self.open);
        let mut writer = self.begin();
        let result = row.encode(&mut writer).and_then(|()| writer.finish());
        if result.is_err() {
            self.messages.truncate(before.0);
            self.open = before.1;
        }
        result
    }

    fn begin(&mut self) -> RowWriter<'_> {
        if self.open.is_none() {
            self.begin_message();
        }
        let start = self.messages.len();
        if self.format == CopyFormat::Binary {
            self.messages.put_i16(0);
        }
        RowWriter {
            encoder: self,
            start,
            columns: 0,
            nulls: 0,
        }
    }

    fn begin_message(&mut self) {
        self.open = Some(self.messages.len());
        self.messages.put_slice(b"d\0\0\0\0");
        if self.rows == 0 {
            self.messages.put_slice(self.format.header());
        }
    }

    fn end_message(&mut self) {
        let Some(start) = self.open.take() else {
            return;
        };
        let length = self.messages.len() - start - 1;
        if let Some(place) = self.messages.get_mut(start + 1..start + HEADER) {
            // Rows are no longer than MAX_ROW, so the length fits.
            place.copy_from_slice(&(length as u32).to_be_bytes());
        }
        self.bytes += (length + 1 - HEADER) as u64;
    }

    /// Ends the data: the binary format has a trailer. Done once, also when asked again.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let trailer = self.format.trailer();
        if !trailer.is_empty() {
            if self.open.is_none() {
                self.begin_message();
            }
            self.messages.put_slice(trailer);
        }
        self.end_message();
    }

    /// Takes the messages that have been encoded, and closes the one that is open.
    #[must_use]
    pub fn take(&mut self) -> Bytes {
        self.end_message();
        self.messages.split().freeze()
    }

    /// How many bytes wait to be taken.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.messages.len()
    }

    /// How many rows have been encoded.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many bytes of data closed messages held, without the messages' headers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Debug for RowEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowEncoder")
            .field("format", &self.format)
            .field("engine", &self.engine)
            .field("rows", &self.rows)
            .field("buffered", &self.messages.len())
            .finish_non_exhaustive()
    }
}

/// Takes the fields of one row, in order.
pub struct RowWriter<'e> {
    encoder: &'e mut RowEncoder,
    start: usize,
    columns: usize,
    nulls: usize,
}

impl fmt::Debug for RowWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWriter")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl RowWriter<'_> {
    /// The next field.
    ///
    /// # Errors
    /// The value does not encode.
    pub fn value<V: CopyValue + ?Sized>(&mut self, value: &V) -> Result<&mut Self, EncodeError> {
        if self.encoder.format != CopyFormat::Binary && self.columns > 0 {
            let delimiter = match self.encoder.format {
                CopyFormat::Text => b'\t',
                CopyFormat::Csv | CopyFormat::Binary => b',',
            };
            self.encoder.messages.put_u8(delimiter);
        }
        self.columns += 1;
        let field = Field {
            format: self.encoder.format,
            out: &mut self.encoder.messages,
        };
        match value.encode(field) {
            Ok(Encoded(kind)) => {
                self.nulls += usize::from(kind == Kind::Null);
                Ok(self)
            }
            Err(ValueError(reason)) => Err(self.failed(reason)),
        }
    }

    fn failed(&self, reason: Reason) -> EncodeError {
        EncodeError::new(self.encoder.rows + 1, self.columns, reason)
    }

    fn finish(self) -> Result<(), EncodeError> {
        let first = self.encoder.columns.unwrap_or(self.columns);
        if first != self.columns || self.columns > i16::MAX as usize {
            return Err(self.failed(Reason::Fields { first }));
        }
        if self.encoder.messages.len() - self.start > MAX_ROW {
            return Err(self.failed(Reason::TooLong));
        }
        let engine = self.encoder.engine;
        match self.encoder.format {
            CopyFormat::Text => self.encoder.messages.put_u8(b'\n'),
            CopyFormat::Csv => {
                if engine == Engine::CockroachDb && self.columns == 1 {
                    self.check_lone_field()?;
                }
                self.encoder.messages.put_u8(b'\n');
            }
            CopyFormat::Binary => {
                let count = (self.columns as i16).to_be_bytes();
                if let Some(place) = self.encoder.messages.get_mut(self.start..self.start + 2) {
                    place.copy_from_slice(&count);
                }
            }
        }
        let encoder = self.encoder;
        encoder.columns = Some(self.columns);
        encoder.rows += 1;
        let alone = encoder.format == CopyFormat::Csv && engine == Engine::CockroachDb;
        if alone
            || encoder
                .open
                .is_some_and(|open| encoder.messages.len() - open >= MESSAGE)
        {
            encoder.end_message();
        }
        Ok(())
    }

    /// CockroachDB's reader (`pkg/util/encoding/csv`) skips blank lines, and before v22.1.6 it forgot whether `\.` was quoted.
    fn check_lone_field(&self) -> Result<(), EncodeError> {
        if self.nulls == 1 {
            return Err(self.failed(Reason::Misread("NULL")));
        }
        match self.encoder.messages.get(self.start..) {
            Some(b"\"\\.\"") => Err(self.failed(Reason::Misread("\"\\.\""))),
            _ => Ok(()),
        }
    }
}

/// The place of one value. Each of its methods writes the value and gives the proof that it was written.
pub struct Field<'e> {
    format: CopyFormat,
    out: &'e mut BytesMut,
}

/// Proof that a [`Field`] was written.
#[derive(Debug)]
pub struct Encoded(Kind);

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Value,
}

/// Why a value was not written.
pub struct ValueError(Reason);

impl ValueError {
    /// With the cause, which becomes the source of the row's [`EncodeError`].
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Reason::Value(cause.into()))
    }
}

impl fmt::Debug for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValueError")
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Field<'_> {
    /// The format of the COPY.
    #[must_use]
    pub fn format(&self) -> CopyFormat {
        self.format
    }

    /// NULL.
    #[must_use]
    pub fn null(self) -> Encoded {
        match self.format {
            CopyFormat::Text => self.out.put_slice(b"\\N"),
            CopyFormat::Csv => {}
            CopyFormat::Binary => self.out.put_i32(-1),
        }
        Encoded(Kind::Null)
    }

    /// A value by its text form. In the binary format this is right for the types whose binary form is their text, such as TEXT.
    ///
    /// # Errors
    /// The text holds a NUL character.
    pub fn text(self, text: &str) -> Result<Encoded, ValueError> {
        if text.as_bytes().contains(&0) {
            return Err(ValueError(Reason::Nul));
        }
        match self.format {
            CopyFormat::Text => put_text(self.out, text.as_bytes()),
            CopyFormat::Csv => put_csv(self.out, text.as_bytes()),
            CopyFormat::Binary => return self.binary(text.as_bytes()),
        }
        Ok(Encoded(Kind::Value))
    }

    /// A value by what it displays. As [`text`](Self::text), without a string in between for values without special characters.
    ///
    /// # Errors
    /// What is displayed holds a NUL character, or displaying fails.
    pub fn display(self, value: impl Display) -> Result<Encoded, ValueError> {
        if self.format == CopyFormat::Binary {
            return self.text(&value.to_string());
        }
        let start = self.out.len();
        write!(self.out, "{value}").map_err(ValueError::new)?;
        let written = self.out.get(start..).unwrap_or_default();
        let plain = !written.is_empty()
            && written.iter().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'+' | b' ')
            });
        if plain {
            return Ok(Encoded(Kind::Value));
        }
        let written = String::from_utf8_lossy(written).into_owned();
        self.out.truncate(start);
        self.text(&written)
    }

    /// A value by its binary form.
    ///
    /// # Errors
    /// The format is not [`CopyFormat::Binary`], or the value is longer than a message can be.
    pub fn binary(self, bytes: &[u8]) -> Result<Encoded, ValueError> {
        if self.format != CopyFormat::Binary {
            return Err(ValueError::new(
                "a binary value in a COPY that is not binary",
            ));
        }
        if bytes.len() > MAX_ROW {
            return Err(ValueError(Reason::TooLong));
        }
        self.out.put_i32(bytes.len() as i32);
        self.out.put_slice(bytes);
        Ok(Encoded(Kind::Value))
    }
}
