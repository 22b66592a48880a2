//! Where the named queries come from, and what else they need wherever they run.

use std::sync::Arc;

use crdb_sql::{Changes, ReloadingRepository, Repository};

use crate::Error;
use crate::config::keys;

/// The named queries.
pub(crate) enum Names {
    /// Given by code, or none.
    Fixed(Arc<Repository>),
    /// Read from a directory, and again when asked to.
    Directory(ReloadingRepository),
}

/// What queries need, wherever they run.
pub(crate) struct Queries {
    names: Names,
}

impl Queries {
    pub(crate) fn new(names: Names) -> Self {
        Self { names }
    }

    /// The queries as they are now.
    pub(crate) fn snapshot(&self) -> Arc<Repository> {
        match &self.names {
            Names::Fixed(repository) => Arc::clone(repository),
            Names::Directory(repository) => repository.snapshot(),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Result<Arc<crdb_sql::Query>, Error> {
        match &self.names {
            Names::Fixed(repository) if repository.is_empty() => {
                Err(Error::no_queries(name, keys::sql::DIRECTORY))
            }
            Names::Fixed(repository) => Ok(Arc::clone(repository.get(name)?)),
            Names::Directory(repository) => Ok(repository.get(name)?),
        }
    }

    /// Reads the directory again; `None` where there is none.
    pub(crate) fn reload(&self) -> Result<Option<Changes>, Error> {
        match &self.names {
            Names::Fixed(_) => Ok(None),
            Names::Directory(repository) => Ok(Some(repository.reload()?)),
        }
    }
}
