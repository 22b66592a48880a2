//! A key of the configuration: its path, type, default and bounds, in one value.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use figment::value::{Empty, Tag, Value};

use super::setting::Setting;

/// One key of the configuration, with the type of its value.
///
/// All keys are constants in [`keys`](super::keys). A key names its value in code
/// ([`Config::get`](super::Config::get), [`ConfigBuilder::set`](super::ConfigBuilder::set)), in a file
/// (`pool.max_size` is `max_size` in the section `pool`), and in the environment
/// (`CRDB_POOL__MAX_SIZE`).
pub struct Key<T> {
    path: &'static str,
    about: &'static str,
    default: Presence<T>,
    expected: Option<&'static str>,
    accept: fn(&T) -> bool,
}

enum Presence<T> {
    Required,
    Unset,
    Default(&'static str),
    OfLayer(fn() -> T),
}

impl<T> Clone for Presence<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Presence<T> {}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> Key<T> {
    /// A key that has to be set.
    pub(super) const fn required(path: &'static str, about: &'static str) -> Self {
        Self {
            path,
            about,
            default: Presence::Required,
            expected: None,
            accept: |_| true,
        }
    }

    /// A key that may stay unset, and does by default.
    pub(super) const fn unset(path: &'static str, about: &'static str) -> Self {
        Self {
            path,
            about,
            default: Presence::Unset,
            expected: None,
            accept: |_| true,
        }
    }

    /// A key with a default, written as it would be in a file.
    pub(super) const fn default(
        path: &'static str,
        about: &'static str,
        default: &'static str,
    ) -> Self {
        Self {
            path,
            about,
            default: Presence::Default(default),
            expected: None,
            accept: |_| true,
        }
    }

    /// A key with the default of the layer that it configures.
    pub(super) const fn of_layer(
        path: &'static str,
        about: &'static str,
        default: fn() -> T,
    ) -> Self {
        Self {
            path,
            about,
            default: Presence::OfLayer(default),
            expected: None,
            accept: |_| true,
        }
    }

    /// Narrows the values. `expected` completes "expected ..".
    pub(super) const fn only(mut self, expected: &'static str, accept: fn(&T) -> bool) -> Self {
        self.expected = Some(expected);
        self.accept = accept;
        self
    }

    /// The path in a file, such as `pool.max_size`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}

impl<T> fmt::Display for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}

/// A value that was read, with its canonical text.
#[derive(Clone)]
pub(super) struct Read {
    pub(super) value: Arc<dyn Any + Send + Sync>,
    pub(super) text: String,
}

/// A key without its type, as the catalogue holds it.
pub(super) trait AnyKey: Sync {
    fn path(&self) -> &'static str;
    fn about(&self) -> &'static str;
    /// `None`: the key is required.
    fn default_value(&self) -> Option<Value>;
    /// Whether the default is written out here, not taken from the layer that the key configures.
    #[cfg(test)]
    fn has_own_default(&self) -> bool;
    fn expected(&self) -> &'static str;
    fn is_secret(&self) -> bool;
    /// Whether it holds names of the user's own, so that it looks like a section.
    fn is_table(&self) -> bool;
    /// Of a list: the index of the first item that it does not take, counted from 0.
    fn bad_item(&self, value: &Value) -> Option<usize>;
    /// `None`: not what is [`expected`](Self::expected).
    fn read(&self, value: &Value) -> Option<Read>;
}

impl<T: Setting> AnyKey for Key<T> {
    fn path(&self) -> &'static str {
        self.path
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn default_value(&self) -> Option<Value> {
        match self.default {
            Presence::Required => None,
            Presence::Unset => Some(Value::Empty(Tag::Default, Empty::Unit)),
            Presence::Default(text) => Some(Value::from(text)),
            Presence::OfLayer(default) => Some(Value::from(default().write())),
        }
    }

    #[cfg(test)]
    fn has_own_default(&self) -> bool {
        matches!(self.default, Presence::Default(_))
    }

    fn expected(&self) -> &'static str {
        self.expected.unwrap_or(T::EXPECTED)
    }

    fn is_secret(&self) -> bool {
        T::SECRET
    }

    fn is_table(&self) -> bool {
        T::IS_TABLE
    }

    fn bad_item(&self, value: &Value) -> Option<usize> {
        T::bad_item(value)
    }

    fn read(&self, value: &Value) -> Option<Read> {
        let read = T::read(value).filter(self.accept)?;
        let text = read.write();
        Some(Read {
            value: Arc::new(read),
            text,
        })
    }
}

/// `pool.max_size` as the environment spells it: `CRDB_POOL__MAX_SIZE`.
pub(super) fn variable_of(path: &str) -> String {
    format!("CRDB_{}", path.replace('.', "__").to_ascii_uppercase())
}
