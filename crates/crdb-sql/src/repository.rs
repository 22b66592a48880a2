//! The queries of a tree of `.sql` files, by name.

mod embed;
mod file;
mod layout;
mod lookup;
mod reload;
pub(crate) mod tree;

use std::path::Path;
use std::sync::Arc;

pub use embed::write_embedded;
pub use layout::Layout;
pub use reload::{Changes, ReloadingRepository};

use crate::error::{Error, ErrorKind};
use crate::name;
use crate::problem::{Code, Problem, Problems, Severity};
use crate::query::{ContentHash, Query};
use crate::source::SourceFile;
use lookup::Lookup;

/// All queries of a tree, found by full name. Immutable; [`ReloadingRepository`] is the one that follows its files.
///
/// A query in `queries/accounts/transfer.sql` with the header `-- name: get_account :one` is called
/// `accounts.get_account`: directories below the root give the part before the dot. A file directly in the root gives its
/// own name, so `queries/accounts.sql` serves a small tree as well.
#[derive(Debug, Default)]
pub struct Repository {
    queries: Vec<Arc<Query>>,
    lookup: Lookup,
    warnings: Problems,
    hash: Option<ContentHash>,
}

impl Repository {
    /// Reads every `.sql` file below a directory.
    ///
    /// A directory that has a subdirectory `queries` is taken for a project's SQL directory: then only `queries` is
    /// read. Names that begin with a dot are skipped; links are followed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Directory`] when the directory is not there or cannot be listed, [`ErrorKind::Invalid`] with every
    /// problem of every file otherwise. A directory without queries is not an error.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory.as_ref();
        let root = tree::queries_below(directory);
        let mut problems = Vec::new();
        let files = tree::read(&root, &mut problems)?;
        Self::build(files, problems)
    }

    /// Takes the files that [`write_embedded`] put into the program: path below the root, and text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] with every problem of every file.
    pub fn from_embedded(files: &[(&str, &str)]) -> Result<Self, Error> {
        let mut files: Vec<tree::File> = files
            .iter()
            .map(|(path, text)| tree::File::new(path, Path::new(path), *text))
            .collect();
        files.sort_by(|a, b| a.relative.cmp(&b.relative));
        Self::build(files, Vec::new())
    }

    fn build(files: Vec<tree::File>, problems: Vec<Problem>) -> Result<Self, Error> {
        let loaded = Loaded::new(files, problems);
        let problems = Problems::new(loaded.problems);
        if problems.has_errors() {
            return Err(Error::invalid(problems));
        }
        let mut queries = loaded.queries;
        queries.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(Self {
            lookup: queries.iter().map(|query| query.name()).collect(),
            queries,
            warnings: problems,
            hash: Some(loaded.hash),
        })
    }

    /// The query with this full name.
    ///
    /// Costs one hash and one comparison, and allocates nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownQuery`], whose message has the nearest names.
    pub fn get(&self, name: &str) -> Result<&Arc<Query>, Error> {
        self.lookup
            .find(name)
            .and_then(|index| self.queries.get(index))
            .ok_or_else(|| self.unknown(name))
    }

    #[cold]
    fn unknown(&self, name: &str) -> Error {
        let shown: String = name.chars().take(80).collect();
        let near = name::nearest(name, self.names());
        let hint = match (near.as_slice(), self.queries.len()) {
            ([], 0) => "; the repository is empty".to_owned(),
            ([], 1) => "; there is one query, and its name is not similar".to_owned(),
            ([], count) => format!("; none of the {count} queries has a similar name"),
            (near, _) => format!("; did you mean {}?", name::either(near)),
        };
        Error::new(
            ErrorKind::UnknownQuery,
            format!("there is no query `{shown}`{hint}"),
        )
    }

    /// The queries in the order of their names.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<Query>> {
        self.queries.iter()
    }

    /// The full names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().map(|query| query.name())
    }

    /// How many queries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// What the loader noticed and did not refuse.
    #[must_use]
    pub fn warnings(&self) -> &Problems {
        debug_assert!(
            self.warnings
                .iter()
                .all(|p| p.severity() == Severity::Warning)
        );
        &self.warnings
    }

    /// SHA-256 over the names and the contents of all files: two repositories with the same hash hold the same.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.hash.unwrap_or_else(|| ContentHash::of(&[]))
    }
}

impl<'a> IntoIterator for &'a Repository {
    type Item = &'a Arc<Query>;
    type IntoIter = std::slice::Iter<'a, Arc<Query>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What files hold: the queries that can be made of them, and everything that is wrong.
pub(crate) struct Loaded {
    pub(crate) queries: Vec<Arc<Query>>,
    pub(crate) problems: Vec<Problem>,
    hash: ContentHash,
}

impl Loaded {
    pub(crate) fn new(files: Vec<tree::File>, mut problems: Vec<Problem>) -> Self {
        let mut queries: Vec<Arc<Query>> = Vec::new();
        let mut lookup = Lookup::default();
        let mut content = Vec::new();
        for file in files {
            content.extend_from_slice(ContentHash::of(file.relative.as_bytes()).as_bytes());
            content.extend_from_slice(ContentHash::of(file.text.as_bytes()).as_bytes());
            let source = Arc::new(SourceFile::new(file.path, file.text));
            for query in file::queries(&file.relative, &source, &mut problems) {
                if let Some(first) = lookup.find(query.name()).and_then(|i| queries.get(i)) {
                    problems.push(duplicate(&query, first, &source));
                    continue;
                }
                lookup.insert(query.name(), queries.len());
                queries.push(Arc::new(query));
            }
        }
        Self {
            queries,
            problems,
            hash: ContentHash::of(&content),
        }
    }
}

fn duplicate(query: &Query, first: &Query, source: &SourceFile) -> Problem {
    let message = format!("there are two queries `{}`", query.name());
    let elsewhere = format!(
        "the first one is at {}:{}",
        first.file().display(),
        first.line()
    );
    Problem::at(Code::DuplicateName, source, query.name_span(), message).help(elsewhere)
}
