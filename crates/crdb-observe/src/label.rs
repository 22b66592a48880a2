//! Labels with a bounded number of values.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A label's value.
pub(crate) type Value = Arc<str>;

/// The values that a label has had. What comes after the limit is `other`.
pub(crate) struct Bounded {
    limit: usize,
    seen: RwLock<HashSet<Value>>,
    other: Value,
}

impl Bounded {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            seen: RwLock::default(),
            other: "other".into(),
        }
    }

    /// Costs a read lock and no allocation for a value that was seen before.
    pub(crate) fn value(&self, text: &str) -> Value {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = seen.get(text) {
            return Arc::clone(value);
        }
        let is_full = seen.len() >= self.limit;
        drop(seen);
        if is_full {
            return Arc::clone(&self.other);
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= self.limit && !seen.contains(text) {
            return Arc::clone(&self.other);
        }
        let value = seen.get(text).cloned().unwrap_or_else(|| Arc::from(text));
        seen.insert(Arc::clone(&value));
        value
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_limit_is_other() {
        let label = Bounded::new(2);
        assert_eq!(&*label.value("a"), "a");
        assert_eq!(&*label.value("b"), "b");
        assert_eq!(&*label.value("c"), "other");
        assert_eq!(&*label.value("a"), "a");
        assert!(Arc::ptr_eq(&label.value("a"), &label.value("a")));
    }
}
