//! Tables, columns and indexes.

use super::columns::Columns;
use super::parts::Parts;

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub(super) name: String,
    pub(super) schema: String,
    pub(super) columns: Columns,
    pub(super) indexes: Parts<Index>,
    pub(super) foreign_keys: Parts<ForeignKey>,
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableColumn {
    pub(super) name: String,
    pub(super) sql_type: String,
    pub(super) not_null: bool,
    pub(super) hidden: bool,
    pub(super) sequential: bool,
}

/// An index or a key of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    pub(super) name: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) storing: Vec<String>,
    pub(super) primary: bool,
    pub(super) unique: bool,
    pub(super) partial: bool,
    pub(super) inverted: bool,
    pub(super) computed: bool,
}

/// Columns that refer to another table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignKey {
    pub(super) name: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) references: String,
}

impl Table {
    /// Its name without its schema, folded as the server folds it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its schema; `public` where nothing else is said.
    #[must_use]
    pub fn schema_name(&self) -> &str {
        &self.schema
    }

    /// Its columns in order.
    #[must_use]
    pub fn columns(&self) -> &[TableColumn] {
        self.columns.as_slice()
    }

    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.get(name)
    }

    /// Its keys and indexes.
    #[must_use]
    pub fn indexes(&self) -> &[Index] {
        self.indexes.as_slice()
    }

    /// The columns of it that refer to other tables.
    #[must_use]
    pub fn foreign_keys(&self) -> &[ForeignKey] {
        self.foreign_keys.as_slice()
    }

    /// Lets go of what was removed, so that the lists above can be asked for.
    pub(super) fn settle(&mut self) {
        self.columns.settle();
        self.indexes.settle();
        self.foreign_keys.settle();
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

    /// Whether its default grows with time: SERIAL, a sequence, `unique_rowid()`, `now()`.
    #[must_use]
    pub fn is_sequential(&self) -> bool {
        self.sequential
    }

    /// Whether it is `NOT VISIBLE`: no part of `*`.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden
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

    /// The columns that it stores beside its own.
    #[must_use]
    pub fn storing(&self) -> &[String] {
        &self.storing
    }

    /// Whether it is the primary key.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.primary
    }

    /// Whether no two rows of the table have the same values in its columns: it is unique, of columns only, and holds
    /// every row.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.unique && !self.partial && !self.computed
    }

    /// Whether no two of the rows that it holds have the same values in it.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.unique
    }

    /// Whether it holds only the rows that its `WHERE` lets in.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Whether it is an inverted, trigram or vector index, which gives no order and holds no whole values.
    #[must_use]
    pub fn is_inverted(&self) -> bool {
        self.inverted
    }
}

impl ForeignKey {
    /// The columns that refer.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The table that they refer to, as the file names it.
    #[must_use]
    pub fn references(&self) -> &str {
        &self.references
    }
}
