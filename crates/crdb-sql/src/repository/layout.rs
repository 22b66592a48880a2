//! Where things are in a project's SQL directory.

use std::path::{Path, PathBuf};

/// The directories of a project's SQL: `queries`, and `schema` or `migrations` beside it.
///
/// ```text
/// sql/
///   queries/accounts/transfer.sql    named queries
///   schema/001_bank.sql              definitions, in the order of their names
///   migrations/0001_bank.up.sql      or the migrations that make them; `.down.sql` files are passed over
/// ```
///
/// Where both are there, `schema` is the schema. A directory without `queries` is a tree of queries itself, without a schema
/// unless it is called `queries` and has one of the two beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    queries: PathBuf,
    schema: Option<PathBuf>,
}

impl Layout {
    /// The layout that a path belongs to: a project's SQL directory, its `queries`, something below that, or any tree.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let below = path.join("queries");
        if below.is_dir() {
            return Self::at(below);
        }
        let root = path
            .ancestors()
            .find(|directory| directory.file_name().is_some_and(|name| name == "queries"));
        match root {
            Some(root) => Self::at(root.to_path_buf()),
            None if path.is_dir() => Self {
                queries: path.to_path_buf(),
                schema: None,
            },
            None => Self {
                queries: path.parent().unwrap_or(Path::new("")).to_path_buf(),
                schema: None,
            },
        }
    }

    fn at(queries: PathBuf) -> Self {
        let schema = queries.parent().and_then(|parent| {
            ["schema", "migrations"]
                .map(|name| parent.join(name))
                .into_iter()
                .find(|directory| directory.is_dir())
        });
        Self { queries, schema }
    }

    /// The root of the queries: directories below it give the first part of names.
    #[must_use]
    pub fn queries(&self) -> &Path {
        &self.queries
    }

    /// The schema's files, where there are any.
    #[must_use]
    pub fn schema(&self) -> Option<&Path> {
        self.schema.as_deref()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn migrations_are_the_schema_where_there_is_no_other() {
        let sql = tempfile::tempdir().unwrap();
        fs::create_dir(sql.path().join("queries")).unwrap();
        assert_eq!(Layout::of(sql.path()).schema(), None);
        for name in ["migrations", "schema"] {
            let directory = sql.path().join(name);
            fs::create_dir(&directory).unwrap();
            assert_eq!(Layout::of(sql.path()).schema(), Some(directory.as_path()));
        }
    }
}
