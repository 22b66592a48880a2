//! A register behaves as if every operation happened at one moment between its beginning and its end.
//!
//! The search is Wing and Gong's with Lowe's memory of states that have been tried: it takes one operation after the other
//! that real time allows to be next, and goes back when a read does not fit.

use super::Violation;
use crate::chaos::history::{Operation, Outcome};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// What clients of registers do. A register that was never written is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Writes a value.
    Write(i64),
    /// Reads the value.
    Read(Option<i64>),
    /// Writes `to` if the value is `from`; acknowledged only if it was.
    CompareAndSet {
        /// The value that must be there.
        from: i64,
        /// The value to be written.
        to: i64,
    },
}

/// An action on one of several registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OnKey {
    /// Which register.
    pub key: i64,
    /// What is done with it.
    pub action: Action,
}

/// Checks each register by itself; that is enough, because linearizability composes.
#[must_use]
pub fn check(history: &[Operation<OnKey>]) -> Vec<Violation> {
    let mut keys: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, operation) in history.iter().enumerate() {
        // What failed took no effect, and says nothing.
        if operation.outcome != Outcome::Failed {
            keys.entry(operation.action.key).or_default().push(index);
        }
    }
    keys.into_iter()
        .filter(|(_, indices)| !linearizable(history, indices))
        .map(|(key, indices)| {
            Violation::new(
                "a register is not linearizable",
                format!("key {key}, {} operations", indices.len()),
            )
            .of(indices)
        })
        .collect()
}

/// Which operations have been placed: one bit each.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Placed(Vec<u64>);

impl Placed {
    fn has(&self, index: usize) -> bool {
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    fn with(&self, index: usize) -> Self {
        let mut copy = self.clone();
        copy.0[index / 64] |= 1 << (index % 64);
        copy
    }
}

fn linearizable(history: &[Operation<OnKey>], indices: &[usize]) -> bool {
    let used: HashSet<i64> = indices
        .iter()
        .filter_map(|index| match history[*index].action.action {
            Action::Read(value) => value,
            Action::CompareAndSet { from, .. } => Some(from),
            Action::Write(_) => None,
        })
        .collect();
    let matters = |operation: &Operation<OnKey>| match operation.action.action {
        // Whether it happened can only show where a later read needs its value.
        Action::Write(value) | Action::CompareAndSet { to: value, .. } => {
            operation.outcome == Outcome::Done || used.contains(&value)
        }
        Action::Read(_) => operation.outcome == Outcome::Done,
    };
    let mut operations: Vec<_> = indices
        .iter()
        .map(|index| &history[*index])
        .filter(|operation| matters(operation))
        .collect();
    operations.sort_by_key(|operation| operation.began);
    let count = operations.len();
    let mut seen = HashSet::new();
    let mut open = vec![(Placed(vec![0; count / 64 + 1]), None::<i64>)];
    while let Some((placed, value)) = open.pop() {
        if !seen.insert((placed.clone(), value)) {
            continue;
        }
        let left = || (0..count).filter(|index| !placed.has(*index));
        // What is unknown need not ever happen.
        if left().all(|index| operations[index].outcome == Outcome::Unknown) {
            return true;
        }
        let deadline = left()
            .filter(|index| operations[*index].outcome == Outcome::Done)
            .map(|index| operations[index].ended)
            .min()
            .unwrap_or(u64::MAX);
        for index in left().take_while(|index| operations[*index].began < deadline) {
            if let Some(next) = after(operations[index], value) {
                open.push((placed.with(index), next));
            }
        }
    }
    false
}

/// The value after an operation, or nothing when it cannot happen now.
fn after(operation: &Operation<OnKey>, value: Option<i64>) -> Option<Option<i64>> {
    match operation.action.action {
        Action::Write(new) => Some(Some(new)),
        Action::Read(seen) => (seen == value).then_some(value),
        Action::CompareAndSet { from, to } => (value == Some(from)).then_some(Some(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::history::testing::op;
    use Action::{CompareAndSet, Read, Write};
    use Outcome::{Done, Failed, Unknown};

    fn sound(history: &[(u64, u64, Outcome, Action)]) -> bool {
        let history: Vec<_> = history
            .iter()
            .map(|(began, ended, outcome, action)| {
                let action = OnKey {
                    key: 1,
                    action: *action,
                };
                op((*began, *ended), *outcome, action)
            })
            .collect();
        check(&history).is_empty()
    }

    #[test]
    fn sound_histories_are_sound() {
        assert!(sound(&[]));
        assert!(sound(&[
            (0, 1, Done, Read(None)),
            (2, 3, Done, Write(1)),
            (4, 5, Done, CompareAndSet { from: 1, to: 2 }),
            (6, 7, Done, Read(Some(2))),
        ]));
        // Side by side, either order will do.
        assert!(sound(&[
            (0, 5, Done, Write(1)),
            (1, 4, Done, Write(2)),
            (6, 7, Done, Read(Some(1))),
        ]));
        // What is unknown may come late, or never.
        assert!(sound(&[
            (0, 1, Unknown, Write(1)),
            (2, 3, Done, Read(None)),
            (4, 5, Done, Read(Some(1))),
        ]));
        assert!(sound(&[
            (0, 1, Unknown, Write(1)),
            (2, 3, Failed, Write(2)),
            (4, 5, Done, Read(None)),
        ]));
    }

    #[test]
    fn each_wrong_is_found() {
        // A lost write.
        assert!(!sound(&[(0, 1, Done, Write(1)), (2, 3, Done, Read(None))]));
        // A stale read.
        assert!(!sound(&[
            (0, 1, Done, Write(1)),
            (2, 3, Done, Write(2)),
            (4, 5, Done, Read(Some(1))),
        ]));
        // A failed write that took effect.
        assert!(!sound(&[
            (0, 1, Failed, Write(1)),
            (2, 3, Done, Read(Some(1)))
        ]));
        // A value from nowhere.
        assert!(!sound(&[(0, 1, Done, Read(Some(9)))]));
        // A write before its time.
        assert!(!sound(&[
            (0, 1, Done, Read(Some(1))),
            (2, 3, Done, Write(1))
        ]));
        // Two writers that both found the same value there.
        assert!(!sound(&[
            (0, 1, Done, Write(1)),
            (2, 9, Done, CompareAndSet { from: 1, to: 2 }),
            (3, 8, Done, CompareAndSet { from: 1, to: 3 }),
        ]));
        // New, then old again.
        assert!(!sound(&[
            (0, 9, Done, Write(1)),
            (1, 2, Done, Read(Some(1))),
            (3, 4, Done, Read(None)),
        ]));
    }

    #[test]
    fn many_operations_at_once_are_searched_in_time() {
        let mut history: Vec<_> = (0..12)
            .map(|index| (index, 100 + index, Unknown, Write(index as i64)))
            .collect();
        history.push((200, 201, Done, Read(Some(5))));
        history.push((202, 203, Done, Read(Some(99))));
        assert!(!sound(&history));
    }
}
