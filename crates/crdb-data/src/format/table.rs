use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use crdb_exec::Row;

use super::Encode;
use crate::error::Error;
use crate::value::{Columns, Value, ValueKind};

/// A table for people to read, in pages.
///
/// The columns' widths follow from the rows of a page, so a page is kept in memory, and each has its own header. CJK
/// characters take two cells. Long values are broken into lines within the table's width, and cut beyond
/// [`longest_value`](Self::longest_value). Control characters are shown as escapes, because they could do anything to a terminal.
#[derive(Debug)]
pub struct TextTable {
    width: Option<u16>,
    page: usize,
    longest: usize,
    null: String,
    table: Option<Table>,
    rows: usize,
}

impl Default for TextTable {
    fn default() -> Self {
        Self::new()
    }
}

impl TextTable {
    /// As wide as its values, 500 rows a page, values cut at 1,000 characters, NULL as `NULL`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            width: None,
            page: 500,
            longest: 1_000,
            null: "NULL".to_owned(),
            table: None,
            rows: 0,
        }
    }

    /// How many cells of a terminal it may take in width.
    #[must_use]
    pub fn width(mut self, cells: u16) -> Self {
        self.width = Some(cells);
        self
    }

    /// How many rows are on a page, 1 at least.
    #[must_use]
    pub fn page(mut self, rows: usize) -> Self {
        self.page = rows.max(1);
        self
    }

    /// How many characters of a value are shown.
    #[must_use]
    pub fn longest_value(mut self, characters: usize) -> Self {
        self.longest = characters;
        self
    }

    /// The text for NULL.
    #[must_use]
    pub fn null(mut self, null: impl Into<String>) -> Self {
        self.null = null.into();
        self
    }

    fn new_page(&self, columns: &Columns) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        if let Some(width) = self.width {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
        table.set_header(
            columns
                .iter()
                .map(|column| shown(column.name(), self.longest)),
        );
        for (index, column) in columns.iter().enumerate() {
            let numeric = matches!(
                column.kind(),
                ValueKind::Int2
                    | ValueKind::Int4
                    | ValueKind::Int8
                    | ValueKind::Oid
                    | ValueKind::Float4
                    | ValueKind::Float8
                    | ValueKind::Numeric
            );
            if numeric && let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some(table) = self.table.take() {
            // Writing into a Vec does not fail.
            drop(writeln!(out, "{table}"));
        }
        self.rows = 0;
    }
}

impl Encode for TextTable {
    fn begin(&mut self, columns: &Columns, _: &mut Vec<u8>) -> Result<(), Error> {
        self.table = Some(self.new_page(columns));
        Ok(())
    }

    fn row<R: Row>(&mut self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut cells = Vec::with_capacity(columns.len());
        for value in columns.values(row) {
            cells.push(match value?.1 {
                Value::Null => self.null.clone(),
                Value::Text(text) | Value::Json(text) => shown(text, self.longest).into_owned(),
                value => shown(&value.to_string(), self.longest).into_owned(),
            });
        }
        if self.rows == self.page {
            self.flush(out);
        }
        let mut table = match self.table.take() {
            Some(table) => table,
            None => self.new_page(columns),
        };
        table.add_row(cells);
        self.table = Some(table);
        self.rows += 1;
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.flush(out);
        Ok(())
    }
}

/// The text as a terminal may show it. An end of a line stays; a table breaks the cell there.
fn shown(text: &str, longest: usize) -> Cow<'_, str> {
    let strange = |c: char| is_unsafe(c) || c == '\t';
    if !text.contains(strange) && text.len() <= longest {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len().min(longest * 2));
    for (index, character) in text.chars().enumerate() {
        if index == longest {
            safe.push('…');
            break;
        }
        if strange(character) {
            // Writing into a String does not fail.
            let _ = write!(safe, "{}", character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Control characters, and those that turn the direction of what follows.
fn is_unsafe(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use crdb_exec::{Column, Type};

    use super::*;
    use crate::value::DataColumn;

    /// A row of an INT8 and a TEXT.
    struct Pair([u8; 8], Option<&'static str>);

    impl Row for Pair {
        fn len(&self) -> usize {
            2
        }

        fn column(&self, index: usize) -> Option<Column<'_>> {
            [("id", &Type::INT8), ("名前", &Type::TEXT)]
                .get(index)
                .map(|(name, type_)| Column::new(name, type_))
        }

        fn value(&self, index: usize) -> Option<&[u8]> {
            match index {
                0 => Some(&self.0),
                _ => self.1.map(str::as_bytes),
            }
        }
    }

    fn table(mut format: TextTable, rows: &[(i64, Option<&'static str>)]) -> String {
        let columns: Columns = [("id", Type::INT8), ("名前", Type::TEXT)]
            .into_iter()
            .filter_map(|(name, type_)| DataColumn::new(name, type_))
            .collect();
        let mut out = Vec::new();
        format.begin(&columns, &mut out).unwrap();
        for &(id, text) in rows {
            let row = Pair(id.to_be_bytes(), text);
            format.row(&columns, &row, &mut out).unwrap();
        }
        format.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up_whatever_width_their_characters_have() {
        let shown = table(
            TextTable::new(),
            &[(1, Some("日本語")), (20, Some("abc")), (3, None)],
        );
        assert_eq!(
            shown,
            "┌────┬────────┐\n\
             │ id ┆ 名前   │\n\
             ╞════╪════════╡\n\
             │  1 ┆ 日本語 │\n\
             │ 20 ┆ abc    │\n\
             │  3 ┆ NULL   │\n\
             └────┴────────┘\n"
        );
    }

    #[test]
    fn long_values_are_broken_within_the_width_and_pages_have_headers() {
        let long = "words and words and words and words";
        let shown = table(TextTable::new().width(24), &[(1, Some(long))]);
        assert!(
            shown.lines().all(|line| line.chars().count() <= 24),
            "{shown}"
        );
        let shown = table(TextTable::new().page(1), &[(1, None), (2, None), (3, None)]);
        assert_eq!(shown.matches("名前").count(), 3, "{shown}");
    }

    #[test]
    fn what_could_change_a_terminal_is_escaped_and_long_values_are_cut() {
        assert_eq!(shown("a\u{1b}[2J\tb", 100), "a\\u{1b}[2J\\tb");
        assert_eq!(shown("\u{202e}abc", 100), "\\u{202e}abc");
        assert_eq!(shown("日本語", 2), "日本…");
        assert_eq!(shown("two\nlines", 100), "two\nlines");
    }
}
