//! Statistics by statement and by transaction, for a bounded number of each.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::inspect::{Explained, Plans};
use super::report::{StatementProfile, TransactionProfile};
use super::statistics::{Ended, Statistics};
use crate::query_text::{fingerprint, summary};

/// What stands for all that come after the limit.
const OTHER: &str = "other";

/// Texts of more bytes than this are not kept for an explanation.
const LONGEST: usize = 64 << 10;

/// What transactions and statements without a name are called.
const UNNAMED: &str = "unnamed";

/// Where the statistics of a call go.
#[derive(Clone)]
pub(super) struct Key(Arc<Entry>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.0.identity).finish()
    }
}

/// A statement or transaction, and its statistics.
struct Entry {
    identity: Identity,
    statistics: Mutex<Statistics>,
    /// The first text that it had, to explain it by. It is not shown.
    text: Option<Box<str>>,
    plans: Plans,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) name: Option<String>,
    pub(super) fingerprint: String,
    pub(super) summary: String,
}

impl Key {
    pub(super) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// What people call it.
    pub(super) fn title(&self) -> &str {
        let Identity { name, summary, .. } = &self.0.identity;
        name.as_deref().unwrap_or(summary)
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    pub(super) fn plans(&self) -> &Plans {
        &self.0.plans
    }

    pub(super) fn add(&self, ended: &Ended<'_>) {
        let statistics = self.0.statistics.lock();
        statistics
            .unwrap_or_else(PoisonError::into_inner)
            .add(ended);
    }
}

pub(super) struct Table {
    limit: usize,
    hasher: RandomState,
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    by_hash: HashMap<u64, Arc<Entry>>,
    by_identity: HashMap<(Option<String>, String), Arc<Entry>>,
    other: Option<Arc<Entry>>,
}

impl Table {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            hasher: RandomState::new(),
            entries: RwLock::default(),
        }
    }

    /// The statistics of a statement. One that was seen before costs a hash of its text and a look-up.
    pub(super) fn statement(&self, name: Option<&str>, text: &str) -> Key {
        let hash = self.hasher.hash_one((name, text));
        self.find(hash).unwrap_or_else(|| {
            self.insert(
                hash,
                Identity {
                    name: name.map(str::to_owned),
                    fingerprint: fingerprint(text),
                    summary: summary(text),
                },
                Some(text),
            )
        })
    }

    /// The statistics of a transaction.
    pub(super) fn transaction(&self, name: Option<&str>) -> Key {
        let name = name.unwrap_or(UNNAMED);
        let hash = self.hasher.hash_one(name);
        self.find(hash).unwrap_or_else(|| {
            self.insert(
                hash,
                Identity {
                    name: Some(name.to_owned()),
                    fingerprint: String::new(),
                    summary: String::new(),
                },
                None,
            )
        })
    }

    /// The name of a statement by its fingerprint.
    pub(super) fn named(&self, fingerprint: &str) -> Option<String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let mut known = entries.by_identity.keys();
        known
            .find(|(name, known)| name.is_some() && known == fingerprint)
            .and_then(|(name, _)| name.clone())
    }

    fn find(&self, hash: u64) -> Option<Key> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_hash.get(&hash).cloned().map(Key)
    }

    fn insert(&self, hash: u64, identity: Identity, text: Option<&str>) -> Key {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        // Texts that differ in constants are one statement, and without end.
        if entries.by_hash.len() >= self.limit.saturating_mul(4) {
            entries.by_hash.clear();
        }
        let key = (identity.name.clone(), identity.fingerprint.clone());
        let is_full = entries.by_identity.len() >= self.limit;
        let entry = match entries.by_identity.get(&key) {
            Some(entry) => Arc::clone(entry),
            None if is_full => Arc::clone(entries.other.get_or_insert_with(|| {
                let other = Identity {
                    name: Some(OTHER.to_owned()),
                    fingerprint: String::new(),
                    summary: String::new(),
                };
                Entry::new(other, None)
            })),
            None => {
                let entry = Entry::new(identity, text);
                entries.by_identity.insert(key, Arc::clone(&entry));
                entry
            }
        };
        entries.by_hash.insert(hash, Arc::clone(&entry));
        Key(entry)
    }

    pub(super) fn clear(&self) {
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = Entries::default();
    }

    fn all(&self) -> Vec<(Identity, Statistics, Explained)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries
            .by_identity
            .values()
            .chain(&entries.other)
            .map(|entry| {
                let statistics = entry.statistics.lock();
                let statistics = statistics.unwrap_or_else(PoisonError::into_inner).clone();
                (entry.identity.clone(), statistics, entry.plans.explained())
            })
            .filter(|(_, statistics, _)| statistics.calls > 0)
            .collect()
    }

    pub(super) fn statements(&self) -> Vec<StatementProfile> {
        let all = self.all().into_iter();
        all.map(|(identity, statistics, explained)| {
            StatementProfile::new(identity, &statistics, explained)
        })
        .collect()
    }

    pub(super) fn transactions(&self) -> Vec<TransactionProfile> {
        let all = self.all().into_iter();
        all.map(|(identity, statistics, _)| TransactionProfile::new(identity, &statistics))
            .collect()
    }
}

impl Entry {
    fn new(identity: Identity, text: Option<&str>) -> Arc<Self> {
        Arc::new(Self {
            identity,
            statistics: Mutex::default(),
            text: text.filter(|text| text.len() <= LONGEST).map(Into::into),
            plans: Plans::default(),
        })
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
