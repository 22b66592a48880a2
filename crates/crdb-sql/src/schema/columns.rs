//! The columns of one table.

use std::collections::HashMap;

use super::TableColumn;

/// Columns in order, which are found by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    all: Vec<TableColumn>,
    places: HashMap<String, usize>,
}

impl Columns {
    pub(super) fn as_slice(&self) -> &[TableColumn] {
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
        self.remove(&column.name.clone());
        self.places.insert(column.name.clone(), self.all.len());
        self.all.push(column);
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(place) = self.places.remove(name) {
            self.all.remove(place);
            for later in self.places.values_mut().filter(|later| **later > place) {
                *later -= 1;
            }
        }
    }

    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if let Some(place) = self.places.remove(old) {
            self.places.insert(new.to_owned(), place);
            if let Some(column) = self.all.get_mut(place) {
                new.clone_into(&mut column.name);
            }
        }
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
        for name in ["a", "b", "c", "b"] {
            columns.push(column(name));
        }
        columns.remove("a");
        columns.remove("x");
        columns.rename("c", "d");
        columns.rename("x", "y");
        let names: Vec<&str> = columns.as_slice().iter().map(TableColumn::name).collect();
        assert_eq!(names, ["d", "b"]);
        for name in ["d", "b"] {
            assert_eq!(columns.get(name).map(TableColumn::name), Some(name));
            let column = columns.get_mut(name).map(|column| column.name.clone());
            assert_eq!(column.as_deref(), Some(name));
        }
        assert_eq!(columns.get("c"), None);
    }
}
