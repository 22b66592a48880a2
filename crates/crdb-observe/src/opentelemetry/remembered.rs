//! What is said of the same thing with every call, made once.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{PoisonError, RwLock};

/// How many things are remembered. With one more all are forgotten, and made anew as they come.
const MOST: usize = 2_000;

/// Values by the hash of what they are of: 64 bits with a key of this process's own, so that two things do not meet in one. What is
/// there costs a hash and a look-up.
pub(super) struct Remembered<V> {
    hasher: RandomState,
    values: RwLock<HashMap<u64, V>>,
}

impl<V> Default for Remembered<V> {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            values: RwLock::default(),
        }
    }
}

impl<V: Clone> Remembered<V> {
    /// The value for `key`, made by `make` when it is the first call with that key.
    pub(super) fn get_or_insert_with(
        &self,
        key: &(impl Hash + ?Sized),
        make: impl FnOnce() -> V,
    ) -> V {
        let hash = self.hasher.hash_one(key);
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get(&hash) {
            return value.clone();
        }
        drop(values);
        let value = make();
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= MOST {
            values.clear();
        }
        values.insert(hash, value.clone());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_and_a_bounded_number_is_kept() {
        let remembered = Remembered::default();
        assert_eq!(remembered.get_or_insert_with("a", || 1), 1);
        assert_eq!(remembered.get_or_insert_with("a", || 2), 1);
        for number in 0..3 * MOST {
            assert_eq!(remembered.get_or_insert_with(&number, || number), number);
        }
        let kept = remembered.values.read().unwrap().len();
        assert!(kept <= MOST, "{kept}");
    }
}
