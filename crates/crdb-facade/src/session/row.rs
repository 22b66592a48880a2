//! A row of crdb-wire as the executor reads it.

use crdb_exec::{Column, Row};

/// One row of a result, a view into the received buffer.
#[derive(Debug)]
pub struct SessionRow {
    row: crdb_wire::Row,
}

impl SessionRow {
    pub(crate) fn new(row: crdb_wire::Row) -> Self {
        Self { row }
    }
}

impl Row for SessionRow {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        let column = self.row.columns().get(index)?;
        Some(Column::new(column.name(), column.type_()))
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        self.row.value(index)
    }
}
