//! The one look of every table.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// A rule above, below and under the header, as in print.
const STYLE: TableStyle = {
    let rule = LineStyle::none().fill('─').junction('─');
    TableStyle::new()
        .top_border(rule)
        .header_separator(rule)
        .bottom_border(rule)
};

/// A table; columns that hold only figures are aligned for comparing them.
pub fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(header);
    let figures: Vec<bool> = (0..N)
        .map(|column| rows.iter().all(|row| is_figure(&row[column])))
        .collect();
    table.add_rows(rows);
    for (column, figures) in table.column_iter_mut().zip(figures) {
        if figures {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn is_figure(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && text
            .chars()
            .all(|next| next.is_ascii_digit() || ".,-".contains(next))
}
