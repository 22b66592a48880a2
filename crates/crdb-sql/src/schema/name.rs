//! Which object a name means.

use std::ops::Range;

use crate::dialect::ast::{Ident, ObjectName};

/// Where unqualified names are made and looked for, unless `search_path` says otherwise.
pub(super) const PUBLIC: &str = "public";

/// An object's full name. Ordered by the first word of its last part, then by that part: all objects of one name stand
/// together, and all that a text may mention with one of its words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    word: String,
    pub(super) name: String,
    pub(super) schema: String,
    /// Only where a file says it.
    pub(super) database: Option<String>,
}

impl Key {
    /// The name of what a statement makes while `schema` is first on the search path.
    pub(super) fn made(name: &ObjectName, schema: &str) -> Self {
        let parts = parts(name);
        let at = |back: usize| {
            let index = parts.len().checked_sub(back)?;
            parts.get(index).map(|part| (*part).to_owned())
        };
        let name = at(1).unwrap_or_default();
        Self {
            word: first_word(&name),
            name,
            schema: at(2).unwrap_or_else(|| schema.to_owned()),
            database: at(3),
        }
    }

    /// This object under another last part.
    pub(super) fn renamed(&self, name: &str) -> Self {
        Self {
            word: first_word(name),
            name: name.to_owned(),
            ..self.clone()
        }
    }

    /// This object in another schema.
    pub(super) fn moved(&self, schema: &str) -> Self {
        Self {
            schema: schema.to_owned(),
            ..self.clone()
        }
    }
}

pub(super) fn parts(name: &ObjectName) -> Vec<&str> {
    name.parts.iter().map(Ident::value).collect()
}

/// The keys of all objects whose last part is `name`.
pub(super) fn range(name: &str) -> Range<Key> {
    let first = |next: String| Key {
        word: first_word(name),
        name: next,
        schema: String::new(),
        database: None,
    };
    first(name.to_owned())..first(format!("{name}\0"))
}

/// The keys of all objects of which a text has the first word.
fn range_of_word(word: &str) -> Range<Key> {
    let first = |word: String| Key {
        word,
        name: String::new(),
        schema: String::new(),
        database: None,
    };
    first(word.to_owned())..first(format!("{word}\0"))
}

fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
}

fn first_word(name: &str) -> String {
    let lower = name.to_lowercase();
    words(&lower).next().unwrap_or("").to_owned()
}

/// The names that stand in a text, whatever it means.
pub(super) struct Mentioned {
    lower: String,
    ranges: Vec<Range<Key>>,
}

impl Mentioned {
    pub(super) fn in_text(text: &str) -> Self {
        let lower = text.to_lowercase();
        let mut all: Vec<&str> = words(&lower).filter(|word| !word.is_empty()).collect();
        all.sort_unstable();
        all.dedup();
        // The empty word is that of a name that begins with another character.
        let ranges = all.into_iter().chain([""]).map(range_of_word).collect();
        Self { lower, ranges }
    }

    /// Where to look for objects that have such a name; [`has`](Self::has) says which of them do.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<Key>> {
        self.ranges.iter().cloned()
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        let name = key.name.to_lowercase();
        name == key.word || self.lower.contains(&name)
    }
}

/// Which of the objects with one last part `parts` mean; `None` where it is ambiguous.
///
/// CockroachDB reads `a.t` as the table of schema `a`, and where there is none, as that of database `a`.
pub(super) fn choose<'k>(named: impl Iterator<Item = &'k Key>, parts: &[&str]) -> Option<&'k Key> {
    let (_, qualifiers) = parts.split_last()?;
    let named: Vec<&Key> = named.collect();
    let only = |fits: &dyn Fn(&Key) -> bool| {
        let mut fitting = named.iter().copied().filter(|key| fits(key));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    match qualifiers {
        [] => match named.as_slice() {
            [key] => Some(*key),
            _ => only(&|key| key.schema == PUBLIC),
        },
        [one] => {
            if named.iter().any(|key| key.schema == **one) {
                return only(&|key| key.schema == **one);
            }
            only(&|key| key.schema == PUBLIC && key.database.as_deref() == Some(*one))
        }
        [database, schema] => only(&|key| {
            key.schema == **schema
                && key
                    .database
                    .as_deref()
                    .is_none_or(|known| known == *database)
        })
        .or_else(|| {
            // A file that says `database.table`.
            only(&|key| **schema == *PUBLIC && key.schema == **database && key.database.is_none())
        }),
        _ => None,
    }
}
