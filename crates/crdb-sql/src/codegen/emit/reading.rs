//! How rows become values.

use super::structure;
use crate::codegen::item::Field;
use crate::codegen::row::RowType;

/// What one row becomes, and the code for it.
#[derive(Debug)]
pub(super) struct Reading {
    /// The type of the value.
    pub(super) row: String,
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
    /// `name` is the struct's, where the rows have one.
    pub(super) fn of(columns: &[Field], row: &RowType, name: &str) -> Self {
        let (row, how) = match (row, columns) {
            (RowType::Foreign(path), _) => (path.clone(), How::Foreign),
            (RowType::Own, [only]) => (structure::owned(only), How::Scalar),
            _ => (name.to_owned(), How::Struct),
        };
        Self { row, how }
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
