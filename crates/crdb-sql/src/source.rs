//! A file's text and the way from bytes to lines and columns.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The text of a `.sql` file, and how it is named in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    path: PathBuf,
    text: String,
    line_starts: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes: a column of a long line is found without counting
    /// from its beginning.
    blocks: Vec<usize>,
}

const BLOCK: usize = 1024;

/// A place in a file; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl SourceFile {
    pub(crate) fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let blocks = text
            .as_bytes()
            .chunks(BLOCK)
            .scan(0, |before, block| {
                Some(std::mem::replace(before, *before + beginning_in(block)))
            })
            .collect();
        Self {
            path: path.into(),
            text,
            line_starts,
            blocks,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let index = self.line_starts.partition_point(|start| *start <= offset) - 1;
        let start = self.line_starts.get(index).copied().unwrap_or(0);
        Position {
            line: index + 1,
            column: self.characters_before(offset) - self.characters_before(start) + 1,
        }
    }

    /// How many characters begin in a stretch of bytes.
    pub(crate) fn characters(&self, span: Range<usize>) -> usize {
        let end = self.characters_before(span.end.min(self.text.len()));
        end.saturating_sub(self.characters_before(span.start.min(self.text.len())))
    }

    /// How many characters begin before a byte of the text.
    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let Some(before) = self.blocks.get(block) else {
            return self.blocks.last().map_or(0, |last| {
                let rest = (self.blocks.len() - 1) * BLOCK;
                last + beginning_in(&self.text.as_bytes()[rest..])
            });
        };
        before + beginning_in(&self.text.as_bytes()[block * BLOCK..offset])
    }

    /// Where a line begins, counted from 1, and its text without its end; empty past the last one.
    pub(crate) fn line(&self, line: usize) -> (usize, &str) {
        let Some(start) = self.line_starts.get(line.wrapping_sub(1)).copied() else {
            return (self.text.len(), "");
        };
        let end = self.line_starts.get(line).copied();
        let line = self.text.get(start..end.unwrap_or(self.text.len()));
        let line = line.unwrap_or("");
        let text = match line.strip_suffix('\n') {
            Some(line) => line.strip_suffix('\r').unwrap_or(line),
            None => line,
        };
        (start, text)
    }
}

/// How many characters begin in these bytes of UTF-8.
fn beginning_in(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .filter(|byte| !matches!(byte, 0x80..=0xbf))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let file = SourceFile::new("a.sql", "é1\r\nzwei\n");
        assert_eq!(file.position(0), Position { line: 1, column: 1 });
        assert_eq!(file.position(2), Position { line: 1, column: 2 });
        assert_eq!(file.position(5), Position { line: 2, column: 1 });
        assert_eq!(file.position(99), Position { line: 3, column: 1 });
        assert_eq!(file.characters(0..5), 4);
        assert_eq!(file.line(1), (0, "é1"));
        assert_eq!(file.line(2), (5, "zwei"));
        assert_eq!(file.line(7), (10, ""));
    }
}
