//! Where in the text something stands.

use std::hash::{Hash, Hasher};

/// A range of bytes of the parsed text, end excluded.
///
/// Spans say where a node was read, not what it is: all spans compare equal, so that two trees are equal when they mean
/// the same, wherever they were read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to before `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The text that the span covers, or nothing when it does not belong to `sql`.
    #[must_use]
    pub fn text(self, sql: &str) -> &str {
        sql.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// The span as a range of `usize`, to slice with.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl Hash for Span {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Line and column of a byte offset, both from 1; columns count characters.
#[must_use]
pub fn line_and_column(sql: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(sql.len());
    while !sql.is_char_boundary(end) {
        end -= 1;
    }
    let before = &sql[..end];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_newlines() {
        assert_eq!(line_and_column("select 1", 7), (1, 8));
        assert_eq!(line_and_column("a\nüb", 4), (2, 2));
        assert_eq!(line_and_column("a\n", 99), (2, 1));
    }
}
