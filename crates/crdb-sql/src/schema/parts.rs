//! Indexes, keys and foreign keys of one table.

use std::collections::{BTreeSet, HashMap};

use super::{ForeignKey, Index};

/// What belongs to a table, may have a name, and is of columns.
pub(super) trait Part {
    /// How it is called; `None` where it has no name that is known.
    fn called(&self) -> Option<Called>;
    fn set_name(&mut self, name: &str);
    /// The names of the columns that it cannot be without.
    fn columns(&self) -> impl Iterator<Item = &String>;
    fn columns_mut(&mut self) -> impl Iterator<Item = &mut String>;
    fn is_primary(&self) -> bool {
        false
    }
}

/// By what a part is found. It does not hold the table's name, which may change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Called {
    /// A name that was given.
    Named(String),
    /// The engines' name of a primary key without one: `primary` or `TABLE_pkey`.
    Primary,
    /// Their names of another index without one: `TABLE_COLUMNS_key` or `TABLE_COLUMNS_idx`, by the columns.
    Of(String),
}

impl Called {
    /// Everything that may be meant by a name.
    fn by(name: &str, table: &str) -> Vec<Self> {
        let mut all = vec![Self::Named(name.to_owned())];
        let rest = name
            .strip_prefix(table)
            .and_then(|rest| rest.strip_prefix('_'));
        if name == "primary" || rest == Some("pkey") {
            all.push(Self::Primary);
        }
        let columns = rest.and_then(|rest| {
            rest.strip_suffix("_key")
                .or_else(|| rest.strip_suffix("_idx"))
        });
        all.extend(columns.map(|columns| Self::Of(columns.to_owned())));
        all
    }
}

/// Parts of a table in order.
///
/// Each of many changes costs the same: what is removed keeps its place, and what was found is found again by a table, until
/// [`settle`](Self::settle).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts<T> {
    all: Vec<T>,
    lookup: Option<Box<Lookup>>,
}

/// Where parts are found. Places that no longer fit stay in it until they are met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lookup {
    gone: BTreeSet<usize>,
    called: HashMap<Called, Vec<usize>>,
    of: HashMap<String, Vec<usize>>,
    primary: Vec<usize>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            lookup: None,
        }
    }
}

impl Lookup {
    fn add(&mut self, place: usize, part: &impl Part) {
        if let Some(called) = part.called() {
            self.called.entry(called).or_default().push(place);
        }
        for column in part.columns() {
            self.of.entry(column.clone()).or_default().push(place);
        }
        if part.is_primary() {
            self.primary.push(place);
        }
    }
}

impl<T: Part> Parts<T> {
    /// All of them, once they have been [settled](Self::settle).
    pub(super) fn as_slice(&self) -> &[T] {
        debug_assert!(self.lookup.is_none(), "removed parts are still there");
        &self.all
    }

    pub(super) fn push(&mut self, part: T) {
        if let Some(lookup) = &mut self.lookup {
            lookup.add(self.all.len(), &part);
        }
        self.all.push(part);
    }

    fn lookup(&mut self) -> &mut Lookup {
        self.lookup.get_or_insert_with(|| {
            let mut lookup = Lookup::default();
            for (place, part) in self.all.iter().enumerate() {
                lookup.add(place, part);
            }
            Box::new(lookup)
        })
    }

    /// Takes out of the lookup the places of what is called so.
    fn take(&mut self, called: &Called) -> Vec<usize> {
        let places = self.lookup().called.remove(called).unwrap_or_default();
        self.still(places, |part| part.called().as_ref() == Some(called))
    }

    /// Those of the places that still fit.
    fn still(&mut self, mut places: Vec<usize>, fits: impl Fn(&T) -> bool) -> Vec<usize> {
        let lookup = self.lookup.get_or_insert_default();
        places.retain(|place| {
            !lookup.gone.contains(place) && self.all.get(*place).is_some_and(&fits)
        });
        places
    }

    /// Whether one was given this name.
    pub(super) fn has(&mut self, name: &str) -> bool {
        let called = Called::Named(name.to_owned());
        let places = self.take(&called);
        let found = !places.is_empty();
        if found {
            self.lookup().called.insert(called, places);
        }
        found
    }

    /// Removes what a name means.
    pub(super) fn remove(&mut self, name: &str, table: &str) {
        for called in Called::by(name, table) {
            let places = self.take(&called);
            self.lookup().gone.extend(places);
        }
    }

    /// Gives what a name means another one.
    pub(super) fn rename(&mut self, name: &str, table: &str, new: &str) {
        for called in Called::by(name, table) {
            let places = self.take(&called);
            for &place in &places {
                if let Some(part) = self.all.get_mut(place) {
                    part.set_name(new);
                }
            }
            let called = Called::Named(new.to_owned());
            self.lookup()
                .called
                .entry(called)
                .or_default()
                .extend(places);
        }
    }

    /// Removes everything that is of a column.
    pub(super) fn remove_of(&mut self, column: &str) {
        let places = self.lookup().of.remove(column).unwrap_or_default();
        let places = self.still(places, |part| part.columns().any(|name| name == column));
        self.lookup().gone.extend(places);
    }

    /// Follows a column to its new name.
    pub(super) fn rename_column(&mut self, old: &str, new: &str) {
        let places = self.lookup().of.remove(old).unwrap_or_default();
        for place in self.still(places, |part| part.columns().any(|name| name == old)) {
            self.change(place, |part| {
                for name in part.columns_mut().filter(|name| *name == old) {
                    new.clone_into(name);
                }
            });
        }
    }

    /// Changes a part, which is then found by what it has become.
    fn change(&mut self, place: usize, change: impl FnOnce(&mut T)) {
        if let Some(part) = self.all.get_mut(place) {
            change(part);
            if let Some(lookup) = &mut self.lookup {
                lookup.add(place, part);
            }
        }
    }

    /// Lets go of what was removed.
    pub(super) fn settle(&mut self) {
        if let Some(lookup) = self.lookup.take() {
            keep(&mut self.all, &lookup.gone);
        }
    }
}

impl Parts<Index> {
    /// A changed primary key leaves the old one behind as a unique index.
    pub(super) fn demote_primary(&mut self) {
        let places = std::mem::take(&mut self.lookup().primary);
        for place in self.still(places, |index| index.primary) {
            self.change(place, |index| index.primary = false);
        }
    }
}

/// Keeps what is not at these places.
pub(super) fn keep<T>(all: &mut Vec<T>, gone: &BTreeSet<usize>) {
    let mut place = 0..;
    all.retain(|_| place.next().is_none_or(|place| !gone.contains(&place)));
}

impl Part for Index {
    fn called(&self) -> Option<Called> {
        Some(match &self.name {
            Some(name) => Called::Named(name.clone()),
            None if self.primary => Called::Primary,
            None => Called::Of(self.columns.join("_")),
        })
    }

    fn set_name(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    fn columns(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().chain(&self.storing)
    }

    fn columns_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.columns.iter_mut().chain(&mut self.storing)
    }

    fn is_primary(&self) -> bool {
        self.primary
    }
}

impl Part for ForeignKey {
    fn called(&self) -> Option<Called> {
        self.name.clone().map(Called::Named)
    }

    fn set_name(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    fn columns(&self) -> impl Iterator<Item = &String> {
        self.columns.iter()
    }

    fn columns_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.columns.iter_mut()
    }
}
