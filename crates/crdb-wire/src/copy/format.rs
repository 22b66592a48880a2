//! The three formats of COPY, and how a value looks in each.

use bytes::{BufMut as _, BytesMut};

/// A format of COPY, as the statement names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyFormat {
    /// `COPY .. WITH (FORMAT text)`, the default: fields between tabs, backslash escapes, NULL is `\N`.
    Text,
    /// `COPY .. WITH (FORMAT csv)`: RFC 4180 with `\n` at the end of a row. NULL is an empty field, an empty string is `""`.
    Csv,
    /// `COPY .. WITH (FORMAT binary)`: fields as the binary protocol has them. CockroachDB reads it and never writes it.
    Binary,
}

impl CopyFormat {
    /// What stands in front of the first row.
    pub(super) fn header(self) -> &'static [u8] {
        match self {
            // The signature, no flags, no extension.
            Self::Binary => b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0",
            Self::Text | Self::Csv => b"",
        }
    }

    /// What stands behind the last row.
    pub(super) fn trailer(self) -> &'static [u8] {
        match self {
            Self::Binary => b"\xff\xff",
            Self::Text | Self::Csv => b"",
        }
    }
}

/// Appends a field's text with the escapes of the text format.
///
/// PostgreSQL's manual (COPY, "Text Format") names the four characters that must be escaped: the backslash, the line's two
/// ends, and the delimiter.
pub(super) fn put_text(out: &mut BytesMut, value: &[u8]) {
    let mut rest = value;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t'))
    {
        let (clean, special) = rest.split_at(at);
        out.put_slice(clean);
        let escaped: &[u8] = match special.first() {
            Some(b'\\') => b"\\\\",
            Some(b'\n') => b"\\n",
            Some(b'\r') => b"\\r",
            _ => b"\\t",
        };
        out.put_slice(escaped);
        rest = special.get(1..).unwrap_or_default();
    }
    out.put_slice(rest);
}

/// Appends a field's text as CSV: in quotes where it would be misread without.
pub(super) fn put_csv(out: &mut BytesMut, value: &[u8]) {
    // An empty field would be NULL, and `\.` the end of the data.
    let plain = !value.is_empty()
        && !value.starts_with(b"\\")
        && !value
            .iter()
            .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if plain {
        out.put_slice(value);
        return;
    }
    out.put_u8(b'"');
    for piece in value.split_inclusive(|&byte| byte == b'"') {
        out.put_slice(piece);
        if piece.ends_with(b"\"") {
            out.put_u8(b'"');
        }
    }
    out.put_u8(b'"');
}
