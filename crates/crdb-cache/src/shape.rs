//! What is known of a statement for one identity, and the identity of its readers.

use crate::clock::Moment;
use crate::feed::Feed;
use crate::identity::Identity;
use crate::parameters::Sent;
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Statements that one scope knows at most. A service has hundreds.
const MOST_SHAPES: usize = 10_000;

/// A statement, and what has been learned of it.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) id: u64,
    state: OnceLock<State>,
    /// The latest event that makes entries from before it useless.
    floor: AtomicU64,
    /// When a load that found its tables unaltered began.
    verified: Mutex<Option<Moment>>,
}

/// What has been learned of a statement.
#[derive(Debug)]
pub(crate) enum State {
    /// Its answers may be kept.
    Known(Known),
    /// They may not.
    Refused {
        why: Arc<str>,
        /// When that was learned. Tables, views and functions change.
        since: Moment,
    },
}

/// What a key and a load need.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) sent: Box<[Sent]>,
    /// The tables that it reads, views followed: `schema.table`.
    pub(crate) tables: Box<[String]>,
    /// The feed that reports changes in all of them, where there is one.
    pub(crate) feed: Option<Arc<Feed>>,
    /// Everything about them that its answer's form depends on.
    pub(crate) fingerprint: String,
}

impl Shape {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            state: OnceLock::new(),
            floor: AtomicU64::new(0),
            verified: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> Option<&State> {
        self.state.get()
    }

    /// Learns it. The first to do so is believed.
    pub(crate) fn learn(&self, state: State) {
        let _first = self.state.set(state);
    }

    pub(crate) fn floor(&self) -> u64 {
        self.floor.load(Ordering::Acquire)
    }

    /// Makes all entries useless that were loaded before this event.
    pub(crate) fn invalidate(&self, sequence: u64) {
        self.floor.fetch_max(sequence, Ordering::AcqRel);
    }

    /// A load that began then has found the tables as they are known.
    pub(crate) fn verify(&self, began: Moment) {
        let mut verified = self.verified.lock();
        let later = |known: Moment| known.monotonic >= began.monotonic;
        if !verified.is_some_and(later) {
            *verified = Some(began);
        }
    }

    /// How long ago the tables were known to be unaltered.
    pub(crate) fn verified(&self, now: Moment) -> Option<Duration> {
        self.verified.lock().map(|began| now.since(began))
    }

    /// Whether it may read this table; as long as nothing is known it may read any.
    pub(crate) fn reads(&self, table: &str) -> bool {
        match self.state() {
            Some(State::Known(known)) => known.tables.iter().any(|known| names(known, table)),
            Some(State::Refused { .. }) => false,
            None => true,
        }
    }
}

/// Whether `schema.table` is meant by a name with or without its schema.
pub(crate) fn names(known: &str, table: &str) -> bool {
    known == table
        || known
            .strip_suffix(table)
            .is_some_and(|schema| schema.ends_with('.'))
}

/// The readers behind one executor: one identity, and the statements that it knows.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Whether it is not one identity: nothing is kept for it.
    pub(crate) differs: bool,
    shapes: RwLock<HashMap<Arc<str>, Arc<Shape>>>,
    identity: RwLock<Option<Identity>>,
}

impl Scope {
    pub(crate) fn new(differs: bool) -> Self {
        Self {
            differs,
            ..Self::default()
        }
    }

    /// The shape of a statement. `id` numbers a new one.
    pub(crate) fn shape(&self, text: &str, id: impl FnOnce() -> u64) -> Arc<Shape> {
        if let Some(shape) = self.shapes.read().get(text) {
            return Arc::clone(shape);
        }
        let mut shapes = self.shapes.write();
        if shapes.len() >= MOST_SHAPES {
            // Texts that are made one by one: what is kept of them is not found again.
            shapes.clear();
        }
        let shape = shapes
            .entry(text.into())
            .or_insert_with(|| Arc::new(Shape::new(id())));
        Arc::clone(shape)
    }

    /// The shape of a statement that has been asked for before.
    pub(crate) fn known(&self, text: &str) -> Option<Arc<Shape>> {
        self.shapes.read().get(text).cloned()
    }

    /// Forgets what is known of a statement, unless it has been learned anew.
    pub(crate) fn forget(&self, text: &str, shape: &Shape) {
        let mut shapes = self.shapes.write();
        if shapes.get(text).is_some_and(|known| known.id == shape.id) {
            shapes.remove(text);
        }
    }

    /// Whether a session of this identity answers as the others of this scope. One that does not makes the scope its own: what was
    /// kept for the one before is not found again.
    pub(crate) fn is_of(&self, identity: &Identity) -> bool {
        if self.identity.read().as_ref() == Some(identity) {
            return true;
        }
        let mut current = self.identity.write();
        match current.replace(identity.clone()) {
            None => true,
            Some(before) if before == *identity => true,
            Some(_) => {
                self.shapes.write().clear();
                false
            }
        }
    }

    /// Whether this shape is still the one that callers get.
    pub(crate) fn has(&self, text: &str, shape: &Shape) -> bool {
        let shapes = self.shapes.read();
        shapes.get(text).is_some_and(|known| known.id == shape.id)
    }

    /// Forgets what is known of all statements.
    pub(crate) fn forget_all(&self) {
        self.shapes.write().clear();
    }

    pub(crate) fn invalidate(&self, table: Option<&str>, sequence: u64) {
        for shape in self.shapes.read().values() {
            if table.is_none_or(|table| shape.reads(table)) {
                shape.invalidate(sequence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_meant_with_or_without_its_schema() {
        for (table, meant) in [
            ("public.accounts", true),
            ("accounts", true),
            ("counts", false),
            ("other.accounts", false),
        ] {
            assert_eq!(names("public.accounts", table), meant, "{table}");
        }
    }

    #[test]
    fn another_identity_finds_nothing_of_the_one_before() {
        let scope = Scope::default();
        let identity = |user: &str| Identity::new([Some(user.to_owned())]);
        assert!(scope.is_of(&identity("a")));
        let shape = scope.shape("SELECT 1", || 1);
        assert!(scope.is_of(&identity("a")) && scope.has("SELECT 1", &shape));
        assert!(!scope.is_of(&identity("b")));
        assert!(!scope.has("SELECT 1", &shape));
        assert_eq!(scope.shape("SELECT 1", || 2).id, 2);
    }
}
