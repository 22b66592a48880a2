//! How rows become values.

use super::structure;
use crate::codegen::item::Field;
use crate::codegen::row::{self, RowType};

/// What one row becomes, and the code for it.
#[derive(Debug)]
pub(super) struct Reading {
    /// The type of the value.
    pub(super) row: String,
    /// The type of the value that borrows for `'e`, where there is one.
    pub(super) in_place: Option<String>,
    how: How,
}

#[derive(Debug)]
enum How {
    /// The only column.
    Scalar,
    /// A struct of the generated module.
    Struct,
    /// A struct of the user's, by its `FromRow`.
    Foreign,
}

impl Reading {
    /// `name` is the struct's, where the rows have one, and `in_place` that of the one that borrows.
    pub(super) fn of(
        columns: &[Field],
        row: &RowType,
        (name, in_place): (&str, Option<&str>),
    ) -> Self {
        let borrowing = match (row, columns) {
            (RowType::Own, [only]) if row::borrows(row, columns) => {
                Some(structure::in_place(only).replace("'r", "'e"))
            }
            _ => in_place.map(|name| format!("{name}<'e>")),
        };
        let (row, how) = match (row, columns) {
            (RowType::Foreign(path), _) => (path.clone(), How::Foreign),
            (RowType::Own, [only]) => (structure::owned(only), How::Scalar),
            _ => (name.to_owned(), How::Struct),
        };
        Self {
            row,
            in_place: borrowing,
            how,
        }
    }

    /// The value of the row that `row`, a reference, is.
    pub(super) fn value(&self, row: &str, exec: &str) -> String {
        match self.how {
            How::Scalar => format!("{exec}::Row::get({row}, 0)"),
            How::Struct => format!("{}::from_row({row})", self.row),
            How::Foreign => format!(
                "<{} as {exec}::from_row::FromRow>::from_row({row})",
                self.row
            ),
        }
    }

    /// A function from a reference to a row to the value.
    pub(super) fn function(&self, exec: &str) -> String {
        match self.how {
            How::Struct => format!("{}::from_row", self.row),
            _ => format!("|row| {}", self.value("row", exec)),
        }
    }
}
