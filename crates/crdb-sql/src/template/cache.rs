//! Rendered statements that have been seen before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::query::Query;

/// What a rendered text depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    /// One bit a switch.
    pub(super) on: u32,
    /// One for each identifier of the header.
    pub(super) identifiers: Vec<Chosen>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Chosen {
    /// The place in the allow-list.
    Listed(usize),
    /// The name that a caller gave.
    Checked(Box<str>),
}

/// How many statements a template remembers. A template with allow-lists rarely has as many; one with checked identifiers
/// forgets all of them when it is full, and begins anew.
const CAPACITY: usize = 256;

/// Statements by selection, and by text: two selections can give the same text, which is parsed once.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_selection: HashMap<Selection, Arc<Query>>,
    by_text: HashMap<Arc<str>, Arc<Query>>,
}

impl Cache {
    pub(super) fn get(&self, selection: &Selection) -> Option<Arc<Query>> {
        self.entries(|entries| entries.by_selection.get(selection).cloned())
    }

    /// The statement of a rendered text, parsed by `parse` unless its text has been seen.
    pub(super) fn insert<E>(
        &self,
        selection: Selection,
        text: &str,
        parse: impl FnOnce() -> Result<Query, E>,
    ) -> Result<Arc<Query>, E> {
        let known = self.entries(|entries| entries.by_text.get(text).cloned());
        let query = match known {
            Some(query) => query,
            None => Arc::new(parse()?),
        };
        self.entries(|entries| {
            if entries.by_selection.len() >= CAPACITY {
                entries.by_selection.clear();
                entries.by_text.clear();
            }
            entries.by_text.insert(text.into(), Arc::clone(&query));
            entries.by_selection.insert(selection, Arc::clone(&query));
        });
        Ok(query)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries(|entries| entries.by_selection.len())
    }

    fn entries<T>(&self, run: impl FnOnce(&mut Entries) -> T) -> T {
        // Nothing in here is left half done by a panic.
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::CAPACITY;
    use crate::{Argument, Repository};

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let text = "-- name: q :many\n-- template: select\n-- ident column: checked\nSELECT {{ column }} FROM t";
        let repository = Repository::from_embedded(&[("a.sql", text)]).expect("a good template");
        let template = repository.template("a.q").expect("there");
        for number in 0..3 * CAPACITY {
            let name = format!("c{number}");
            let rendered = template.render::<str>(&[("column", Argument::Identifier(&name))]);
            assert_eq!(
                rendered.expect("rendered").text(),
                format!("SELECT \"{name}\" FROM t")
            );
            assert!(template.cache.len() <= CAPACITY);
        }
        assert!(template.cache.len() > 0);
    }
}
