//! Names.

use super::super::keyword::{Keyword, KeywordClass};
use super::super::span::Span;

/// A name: lower-cased unless it was quoted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ident {
    value: Box<str>,
    quoted: bool,
    span: Span,
}

impl Ident {
    /// A name that is quoted when it must be to be read back as `value` in any place.
    #[must_use]
    pub fn new(value: &str) -> Self {
        let reserved =
            Keyword::find(value).is_some_and(|keyword| keyword.class() != KeywordClass::Unreserved);
        Self {
            value: value.into(),
            quoted: reserved || !is_plain(value),
            span: Span::default(),
        }
    }

    /// A name as it was read. Quotes are kept only where leaving them out could change what is read.
    pub(in super::super) fn read(value: &str, was_quoted: bool, span: Span) -> Self {
        let quoted = was_quoted && (!is_plain(value) || Keyword::find(value).is_some());
        Self {
            value: value.into(),
            quoted,
            span,
        }
    }

    /// The name without quotes.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it is printed in quotes.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Where it was read.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// Whether a name reads back as itself without quotes, keywords apart.
fn is_plain(value: &str) -> bool {
    let mut bytes = value.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'$'
        })
}

/// A name with what it is qualified by: `accounts`, `public.accounts`, `bank.public.accounts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    /// The parts, the outermost first; never empty.
    pub parts: Vec<Ident>,
}

impl ObjectName {
    /// The last part: the name of the object itself.
    #[must_use]
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", Ident::value)
    }

    /// Where it was read.
    #[must_use]
    pub fn span(&self) -> Span {
        let start = self.parts.first().map_or(0, |part| part.span().start);
        Span::new(
            start,
            self.parts.last().map_or(start, |part| part.span().end),
        )
    }
}

/// An index, by table (`accounts@by_owner`) or alone (`by_owner`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexName {
    /// The table before `@`.
    pub table: Option<ObjectName>,
    /// The index; qualified only when there is no table.
    pub index: ObjectName,
}
