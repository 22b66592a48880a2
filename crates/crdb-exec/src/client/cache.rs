//! The prepared statements of one session, bounded.

use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::Statement;

/// Keeps the statements used last, by their text. Dropping one closes it on the server.
pub(super) struct StatementCache<T = Statement> {
    entries: HashMap<Arc<str>, Entry<T>>,
    capacity: usize,
    clock: u64,
}

struct Entry<T> {
    statement: T,
    used: u64,
}

impl<T: Clone> StatementCache<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            capacity: capacity.max(1),
            clock: 0,
        }
    }

    pub(super) fn get(&mut self, text: &str) -> Option<T> {
        self.clock += 1;
        let clock = self.clock;
        let entry = self.entries.get_mut(text)?;
        entry.used = clock;
        Some(entry.statement.clone())
    }

    /// Adds a statement and gives back those that had to go, to be dropped where no lock is held.
    pub(super) fn insert(&mut self, text: &str, statement: T) -> Option<T> {
        let evicted = if self.entries.len() >= self.capacity && !self.entries.contains_key(text) {
            self.evict()
        } else {
            None
        };
        self.clock += 1;
        let entry = Entry {
            statement,
            used: self.clock,
        };
        let replaced = self.entries.insert(text.into(), entry);
        evicted.or(replaced.map(|entry| entry.statement))
    }

    pub(super) fn remove(&mut self, text: &str) -> Option<T> {
        self.entries.remove(text).map(|entry| entry.statement)
    }

    pub(super) fn clear(&mut self) -> Vec<T> {
        self.entries
            .drain()
            .map(|(_, entry)| entry.statement)
            .collect()
    }

    /// Looks at every entry, which a prepare on the network outweighs by far.
    fn evict(&mut self) -> Option<T> {
        let oldest = self
            .entries
            .iter()
            .min_by_key(|(_, entry)| entry.used)
            .map(|(text, _)| Arc::clone(text))?;
        self.remove(&oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_used_longest_ago_goes_first() {
        let mut cache = StatementCache::new(2);
        assert_eq!(cache.insert("a", 1), None);
        assert_eq!(cache.insert("b", 2), None);
        assert_eq!(cache.get("a"), Some(1));
        assert_eq!(cache.insert("c", 3), Some(2));
        assert_eq!(cache.get("b"), None);
        assert_eq!(cache.get("a"), Some(1));
        assert_eq!(cache.get("c"), Some(3));
    }

    #[test]
    fn a_statement_prepared_again_replaces_the_old_one() {
        let mut cache = StatementCache::new(2);
        assert_eq!(cache.insert("a", 1), None);
        assert_eq!(cache.insert("a", 2), Some(1));
        assert_eq!(cache.get("a"), Some(2));
        assert_eq!(cache.remove("a"), Some(2));
        assert_eq!(cache.get("a"), None);
    }
}
