//! The queries of a tree of `.sql` files, by name.

mod embed;
pub(crate) mod file;
mod layout;
mod lookup;
mod reload;
pub(crate) mod tree;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use embed::write_embedded;
pub use layout::Layout;
pub use reload::{Changes, ReloadingRepository};

use crate::error::{Error, ErrorKind};
use crate::name;
use crate::problem::{Code, Problem, Problems, Severity};
use crate::query::{ContentHash, Query};
use crate::source::SourceFile;
#[cfg(feature = "templates")]
use crate::template::Template;
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
    #[cfg(feature = "templates")]
    templates: Vec<Arc<Template>>,
    #[cfg(not(feature = "templates"))]
    templates: Vec<String>,
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
            templates: loaded.templates,
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
        if self.template_names().any(|template| template == name) {
            let message = format!(
                "`{shown}` is a template, which has no text of its own; render it (`Repository::template`)"
            );
            return Error::new(ErrorKind::UnknownQuery, message);
        }
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

    #[cfg(feature = "templates")]
    fn template_names(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().map(|template| template.name())
    }

    #[cfg(not(feature = "templates"))]
    fn template_names(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().map(String::as_str)
    }

    /// The template with this full name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownQuery`], whose message has the nearest names of templates.
    #[cfg(feature = "templates")]
    pub fn template(&self, name: &str) -> Result<&Arc<Template>, Error> {
        let found = self
            .templates
            .iter()
            .find(|template| template.name() == name);
        found.ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            let near = name::nearest(name, self.template_names());
            let hint = match near.as_slice() {
                [] => String::new(),
                near => format!("; did you mean {}?", name::either(near)),
            };
            Error::new(
                ErrorKind::UnknownQuery,
                format!("there is no template `{shown}`{hint}"),
            )
        })
    }

    /// The templates.
    #[cfg(feature = "templates")]
    pub fn templates(&self) -> std::slice::Iter<'_, Arc<Template>> {
        self.templates.iter()
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
    #[cfg(feature = "templates")]
    pub(crate) templates: Vec<Arc<Template>>,
    /// Their names, which a message can mention.
    #[cfg(not(feature = "templates"))]
    templates: Vec<String>,
    pub(crate) problems: Vec<Problem>,
    hash: ContentHash,
}

impl Loaded {
    pub(crate) fn new(files: Vec<tree::File>, mut problems: Vec<Problem>) -> Self {
        let mut queries: Vec<Arc<Query>> = Vec::new();
        let mut templates = Vec::new();
        let mut fragments = BTreeMap::new();
        let mut seen: HashMap<String, (PathBuf, usize)> = HashMap::new();
        let mut content = Vec::new();
        for file in files {
            content.extend_from_slice(ContentHash::of(file.relative.as_bytes()).as_bytes());
            content.extend_from_slice(ContentHash::of(file.text.as_bytes()).as_bytes());
            let source = Arc::new(SourceFile::new(file.path, file.text));
            if tree::is_fragment(&file.relative) {
                fragments.insert(file.relative, source);
                continue;
            }
            for entry in file::entries(&file.relative, &source, &mut problems) {
                let place = (
                    source.path().to_path_buf(),
                    source.position(entry.name_span().start).line,
                );
                if let Some(first) = seen.get(entry.name()) {
                    problems.push(duplicate(&entry, first, &source));
                    continue;
                }
                seen.insert(entry.name().to_owned(), place);
                match entry {
                    file::Entry::Query(query) => queries.push(Arc::new(query)),
                    file::Entry::Template(template) => templates.push(template),
                }
            }
        }
        Self {
            queries,
            #[cfg(feature = "templates")]
            templates: templates
                .into_iter()
                .filter_map(|template| Template::compile(template, &fragments, &mut problems))
                .map(Arc::new)
                .collect(),
            #[cfg(not(feature = "templates"))]
            templates: templates
                .into_iter()
                .map(|template| template.name)
                .collect(),
            problems,
            hash: ContentHash::of(&content),
        }
    }
}

fn duplicate(entry: &file::Entry, (file, line): &(PathBuf, usize), source: &SourceFile) -> Problem {
    let message = format!("there are two queries `{}`", entry.name());
    let elsewhere = format!("the first one is at {}:{line}", file.display());
    Problem::at(Code::DuplicateName, source, entry.name_span(), message).help(elsewhere)
}
