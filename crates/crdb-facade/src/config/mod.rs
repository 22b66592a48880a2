//! One configuration for the whole stack.
//!
//! Sources, each stronger than the one before: defaults, files, the environment, code. Whatever is
//! wrong in any of them is reported at once, with its key, its source and what was expected; a value
//! that a stronger source overrides is checked all the same. [`Config::explain`] lists every key with
//! its value and where it came from, [`Config::fingerprint`] tells whether two deployments agree.
//!
//! ```
//! use crdb_facade::Config;
//! use crdb_facade::config::Format;
//!
//! let error = Config::builder()
//!     .text("crdb.yaml", Format::Yaml, "auth:\n  user: teller\npool:\n  max_sise: 5\n")
//!     .variables([("CRDB_POOL__ACQUIRE_TIMEOUT", "30")])
//!     .build()
//!     .unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "the configuration has 2 mistakes:\n  \
//!      - pool.max_sise (crdb.yaml:4): no such key; did you mean pool.max_size?\n  \
//!      - pool.acquire_timeout (variable CRDB_POOL__ACQUIRE_TIMEOUT): expected a duration above zero, like 30s, found `30`"
//! );
//! ```
//!
//! A file is YAML or TOML. `version: 1` says which form of the configuration it was written for;
//! without it, 1 is meant. Paths in a file are relative to the file's directory, all others to the
//! working directory.

mod builder;
mod check;
mod connection_string;
mod duration;
mod environment;
mod explain;
mod file;
mod key;
pub mod keys;
mod layer;
mod mistake;
mod node;
mod reference;
mod resolve;
mod section;
mod setting;
#[cfg(feature = "toml")]
mod toml;
mod tree;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

pub use builder::ConfigBuilder;
pub use explain::{Explained, Explanation, Fingerprint};
pub use file::Format;
pub use key::Key;
pub use layer::Origin;
pub(crate) use mistake::Mistakes;
pub use mistake::{Mistake, MistakeKind};
pub use node::{Node, ParseNodeError};
pub use reference::{Reference, reference};
pub use section::with_environment;
pub use setting::Setting;

use crate::Error;
use resolve::Resolved;

/// The version of the configuration that this release reads.
pub const VERSION: u32 = 1;

/// A complete, valid configuration.
///
/// Cheap to clone. Printing it (`Debug`) shows [`explain`](Self::explain), with secrets as `***`.
#[derive(Clone)]
pub struct Config {
    values: std::sync::Arc<BTreeMap<&'static str, Resolved>>,
}

impl Config {
    /// Starts from the defaults.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::new()
    }

    /// The usual configuration of a service: the file that the variable `CRDB_CONFIG` names, else
    /// `crdb.yaml`, `crdb.yml` or `crdb.toml` (feature `toml`) in the working directory where there is one; then the environment.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with every mistake.
    pub fn load() -> Result<Self, Error> {
        Self::builder().default_file().environment().build()
    }

    /// The value in force.
    #[must_use]
    pub fn get<T: Setting>(&self, key: Key<T>) -> T {
        resolve::get(&self.values, key)
    }

    /// A path, ready to be opened: one that was written in a file starts at that file's directory.
    #[must_use]
    pub fn path(&self, key: Key<Option<PathBuf>>) -> Option<PathBuf> {
        let path = self.get(key)?;
        let base = self.values.get(key.path()).and_then(Resolved::base);
        Some(base.map_or_else(|| path.clone(), |base| base.join(&path)))
    }

    /// As [`path`](Self::path), for a list in which `word` is no path.
    pub(crate) fn paths(&self, key: Key<Vec<PathBuf>>, word: &str) -> Vec<PathBuf> {
        let base = self.values.get(key.path()).and_then(Resolved::base);
        self.get(key)
            .into_iter()
            .map(|path| match &base {
                Some(base) if path.as_os_str() != word => base.join(path),
                _ => path,
            })
            .collect()
    }

    /// As [`path`](Self::path), for a list that may be left out.
    pub(crate) fn optional_paths(&self, key: Key<Option<Vec<PathBuf>>>) -> Vec<PathBuf> {
        let base = self.values.get(key.path()).and_then(Resolved::base);
        let paths = self.get(key).unwrap_or_default().into_iter();
        match base {
            Some(base) => paths.map(|path| base.join(path)).collect(),
            None => paths.collect(),
        }
    }

    /// Whether messages may show the value: not that of a secret, and not what stands where a secret's file belongs and
    /// leads nowhere.
    pub(crate) fn may_show(&self, path: &str) -> bool {
        self.values
            .get(path)
            .is_some_and(|resolved| explain::may_show(path, resolved))
    }

    /// The user and the database as messages show them.
    pub(crate) fn shown_names(&self) -> (String, String) {
        let user = crdb_auth::shown::user(&self.get(keys::auth::USER)).into_owned();
        let database = self.get(keys::auth::DATABASE);
        (user, crdb_auth::shown::database(&database).to_owned())
    }

    /// Where the value in force was written.
    #[must_use]
    pub fn origin<T: Setting>(&self, key: Key<T>) -> &Origin {
        self.values
            .get(key.path())
            .map_or(&Origin::Default, |resolved| &resolved.origin)
    }

    /// Every key with its value and where it came from. Secrets are `***`.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation::new(&self.values)
    }

    /// A hash over everything that is in force, except secrets: the same for two configurations that
    /// mean the same, however and wherever they are written.
    ///
    /// It covers the keys that this release knows, so compare deployments of one release.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(&self.values)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for line in self.explain().iter() {
            map.entry(&line.key(), &line.value());
        }
        map.finish()
    }
}
