//! Why a text is not a statement of the dialect.

use std::fmt;

use super::span::line_and_column;

/// What kind of mistake stopped the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// A quote, dollar quote or comment is not closed.
    Unterminated,
    /// A literal is closed, but not well formed: an odd hex string, a bad escape, an interval that is none.
    InvalidLiteral,
    /// A character that begins no token.
    UnexpectedCharacter,
    /// A token that the grammar does not allow here.
    Syntax,
    /// The grammar allows it, the parser's own rules do not: an option given twice, a frame that ends before it begins.
    Invalid,
    /// Nested more deeply than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// Longer than a span can address (4 GiB).
    TooLong,
}

/// A text that is not a statement of the dialect: what, where, and what was expected instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    // Boxed so that the results of the parser's many small steps stay small.
    inner: Box<Inner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ParseErrorKind,
    message: Box<str>,
    offset: usize,
    line: usize,
    column: usize,
}

impl ParseError {
    pub(super) fn new(
        kind: ParseErrorKind,
        sql: &str,
        offset: usize,
        message: impl Into<Box<str>>,
    ) -> Self {
        let (line, column) = line_and_column(sql, offset);
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                offset,
                line,
                column,
            }),
        }
    }

    /// What kind of mistake it is.
    #[must_use]
    pub fn kind(&self) -> ParseErrorKind {
        self.inner.kind
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Byte offset of the offending token in the text.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.inner.offset
    }

    /// Line of the offending token, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.inner.line
    }

    /// Column of the offending token in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.inner.column
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at line {}, column {}",
            self.inner.message, self.inner.line, self.inner.column
        )
    }
}

impl std::error::Error for ParseError {}
