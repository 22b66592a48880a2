//! Collects the sources.

use std::ffi::OsString;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::value::Value;

use super::environment::FILE_VARIABLE;
use super::file::{self, Format};
use super::key::{Key, variable_of};
use super::layer::{Layer, Origin, Source};
use super::mistake::{Mistake, MistakeKind, Mistakes};
use super::setting::Setting;
use super::{Config, check, connection_string, environment, keys, resolve};
use crate::Error;

/// Builds a [`Config`]. The order of the calls does not matter, except among files: files are weaker
/// than the environment, the environment is weaker than code, a later file is stronger than an earlier one.
#[derive(Clone)]
pub struct ConfigBuilder {
    files: Vec<Layer>,
    environment: Layer,
    code: Layer,
    mistakes: Vec<Mistake>,
}

impl ConfigBuilder {
    pub(super) fn new() -> Self {
        Self {
            files: Vec::new(),
            environment: Layer::new(Source::Environment),
            code: Layer::new(Source::Code),
            mistakes: Vec::new(),
        }
    }

    /// Adds a file, read now. It must be there; see [`default_file`](Self::default_file) for one that need not be.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        match file::read(path.as_ref()) {
            Ok(layer) => self.files.push(layer),
            Err(mistake) => self.mistakes.push(*mistake),
        }
        self
    }

    /// Adds text as if it stood in a file of this name, for configurations that are compiled in.
    #[must_use]
    pub fn text(mut self, name: impl AsRef<Path>, format: Format, text: &str) -> Self {
        match file::parse(name.as_ref(), format, text) {
            Ok(layer) => self.files.push(layer),
            Err(mistake) => self.mistakes.push(*mistake),
        }
        self
    }

    /// Adds a source as strong as a file.
    pub(super) fn layer(mut self, layer: Layer) -> Self {
        self.files.push(layer);
        self
    }

    /// Adds the file that [`Config::load`] reads, where there is one.
    #[must_use]
    pub fn default_file(self) -> Self {
        if let Some(path) = std::env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty()) {
            return self.file(PathBuf::from(path));
        }
        match ["crdb.yaml", "crdb.yml", "crdb.toml"]
            .iter()
            .find(|path| Path::new(path).exists())
        {
            Some(path) => self.file(path),
            None => self,
        }
    }

    /// Adds the process's variables that begin with `CRDB_`. `__` separates levels: `CRDB_POOL__MAX_SIZE`.
    #[must_use]
    pub fn environment(self) -> Self {
        self.variables(std::env::vars_os())
    }

    /// Adds variables from elsewhere, by the rules of [`environment`](Self::environment).
    #[must_use]
    pub fn variables<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let (layer, mistakes) = environment::read(variables);
        self.environment = layer;
        self.mistakes.extend(mistakes);
        self
    }

    /// Sets a key in code.
    ///
    /// ```
    /// use std::time::Duration;
    /// use crdb_facade::Config;
    /// use crdb_facade::config::{Node, keys};
    ///
    /// let config = Config::builder()
    ///     .set(keys::auth::NODES, [Node::new("db-1.example", 26257)])
    ///     .set(keys::auth::USER, "teller")
    ///     .set(keys::pool::MAX_SIZE, 32_u32)
    ///     .set(keys::exec::TIMEOUT, Duration::from_secs(5))
    ///     .build()?;
    /// assert_eq!(config.get(keys::pool::MAX_SIZE), 32);
    /// # Ok::<(), crdb_facade::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn set<T: Setting>(mut self, key: Key<T>, value: impl Into<T>) -> Self {
        self.put(key.path(), value.into().value());
        self
    }

    /// Sets a key in code by its path and text. What is wrong with either is reported by [`build`](Self::build).
    #[must_use]
    #[track_caller]
    pub fn set_text(mut self, path: &str, text: &str) -> Self {
        self.put(path, Value::from(text));
        self
    }

    /// As [`set_text`](Self::set_text), for what a command line says: mistakes and [`explain`](super::Config::explain) name
    /// the command line.
    #[must_use]
    pub fn argument(mut self, path: &str, text: &str) -> Self {
        self.code.insert(path, Value::from(text));
        self.code.places.insert(path.to_owned(), Origin::Argument);
        self
    }

    #[track_caller]
    fn put(&mut self, path: &str, value: Value) {
        self.code.insert(path, value);
        let place = Origin::Code(Location::caller());
        self.code.places.insert(path.to_owned(), place);
    }

    /// Checks every source, then joins them.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with every
    /// [mistake](crate::Error::mistakes) of every source.
    pub fn build(self) -> Result<Config, Error> {
        let mut mistakes = self.mistakes;
        let mut layers = vec![resolve::defaults()];
        for layer in self.files.into_iter().chain([self.environment, self.code]) {
            match connection_string::expand(&layer) {
                Some(Ok(expanded)) => layers.push(expanded),
                Some(Err(mistake)) => mistakes.push(*mistake),
                None => {}
            }
            layers.push(layer);
        }
        for layer in &layers {
            mistakes.extend(check::layer(layer));
        }
        let (values, unresolved) = resolve::merge(&layers);
        let missed = Missed::of(&mistakes);
        mistakes.extend(
            unresolved
                .into_iter()
                .filter(|mistake| !missed.explains(mistake)),
        );
        if mistakes.is_empty() {
            Ok(Config {
                values: Arc::new(values),
            })
        } else {
            Err(Error::configuration(Mistakes(mistakes)))
        }
    }
}

/// What could not be taken from the sources, so that nothing is said about what it would have brought.
struct Missed {
    /// A whole source.
    source: bool,
    keys: Vec<String>,
}

impl Missed {
    fn of(mistakes: &[Mistake]) -> Self {
        Self {
            source: mistakes
                .iter()
                .any(|mistake| mistake.kind().is_of_a_whole_source()),
            // A key that does not exist was meant for one of its nearest.
            keys: mistakes
                .iter()
                .flat_map(|mistake| {
                    let meant = mistake.nearest().iter().map(String::as_str);
                    std::iter::once(mistake.key()).chain(meant)
                })
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Whether a mistake in the whole may be nothing but the trace of an earlier one.
    fn explains(&self, mistake: &Mistake) -> bool {
        let is_about_values = mistake.kind() == MistakeKind::Missing || mistake.other().is_some();
        is_about_values
            && (self.source
                || [Some(mistake.key()), mistake.other()]
                    .into_iter()
                    .flatten()
                    .any(|key| self.has(key)))
    }

    /// Whether this key was, or may have been, in what was missed: by its name or its variable, in its section, or in a connection
    /// string, which stands for keys of its section.
    fn has(&self, key: &str) -> bool {
        let url = keys::auth::URL.path();
        let section = key.split('.').next();
        let is_beside_url = section == url.split('.').next();
        let is = |missed: &str, key: &str| missed == key || missed == variable_of(key);
        self.keys.iter().any(|missed| {
            is(missed, key)
                || (is(missed, url) && is_beside_url)
                || key
                    .strip_prefix(missed.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

impl std::fmt::Debug for ConfigBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigBuilder")
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}
