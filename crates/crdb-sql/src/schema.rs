//! What the schema's files say about tables.

mod read;
mod types;

use std::collections::BTreeMap;
use std::path::Path;

pub use types::canonical_type;

use crate::error::Error;
use crate::query::ContentHash;
use crate::repository::tree;

/// Tables, columns, indexes and enums, as far as `CREATE`, `ALTER` and `DROP` statements in files tell.
///
/// Statements are applied in the order of the files' paths, so numbered migrations work. What is not understood is
/// skipped: the schema serves lints and nullability, and where it knows nothing, nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    tables: BTreeMap<String, Table>,
    enums: BTreeMap<String, Vec<String>>,
    hash: Option<ContentHash>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    name: String,
    columns: Vec<TableColumn>,
    indexes: Vec<Index>,
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableColumn {
    name: String,
    sql_type: String,
    not_null: bool,
}

/// An index or a key of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    name: Option<String>,
    columns: Vec<String>,
    primary: bool,
}

impl Schema {
    /// Reads every `.sql` file below a directory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Directory`](crate::ErrorKind::Directory) when it cannot be listed,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when a file cannot be read.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let files = tree::read(directory.as_ref(), &mut problems)?;
        if !problems.is_empty() {
            return Err(Error::invalid(crate::problem::Problems::new(problems)));
        }
        let mut schema = Self::default();
        let mut content = Vec::new();
        for file in files {
            content.extend_from_slice(ContentHash::of(file.text.as_bytes()).as_bytes());
            schema.apply(&file.text);
        }
        schema.hash = Some(ContentHash::of(&content));
        Ok(schema)
    }

    /// Applies the statements of a text.
    pub fn apply(&mut self, text: &str) {
        read::apply(self, text);
    }

    /// The table with this name, in any case, with or without a schema's name in front.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name).or_else(|| {
            let last = name.rsplit('.').next()?;
            self.tables.get(last)
        })
    }

    /// The tables in the order of their names.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// The labels of an enum.
    #[must_use]
    pub fn enum_labels(&self, name: &str) -> Option<&[String]> {
        self.enums.get(name).map(Vec::as_slice)
    }

    /// The enums and their labels, in the order of their names.
    pub fn enums(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.enums
            .iter()
            .map(|(name, labels)| (name.as_str(), labels.as_slice()))
    }

    /// Whether it knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.enums.is_empty()
    }

    /// SHA-256 over the contents of the files it was loaded from.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.hash.unwrap_or_else(|| ContentHash::of(&[]))
    }
}

impl Table {
    /// Its name, folded as the server folds it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its columns in order.
    #[must_use]
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Its keys and indexes.
    #[must_use]
    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }
}

impl TableColumn {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type as written.
    #[must_use]
    pub fn sql_type(&self) -> &str {
        &self.sql_type
    }

    /// Whether it is NOT NULL or part of the primary key.
    #[must_use]
    pub fn is_not_null(&self) -> bool {
        self.not_null
    }
}

impl Index {
    /// Its name, where it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its columns in order. An expression ends the list.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether it is the primary key.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.primary
    }
}
