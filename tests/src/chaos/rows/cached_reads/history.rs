//! What was written and promised, and whether an answer keeps to it.

use crate::chaos::checker::Violation;
use crdb_facade::cache::CommitToken;
use parking_lot::{Mutex, RwLock};
use std::sync::atomic::AtomicI64;
use std::time::Instant;

/// When each version of an item was known to be committed, and what readers may rely on.
pub(super) struct Item {
    pub(super) id: i64,
    /// By version: when its commit had been answered.
    pub(super) answered: RwLock<Vec<Instant>>,
    /// The version whose table has been invalidated since.
    pub(super) invalidated: AtomicI64,
    /// A token that was given after the commit of a version.
    pub(super) token: Mutex<(CommitToken, i64)>,
}

impl Item {
    pub(super) fn new(id: i64) -> Self {
        Self {
            id,
            answered: RwLock::new(vec![Instant::now()]),
            invalidated: AtomicI64::new(0),
            token: Mutex::default(),
        }
    }

    /// The latest version that had been answered by then: what is read must be no older.
    pub(super) fn answered_by(&self, moment: Instant) -> i64 {
        let answered = self.answered.read();
        let later = answered.iter().rev().take_while(|at| **at > moment).count();
        i64::try_from(answered.len() - later).unwrap_or(i64::MAX) - 1
    }
}

/// What a reader was promised when it began.
pub(super) struct Promise {
    pub(super) user: String,
    /// The oldest version that the age allows.
    pub(super) by_age: i64,
    pub(super) by_token: i64,
    pub(super) by_invalidation: i64,
}

/// What is wrong with an answer, if something is.
pub(super) fn judge(promise: &Promise, version: i64, user: &str) -> Option<Violation> {
    let rule = if user != promise.user {
        "an answer is of another user"
    } else if version < promise.by_token {
        "an answer is below its reader's token"
    } else if version < promise.by_invalidation {
        "an answer is from before an invalidation"
    } else if version < promise.by_age {
        "an answer is older than declared"
    } else {
        return None;
    };
    let Promise {
        user: promised,
        by_age,
        by_token,
        by_invalidation,
    } = promise;
    Some(Violation::new(
        rule,
        format!(
            "version {version} for {user}; promised to {promised}: by age {by_age}, by token {by_token}, by invalidation {by_invalidation}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_kind_of_wrong_answer_is_found() {
        let promise = Promise {
            user: "a".to_owned(),
            by_age: 3,
            by_token: 5,
            by_invalidation: 4,
        };
        let rule = |version, user| judge(&promise, version, user).map(|found| found.rule);
        assert_eq!(rule(5, "a"), None);
        assert!(rule(5, "b").unwrap().contains("another user"));
        assert!(rule(4, "a").unwrap().contains("token"));
        let promise = Promise {
            by_token: 0,
            ..promise
        };
        let rule = |version| judge(&promise, version, "a").map(|found| found.rule);
        assert!(rule(3).unwrap().contains("invalidation"));
        let promise = Promise {
            by_invalidation: 0,
            ..promise
        };
        let rule = |version| judge(&promise, version, "a").map(|found| found.rule);
        assert!(rule(2).unwrap().contains("older than declared"));
        assert_eq!(rule(3), None);
    }

    #[test]
    fn what_had_been_answered_by_a_moment_is_known() {
        let item = Item::new(1);
        let start = item.answered.read()[0];
        let second = Duration::from_secs(1);
        item.answered
            .write()
            .extend([start + second, start + 2 * second]);
        assert_eq!(item.answered_by(start), 0);
        assert_eq!(item.answered_by(start + second), 1);
        assert_eq!(item.answered_by(start + 5 * second), 2);
    }
}
