//! Values as the protocol has them.

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Int(i64),
    Bool(bool),
    Text(String),
}

/// Rows of a result.
pub(super) type Rows = Vec<Vec<Cell>>;

/// The type of a column or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Bool,
    Text,
}

impl Kind {
    /// Its number in `pg_type`.
    pub(super) fn oid(self) -> u32 {
        match self {
            Self::Bool => 16,
            Self::Int => 20,
            Self::Text => 25,
        }
    }

    /// Reads a value in the binary format.
    pub(super) fn read(self, bytes: &[u8]) -> Option<Cell> {
        Some(match self {
            Self::Int => Cell::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
            Self::Bool => Cell::Bool(*bytes.first()? != 0),
            Self::Text => Cell::Text(String::from_utf8(bytes.to_vec()).ok()?),
        })
    }
}

impl Cell {
    /// In the binary format of an extended query, or the text format of a simple one.
    pub(super) fn write(&self, binary: bool) -> Vec<u8> {
        match (self, binary) {
            (Self::Int(value), true) => value.to_be_bytes().to_vec(),
            (Self::Int(value), false) => value.to_string().into_bytes(),
            (Self::Bool(value), true) => vec![u8::from(*value)],
            (Self::Bool(value), false) => vec![if *value { b't' } else { b'f' }],
            (Self::Text(value), _) => value.clone().into_bytes(),
        }
    }
}
