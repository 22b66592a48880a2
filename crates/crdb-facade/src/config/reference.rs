//! The list of all keys, for documentation and tools.

use super::key::{AnyKey, variable_of};
use super::{keys, setting};

/// What there is to know about a key.
#[derive(Clone, Debug)]
pub struct Reference {
    key: &'static str,
    about: String,
    expected: &'static str,
    default: Default,
}

#[derive(Clone, Debug)]
enum Default {
    Required,
    Unset,
    Text(String),
}

impl Reference {
    fn of(key: &dyn AnyKey) -> Self {
        let default = key.default_value().map_or(Default::Required, |value| {
            setting::scalar(&value).map_or(Default::Unset, Default::Text)
        });
        Self {
            key: key.path(),
            about: key.about().trim().to_owned(),
            expected: key.expected(),
            default,
        }
    }

    /// The path in a file.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The variable in the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        variable_of(self.key)
    }

    /// What it is for.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.about
    }

    /// What it takes.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// Its default, as it would be written; `None` where it is unset or has to be set.
    #[must_use]
    pub fn default(&self) -> Option<&str> {
        match &self.default {
            Default::Text(text) => Some(text),
            Default::Required | Default::Unset => None,
        }
    }

    /// Whether a configuration without it is incomplete.
    #[must_use]
    pub fn is_required(&self) -> bool {
        matches!(self.default, Default::Required)
    }
}

/// Every key, section by section.
pub fn reference() -> impl Iterator<Item = Reference> {
    keys::all().map(Reference::of)
}
