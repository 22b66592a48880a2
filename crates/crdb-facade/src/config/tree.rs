//! What a configuration file says: a tree that remembers its lines.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};

/// Why a file cannot be read, and on which line.
pub(super) struct Syntax {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

#[derive(Clone)]
pub(super) enum Tree {
    Leaf(Value),
    Table(Vec<Entry>),
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) value: Tree,
}

/// The values, and on which line the name of each stands.
pub(super) fn dict(entries: Vec<Entry>, prefix: &str, lines: &mut BTreeMap<String, usize>) -> Dict {
    let mut dict = Dict::new();
    for Entry { name, line, value } in entries {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        let value = match value {
            Tree::Leaf(value) => value,
            Tree::Table(below) => Value::from(self::dict(below, &path, lines)),
        };
        lines.insert(path, line);
        dict.insert(name, value);
    }
    dict
}

impl Tree {
    /// For places where lines no longer matter.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Table(entries) => Value::from(dict(entries, "", &mut BTreeMap::new())),
        }
    }
}
