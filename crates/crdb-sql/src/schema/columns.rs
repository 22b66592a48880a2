//! The columns of one table.

use std::collections::{BTreeSet, HashMap};

use super::TableColumn;

/// Columns in order, which are found by their names.
///
/// What is removed keeps its place until [`settle`](Self::settle), so that each of many removals costs the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    all: Vec<TableColumn>,
    places: HashMap<String, usize>,
    /// The places of what was removed.
    gone: BTreeSet<usize>,
}

impl Columns {
    /// All of them, once they have been [settled](Self::settle).
    pub(super) fn as_slice(&self) -> &[TableColumn] {
        debug_assert!(self.gone.is_empty(), "removed columns are still there");
        &self.all
    }

    pub(super) fn get(&self, name: &str) -> Option<&TableColumn> {
        self.all.get(*self.places.get(name)?)
    }

    /// The column with this name, which keeps it.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut TableColumn> {
        self.all.get_mut(*self.places.get(name)?)
    }

    /// Adds a column behind the others, in place of one with its name.
    pub(super) fn push(&mut self, column: TableColumn) {
        self.remove(&column.name);
        self.places.insert(column.name.clone(), self.all.len());
        self.all.push(column);
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.gone.extend(self.places.remove(name));
    }

    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(place) = self.places.remove(old) {
            // The server refuses a name that another column has; here the one that was renamed keeps it.
            self.remove(new);
            self.places.insert(new.to_owned(), place);
            if let Some(column) = self.all.get_mut(place) {
                new.clone_into(&mut column.name);
            }
        }
    }

    /// Lets go of what was removed.
    pub(super) fn settle(&mut self) {
        if self.gone.is_empty() {
            return;
        }
        super::parts::keep(&mut self.all, &std::mem::take(&mut self.gone));
        self.places = (0..)
            .zip(&self.all)
            .map(|(place, column)| (column.name.clone(), place))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> TableColumn {
        TableColumn {
            name: name.to_owned(),
            ..TableColumn::default()
        }
    }

    #[test]
    fn columns_are_found_whatever_has_been_done_to_the_others() {
        let mut columns = Columns::default();
        for name in ["a", "b", "c", "b", "e"] {
            columns.push(column(name));
        }
        columns.remove("a");
        columns.remove("x");
        columns.rename("c", "d");
        columns.rename("x", "y");
        columns.rename("b", "e");
        for _ in 0..2 {
            for name in ["d", "e"] {
                assert_eq!(columns.get(name).map(TableColumn::name), Some(name));
                let column = columns.get_mut(name).map(|column| column.name.clone());
                assert_eq!(column.as_deref(), Some(name));
            }
            for name in ["a", "b", "c", "x", "y"] {
                assert_eq!(columns.get(name), None);
            }
            columns.settle();
            let names: Vec<&str> = columns.as_slice().iter().map(TableColumn::name).collect();
            assert_eq!(names, ["d", "e"]);
        }
    }
}
