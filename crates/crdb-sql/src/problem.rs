//! What is wrong in a tree of SQL files, and where.

mod code;
mod render;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use code::{Code, Severity};

use crate::source::SourceFile;

/// One thing that is wrong with a file, a query or the tree.
///
/// Its `Display` is several lines: the message, `file:line:column`, the offending line with the offending text
/// underlined, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    severity: Severity,
    message: String,
    help: Option<String>,
    query: Option<String>,
    place: Place,
}

/// Where a problem is: a file, and unless the whole file is meant, a stretch of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: PathBuf,
    stretch: Option<Stretch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    line: usize,
    column: usize,
    /// The whole line, without its end.
    text: String,
    /// How many characters of it are meant, at least one.
    width: usize,
}

impl Problem {
    /// A problem with a whole file, or with something that is not a file.
    pub(crate) fn with_file(code: Code, file: &Path, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            help: None,
            query: None,
            place: Place {
                file: file.to_path_buf(),
                stretch: None,
            },
        }
    }

    /// A problem with the bytes `span` of a file.
    pub(crate) fn at(
        code: Code,
        source: &SourceFile,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let position = source.position(span.start);
        let text = source.line(position.line);
        let left = text.chars().count().saturating_sub(position.column - 1);
        let width = source.text().get(span).map_or(1, |meant| {
            meant.lines().next().unwrap_or("").chars().count()
        });
        let mut problem = Self::with_file(code, source.path(), message);
        problem.place.stretch = Some(Stretch {
            line: position.line,
            column: position.column,
            text: text.to_owned(),
            width: width.min(left).max(1),
        });
        problem
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says which query it concerns.
    pub(crate) fn of_query(mut self, name: &str) -> Self {
        self.query = Some(name.to_owned());
        self
    }

    /// The code, by which a lint can be allowed in a query's header.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether it fails a check.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is not obvious.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file, as it was named to the loader.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.place.file
    }

    /// The line, from 1; `None` where the whole file is meant.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.stretch.as_ref().map(|s| s.line)
    }

    /// The column, in characters from 1; `None` where the whole file is meant.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.place.stretch.as_ref().map(|s| s.column)
    }

    /// The column behind the last character that is meant, on the same line, in characters from 1.
    #[must_use]
    pub fn end_column(&self) -> Option<usize> {
        self.place.stretch.as_ref().map(|s| s.column + s.width)
    }

    /// The full name of the query it concerns, if it concerns one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    fn sort_key(&self) -> (&Path, Option<usize>, Option<usize>, Code) {
        (self.file(), self.line(), self.column(), self.code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::problem(self, f)
    }
}

/// Every problem that was found, in the order of files, lines and columns.
///
/// Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Arc<[Problem]>);

impl Problems {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        Self(problems.into())
    }

    /// The problems.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.iter().any(|p| p.severity() == Severity::Error)
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            fmt::Display::fmt(problem, f)?;
        }
        Ok(())
    }
}
