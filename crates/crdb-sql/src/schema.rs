//! What the schema's files say about tables.

mod alter;
mod columns;
mod define;
mod labels;
mod name;
mod parts;
mod read;
mod table;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use labels::Labels;
use name::Key;
use read::Changed;
pub use table::{ForeignKey, Index, Table, TableColumn};
pub(crate) use types::stored_name;
pub use types::{canonical_name, canonical_type};

use crate::dialect::ast::ObjectName;
use crate::error::Error;
use crate::problem::{Problem, Problems};
use crate::query::ContentHash;
use crate::repository::tree;
use crate::source::SourceFile;

/// Tables, columns, indexes and enums, as far as `CREATE`, `ALTER`, `DROP` and `SET search_path` statements in files
/// tell.
///
/// Statements are applied in the order of the files' paths, so numbered migrations work. A statement that the dialect
/// does not know is a [problem](Self::problems), unless the line `-- verify: server` stands before it. Nothing is said
/// about the tables that such a statement, a `DO` block or a view's definition may have changed.
///
/// A table is found by its name and what qualifies it. An unqualified name means the table in `public` where several
/// schemas have one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    tables: BTreeMap<Key, Table>,
    /// Views, sequences, and tables of which not everything is known.
    opaque: BTreeSet<Key>,
    enums: BTreeMap<Key, Labels>,
    problems: Problems,
    hash: Option<ContentHash>,
}

impl Schema {
    /// Reads every `.sql` file below a directory, but for the `.down.sql` files of migrations.
    ///
    /// A statement that the dialect does not know is no error here: [`problems`](Self::problems) has it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Directory`](crate::ErrorKind::Directory) when it cannot be listed,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when a file cannot be read.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut files = tree::read(directory.as_ref(), &mut problems)?;
        files.retain(|file| !file.path.to_string_lossy().ends_with(".down.sql"));
        if !problems.is_empty() {
            return Err(Error::invalid(Problems::new(problems)));
        }
        let mut schema = Self::default();
        let mut content = Vec::new();
        let mut changed = Changed::default();
        for file in files {
            content.extend_from_slice(ContentHash::of(file.text.as_bytes()).as_bytes());
            schema.read(&mut changed, &SourceFile::new(file.path, file.text));
        }
        changed.settle(&mut schema);
        schema.hash = Some(ContentHash::of(&content));
        Ok(schema)
    }

    /// Applies the statements of a text, which [`problems`](Self::problems) calls `schema.sql`.
    pub fn apply(&mut self, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut changed = Changed::default();
        self.read(&mut changed, &SourceFile::new("schema.sql", text));
        changed.settle(self);
    }

    fn read(&mut self, changed: &mut Changed, source: &SourceFile) {
        let found = read::apply(self, changed, source);
        if !found.is_empty() {
            let all: Vec<Problem> = self.problems.iter().cloned().chain(found).collect();
            self.problems = Problems::new(all);
        }
    }

    /// What in the files is no statement of the dialect.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// The table with this name, which is spelt as the server folds it: parts with dots between, without quotes.
    ///
    /// `None` also where several tables have the name and none of them is in `public`.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        let parts: Vec<&str> = name.split('.').collect();
        self.tables.get(self.find_table(&parts)?)
    }

    /// The tables whose names stand in a text, and nothing else of this schema.
    pub(crate) fn mentioned(&self, text: &str) -> Self {
        let mentioned = name::Mentioned::in_text(text);
        let mut part = Self::default();
        for range in mentioned.ranges() {
            let tables = self.tables.range(range.clone());
            let tables = tables.filter(|(key, _)| mentioned.has(key));
            part.tables
                .extend(tables.map(|(key, table)| (key.clone(), table.clone())));
            let opaque = self.opaque.range(range).filter(|key| mentioned.has(key));
            part.opaque.extend(opaque.cloned());
        }
        part
    }

    /// The table that a statement names.
    pub(crate) fn table_named(&self, name: &ObjectName) -> Option<&Table> {
        self.tables.get(self.find_table(&name::parts(name))?)
    }

    fn find_table(&self, parts: &[&str]) -> Option<&Key> {
        let (last, _) = parts.split_last()?;
        let named = name::range(last);
        let all = self
            .tables
            .range(named.clone())
            .map(|(key, _)| key)
            .chain(self.opaque.range(named));
        name::choose(all, parts)
    }

    /// The tables in the order of their names.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// The labels of an enum.
    #[must_use]
    pub fn enum_labels(&self, name: &str) -> Option<&[String]> {
        let parts: Vec<&str> = name.split('.').collect();
        let (last, _) = parts.split_last()?;
        let all = self.enums.range(name::range(last)).map(|(key, _)| key);
        let key = name::choose(all, &parts)?;
        self.enums.get(key).map(Labels::as_slice)
    }

    /// The enums and their labels, in the order of their names. Those that several schemas have under one name are left
    /// out, but for the one in `public`.
    pub fn enums(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.enums.iter().filter_map(|(key, labels)| {
            let all = self.enums.range(name::range(&key.name)).map(|(key, _)| key);
            let chosen = name::choose(all, &[&key.name])?;
            (chosen == key).then_some((key.name.as_str(), labels.as_slice()))
        })
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
