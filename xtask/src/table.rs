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

/// An empty table; columns from `numbers` on hold figures and are aligned for comparing them.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    numbers: usize,
    rows: Vec<[String; N]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
