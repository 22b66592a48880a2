//! A repository that follows its files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Repository;
use crate::error::Error;
use crate::query::Query;

/// A [`Repository`] whose content can be replaced while it is in use.
///
/// Readers never wait: a reload builds the new repository aside and swaps it in whole, or keeps the old one when the
/// new one has a problem. A query that a caller already holds stays as it was.
#[derive(Debug)]
pub struct ReloadingRepository {
    directory: PathBuf,
    current: ArcSwap<Repository>,
}

/// What a reload changed, by full name in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Queries that were not there before.
    pub added: Vec<String>,
    /// Queries whose text or header is another.
    pub changed: Vec<String>,
    /// Queries that are gone.
    pub removed: Vec<String>,
}

impl Changes {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    fn between(old: &Repository, new: &Repository) -> Self {
        let mut changes = Self::default();
        for query in new {
            match old.get(query.name()) {
                Ok(before) if before.same_meaning(query) => {}
                Ok(_) => changes.changed.push(query.name().to_owned()),
                Err(_) => changes.added.push(query.name().to_owned()),
            }
        }
        let gone = old.names().filter(|name| new.get(name).is_err());
        changes.removed.extend(gone.map(str::to_owned));
        changes
    }
}

impl ReloadingRepository {
    /// Loads a directory as [`Repository::load`] does, and remembers where it is.
    ///
    /// # Errors
    ///
    /// As [`Repository::load`].
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let repository = Repository::load(directory.as_ref())?;
        Ok(Self {
            directory: directory.as_ref().to_path_buf(),
            current: ArcSwap::from_pointee(repository),
        })
    }

    /// The query with this full name, as it is now.
    ///
    /// # Errors
    ///
    /// As [`Repository::get`].
    pub fn get(&self, name: &str) -> Result<Arc<Query>, Error> {
        self.current.load().get(name).cloned()
    }

    /// The whole repository as it is now. A later reload does not change what this returned.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Repository> {
        self.current.load_full()
    }

    /// Reads the directory again and swaps the result in.
    ///
    /// # Errors
    ///
    /// As [`Repository::load`]; then the old queries stay in use.
    pub fn reload(&self) -> Result<Changes, Error> {
        let new = Arc::new(Repository::load(&self.directory)?);
        let old = self.current.swap(Arc::clone(&new));
        Ok(Changes::between(&old, &new))
    }
}
