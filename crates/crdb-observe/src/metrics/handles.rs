//! Metrics that are used with every statement, at hand.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{PoisonError, RwLock};

/// Members of families by what they are asked for with: one search instead of one for each label and family, and no
/// label to be built. What comes after the limit is not kept here and found in its family each time.
pub(super) struct Handles<K, M> {
    limit: usize,
    kept: RwLock<HashMap<K, M, BuildHasherDefault<Fnv>>>,
}

/// FNV-1a. For keys as short as these it takes a fraction of the time of the standard library's hasher, whose defence
/// against chosen keys the limit makes needless.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0100_0000_01b3);
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.add(u64::from(*byte)));
    }

    fn write_u16(&mut self, number: u16) {
        self.add(u64::from(number));
    }

    // Discriminants and lengths.
    fn write_isize(&mut self, number: isize) {
        self.add(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<K: Eq + Hash, M: Clone> Handles<K, M> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: RwLock::default(),
        }
    }

    /// Uses the member for `key`, which `find` finds in its family.
    pub(super) fn with<Q>(&self, key: &Q, find: impl FnOnce() -> M, give: impl FnOnce(&M))
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = kept.get(key) {
            return give(member);
        }
        let is_full = kept.len() >= self.limit;
        drop(kept);
        let member = find();
        give(&member);
        if !is_full {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.insert(key.to_owned(), member);
        }
    }
}

impl<K, M> fmt::Debug for Handles<K, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_member_is_searched_once_up_to_the_limit() {
        let handles: Handles<String, u32> = Handles::new(1);
        let searched = Cell::new(0);
        let ask = |key: &str, member| {
            let given = Cell::new(0);
            let find = || {
                searched.set(searched.get() + 1);
                member
            };
            handles.with(key, find, |member| given.set(*member));
            given.get()
        };
        assert_eq!((ask("a", 1), ask("a", 1), searched.get()), (1, 1, 1));
        assert_eq!((ask("b", 2), ask("b", 2), searched.get()), (2, 2, 3));
    }
}
