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
    /// How many characters are meant, at least one.
    width: usize,
    excerpt: Excerpt,
}

/// What is shown of a line: all of it, or of a long one what stands around the place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    text: String,
    /// How many characters of `text` stand before the place.
    before: usize,
    /// How many characters from the place on are marked.
    marked: usize,
}

/// How many characters of a line are shown before a place and from it on: a line that a program has written may be as
/// long as its file, and each of its problems shows it.
const SHOWN: usize = 400;

impl Excerpt {
    fn of(line: &str, at: usize, width: usize) -> Self {
        let (head, tail) = line.split_at_checked(at).unwrap_or((line, ""));
        let (cut, head) = match head.char_indices().rev().nth(SHOWN) {
            Some((at, c)) => (true, head.get(at + c.len_utf8()..).unwrap_or("")),
            None => (false, head),
        };
        let (tail, rest) = match tail.char_indices().nth(SHOWN) {
            Some((at, _)) => (tail.get(..at).unwrap_or(""), true),
            None => (tail, false),
        };
        Self {
            text: format!(
                "{}{head}{tail}{}",
                if cut { ".." } else { "" },
                if rest { ".." } else { "" }
            ),
            before: head.chars().count() + if cut { 2 } else { 0 },
            marked: width.min(tail.chars().count()).max(1),
        }
    }
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
        let (start, line) = source.line(position.line);
        let end = span.end.min(start + line.len()).max(span.start);
        let width = source.characters(span.start..end).max(1);
        let mut problem = Self::with_file(code, source.path(), message);
        problem.place.stretch = Some(Stretch {
            line: position.line,
            column: position.column,
            width,
            excerpt: Excerpt::of(line, span.start.saturating_sub(start), width),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_place_is_shown_of_a_long_line() {
        let text = format!("{}é?{}\n", "é".repeat(1_000), "x".repeat(1_000));
        let source = SourceFile::new("a.sql", text);
        let problem = Problem::at(Code::Syntax, &source, 2_000..2_003, "wrong");
        assert_eq!((problem.line(), problem.column()), (Some(1), Some(1_001)));
        assert_eq!(problem.end_column(), Some(1_003));
        let shown = problem.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let text = format!("1 | ..{}é?{}..", "é".repeat(SHOWN), "x".repeat(SHOWN - 2));
        assert_eq!(lines.get(3), Some(&text.as_str()));
        let marks = format!("  | {}^^", " ".repeat(SHOWN + 2));
        assert_eq!(lines.get(4), Some(&marks.as_str()));
    }

    #[test]
    fn a_problem_behind_the_end_of_a_line_or_of_the_text_has_a_place() {
        let source = SourceFile::new("a.sql", "SELECT\r\n");
        for span in [6..7, 7..8, 8..9, 20..30] {
            let problem = Problem::at(Code::Syntax, &source, span.clone(), "wrong");
            assert!(problem.to_string().contains('^'), "{span:?}");
            assert!(problem.end_column() > problem.column(), "{span:?}");
        }
    }
}
