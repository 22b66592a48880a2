//! The protocol's messages, read and written by hand: code shared with the client could share its mistakes.

use super::statement::Prepared;
use super::value::{Cell, Kind};

/// What a client sends once it is logged in.
#[derive(Debug)]
pub(super) enum Request {
    Query(String),
    Parse { name: String, text: String },
    Bind { name: String, values: Vec<Vec<u8>> },
    Describe { name: String },
    Execute,
    Close { name: String },
    Sync,
    Flush,
    Terminate,
}

/// Reads the parts of a message.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8(self.0.get(..end)?.to_vec()).ok()?;
        self.0 = self.0.get(end + 1..)?;
        Some(text)
    }

    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let taken = self.0.get(..count)?.to_vec();
        self.0 = self.0.get(count..)?;
        Some(taken)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.bytes(2)?;
        Some(usize::from(u16::from_be_bytes(bytes.try_into().ok()?)))
    }

    fn length(&mut self) -> Option<usize> {
        let bytes = self.bytes(4)?;
        usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
    }
}

impl Request {
    /// Reads a message. `None`: it is none that the model knows.
    pub(super) fn read(tag: u8, body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        Some(match tag {
            b'Q' => Self::Query(reader.text()?),
            b'P' => Self::Parse {
                name: reader.text()?,
                text: reader.text()?,
            },
            b'B' => {
                let _portal = reader.text()?;
                let name = reader.text()?;
                for _ in 0..reader.count()? {
                    reader.count()?;
                }
                let mut values = Vec::new();
                for _ in 0..reader.count()? {
                    let length = reader.length()?;
                    values.push(reader.bytes(length)?);
                }
                Self::Bind { name, values }
            }
            b'D' => {
                reader.bytes(1)?;
                Self::Describe {
                    name: reader.text()?,
                }
            }
            b'E' => Self::Execute,
            b'C' => {
                reader.bytes(1)?;
                Self::Close {
                    name: reader.text()?,
                }
            }
            b'S' => Self::Sync,
            b'H' => Self::Flush,
            b'X' => Self::Terminate,
            _ => return None,
        })
    }
}

/// What is sent to a client, one after the other.
#[derive(Debug, Default)]
pub(super) struct Messages(pub(super) Vec<u8>);

impl Messages {
    pub(super) fn push(&mut self, tag: u8, body: &[u8]) {
        self.0.push(tag);
        let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(body);
    }

    pub(super) fn complete(&mut self, tag: &str) {
        self.push(b'C', &[tag.as_bytes(), &[0]].concat());
    }

    pub(super) fn ready(&mut self, status: u8) {
        self.push(b'Z', &[status]);
    }

    pub(super) fn parameter(&mut self, name: &str, value: &str) {
        self.push(
            b'S',
            &[name.as_bytes(), &[0], value.as_bytes(), &[0]].concat(),
        );
    }

    pub(super) fn error(&mut self, severity: &str, code: &str) {
        let body = format!("S{severity}\0V{severity}\0C{code}\0Mthe model says so\0\0");
        self.push(b'E', body.as_bytes());
    }

    pub(super) fn describe_parameters(&mut self, prepared: &Prepared) {
        let mut body = count(prepared.parameters.len());
        for kind in prepared.parameters {
            body.extend_from_slice(&kind.oid().to_be_bytes());
        }
        self.push(b't', &body);
    }

    pub(super) fn describe_columns(&mut self, columns: &[(&str, Kind)], binary: bool) {
        if columns.is_empty() {
            return self.push(b'n', &[]);
        }
        let mut body = count(columns.len());
        for (name, kind) in columns {
            body.extend_from_slice(name.as_bytes());
            // No table and column of it.
            body.extend_from_slice(&[0; 7]);
            body.extend_from_slice(&kind.oid().to_be_bytes());
            body.extend_from_slice(b"\xff\xff\xff\xff\xff\xff\0");
            body.push(u8::from(binary));
        }
        self.push(b'T', &body);
    }

    pub(super) fn row(&mut self, row: &[Cell], binary: bool) {
        let mut body = count(row.len());
        for cell in row {
            let value = cell.write(binary);
            body.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_be_bytes());
            body.extend_from_slice(&value);
        }
        self.push(b'D', &body);
    }
}

fn count(of: usize) -> Vec<u8> {
    u16::try_from(of).unwrap_or(u16::MAX).to_be_bytes().to_vec()
}
