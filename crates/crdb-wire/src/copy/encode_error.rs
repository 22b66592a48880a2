//! Why a row does not encode.

use std::error::Error as StdError;
use std::fmt;

/// Why a row could not be encoded, and which one.
pub struct EncodeError {
    row: u64,
    column: usize,
    reason: Reason,
}

pub(super) enum Reason {
    /// PostgreSQL's and CockroachDB's strings hold no NUL.
    Nul,
    /// The row has another number of fields than the first one.
    Fields {
        first: usize,
    },
    TooLong,
    Ended,
    /// CockroachDB would skip the row or take it for the end of the data.
    Misread(&'static str),
    Value(Box<dyn StdError + Send + Sync>),
}

impl EncodeError {
    pub(super) fn new(row: u64, column: usize, reason: Reason) -> Self {
        Self {
            row,
            column,
            reason,
        }
    }

    /// The number of the row, counted from 1.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.row
    }

    /// The number of the column, counted from 1: the one that did not encode, or the last one of the row.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            row,
            column,
            reason,
        } = self;
        match reason {
            Reason::Nul => write!(
                f,
                "row {row}, column {column}: a text cannot hold a NUL character"
            ),
            Reason::Fields { first } => write!(
                f,
                "row {row} has {column} columns, the first row has {first}"
            ),
            Reason::TooLong => write!(f, "row {row} is longer than a message can be"),
            Reason::Ended => write!(f, "row {row} comes after the end of the data"),
            Reason::Misread(what) => write!(
                f,
                "row {row}: CockroachDB would misread {what} alone on a line of CSV; use the text format"
            ),
            Reason::Value(_) => write!(f, "row {row}, column {column} does not encode"),
        }
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeError")
            .field("row", &self.row)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

impl StdError for EncodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.reason {
            Reason::Value(source) => Some(&**source),
            _ => None,
        }
    }
}
