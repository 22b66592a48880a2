//! The tables and columns of the database, for completion.

use std::collections::BTreeMap;

use anyhow::Result;
use crdb_facade::{Database, Row as _};
use crdb_sql::dialect::keyword::{Keyword, KeywordClass};

use super::describe::INTERNAL;

/// How many columns are read at most.
const MOST: usize = 50_000;

/// Every table with its columns.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    tables: BTreeMap<String, Vec<String>>,
}

impl Catalog {
    /// Asks the server.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn read(database: &Database) -> Result<Self> {
        let question = format!(
            "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns \
             WHERE table_schema NOT IN {INTERNAL} ORDER BY table_name, ordinal_position LIMIT {MOST}"
        );
        let mut catalog = Self::default();
        for row in database.sql(&question).fetch_all().await? {
            let columns = catalog.tables.entry(row.get(0)?).or_default();
            columns.push(row.get(1)?);
        }
        Ok(catalog)
    }

    #[cfg(test)]
    pub(super) fn of(tables: &[(&str, &[&str])]) -> Self {
        let tables = tables.iter().map(|(table, columns)| {
            let columns = columns.iter().map(|column| (*column).to_owned());
            ((*table).to_owned(), columns.collect())
        });
        Self {
            tables: tables.collect(),
        }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// The columns of a table, or none.
    pub(super) fn columns(&self, table: &str) -> impl Iterator<Item = &str> {
        self.tables
            .get(table)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// A name as SQL reads it back.
pub(super) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved =
        Keyword::find(name).is_some_and(|keyword| keyword.class() == KeywordClass::Reserved);
    if plain && !reserved {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}
