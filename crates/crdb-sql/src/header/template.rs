//! The part of a header that only templates have.

use std::ops::Range;

use crate::problem::{Code, Problem};
use crate::source::SourceFile;

/// What a template's rendered text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// A query.
    Select,
    /// INSERT or UPSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

impl Shape {
    /// The word in the header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Select, Self::Insert, Self::Update, Self::Delete];
        all.into_iter().find(|shape| shape.as_str() == word)
    }
}

/// Which identifiers may take a place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// One of these, as written in the header; the first where the caller says nothing.
    OneOf(Vec<String>),
    /// Any single identifier; it is quoted.
    Checked,
}

/// An `-- ident` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentifierNote {
    pub(crate) name: String,
    pub(crate) choice: Choice,
    pub(crate) docs: String,
}

/// A `-- flag` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlagNote {
    pub(crate) name: String,
    pub(crate) docs: String,
}

/// The lines that make a query a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TemplateNotes {
    pub(crate) shape: Option<Shape>,
    pub(crate) identifiers: Vec<IdentifierNote>,
    pub(crate) flags: Vec<FlagNote>,
    /// The parameters that may be left out.
    pub(crate) optional: Vec<String>,
    /// The first of these lines.
    pub(crate) span: Option<Range<usize>>,
}

impl TemplateNotes {
    pub(super) fn takes(&self, name: &str) -> bool {
        self.identifiers.iter().any(|note| note.name == name)
            || self.flags.iter().any(|note| note.name == name)
    }

    /// What is wrong with such lines in a query that is no template.
    pub(super) fn without_shape(&self, source: &SourceFile) -> Option<Problem> {
        let span = self.span.clone().filter(|_| self.shape.is_none())?;
        let message = "only a template has `ident`, `flag` and optional parameters";
        Some(
            Problem::at(Code::BadAnnotation, source, span, message)
                .help("make it one with `-- template: select` (or insert, update, delete)"),
        )
    }
}
