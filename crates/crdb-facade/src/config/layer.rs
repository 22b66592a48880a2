//! One source of settings, as figment merges it: the values, and where each was written.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::path::PathBuf;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::key::{AnyKey, variable_of};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In a file, and on which line where that is known.
    File {
        /// The path as it was given.
        path: PathBuf,
        /// Counted from 1.
        line: Option<usize>,
    },
    /// In a section of a configuration of the user's own.
    Section,
    /// In this variable of the environment.
    Variable(String),
    /// In code, at this place.
    Code(&'static Location<'static>),
    /// In an argument of a command line.
    Argument,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Section => f.write_str("section"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Code(place) => write!(f, "code at {}:{}", place.file(), place.line()),
            Self::Argument => f.write_str("command line"),
        }
    }
}

/// The kind of a layer. The order is the strength: what comes later wins.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Defaults,
    File(PathBuf),
    Section,
    Environment,
    Code,
}

/// One source with all of its values.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) values: Dict,
    /// Lines of a file, by path.
    pub(super) lines: BTreeMap<String, usize>,
    /// Places in code and arguments, by path.
    pub(super) places: BTreeMap<String, Origin>,
    /// How the environment spelled a path, where that differs from the rule.
    pub(super) variables: BTreeMap<String, String>,
    /// The key whose value spells all of these, for a layer that was made of one.
    pub(super) spelled_in: Option<&'static str>,
}

impl Layer {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            values: Dict::new(),
            lines: BTreeMap::new(),
            places: BTreeMap::new(),
            variables: BTreeMap::new(),
            spelled_in: None,
        }
    }

    /// Puts a value at a path with dots. A scalar in the way gives place.
    pub(super) fn insert(&mut self, path: &str, value: Value) {
        let mut table = &mut self.values;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                table.insert(name.to_owned(), value);
                return;
            }
            let below = table
                .entry(name.to_owned())
                .or_insert_with(|| Value::from(Dict::new()));
            if !matches!(below, Value::Dict(..)) {
                *below = Value::from(Dict::new());
            }
            let Value::Dict(_, next) = below else { return };
            table = next;
        }
    }

    /// The value at a path with dots.
    pub(super) fn find(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let value = self.values.get(first)?;
        if rest.is_empty() {
            Some(value)
        } else {
            value.find_ref(rest)
        }
    }

    /// Where a part of the table at `path` was written.
    fn below(&self, path: &str) -> Option<&Origin> {
        let (_, place) = self
            .places
            .range(format!("{path}.")..)
            .next()
            .filter(|(below, _)| below.starts_with(&format!("{path}.")))?;
        Some(place)
    }

    /// Whether a file or a section has the key and no value for it. Code leaves a key unset in this way.
    pub(super) fn is_unwritten(&self, key: &dyn AnyKey, value: &Value) -> bool {
        matches!(self.source, Source::File(_) | Source::Section)
            && matches!(value, Value::Empty(..))
            && !key.is_table()
    }

    /// Where the value at `path` was written: the entry itself, or the nearest one above it.
    pub(super) fn origin(&self, path: &str) -> Origin {
        let path = self.spelled_in.unwrap_or(path);
        match &self.source {
            Source::Defaults => Origin::Default,
            Source::File(file) => Origin::File {
                path: file.clone(),
                line: above(path).find_map(|p| self.lines.get(p).copied()),
            },
            Source::Section => Origin::Section,
            Source::Environment => Origin::Variable(
                self.variables
                    .get(path)
                    .cloned()
                    .unwrap_or_else(|| variable_of(path)),
            ),
            Source::Code => above(path)
                .find_map(|p| self.places.get(p))
                .or_else(|| self.below(path))
                .cloned()
                .unwrap_or(Origin::Default),
        }
    }
}

/// `a.b.c`, `a.b`, `a`.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        path.rsplit_once('.').map(|(above, _)| above)
    })
}

/// The values of a layer under the number by which its values are found again after the merge.
pub(super) struct Numbered(pub(super) usize, pub(super) Dict);

impl Provider for Numbered {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.1.clone()))
    }
}
