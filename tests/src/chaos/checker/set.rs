//! What was added is there, from then on; what failed is not.

use super::Violation;
use crate::chaos::history::{Operation, Outcome};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What clients of a set do. Every element is added once only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Adds an element.
    Add(i64),
    /// Reads all elements.
    Read(Vec<i64>),
}

/// Checks a history against the elements that are there when all is over.
#[must_use]
pub fn check(history: &[Operation<Action>], last: &[i64]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut added: BTreeMap<i64, usize> = BTreeMap::new();
    for (index, operation) in history.iter().enumerate() {
        if let Action::Add(element) = operation.action {
            added.insert(element, index);
        }
    }
    // When an element was first known to be there.
    let mut known_since: BTreeMap<i64, u64> = BTreeMap::new();
    let mut know = |element: i64, tick: u64| {
        let since = known_since.entry(element).or_insert(tick);
        *since = (*since).min(tick);
    };
    let end = history.iter().map(|operation| operation.ended).max();
    let reads = history
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.outcome == Outcome::Done)
        .filter_map(|(index, operation)| match &operation.action {
            Action::Read(elements) => Some((
                Some(index),
                operation.began,
                operation.ended,
                elements.as_slice(),
            )),
            Action::Add(_) => None,
        })
        .chain([(None, end.unwrap_or(0) + 1, end.unwrap_or(0) + 2, last)])
        .collect::<Vec<_>>();
    for operation in history {
        if let (Action::Add(element), Outcome::Done) = (&operation.action, operation.outcome) {
            know(*element, operation.ended);
        }
    }
    for (_, _, ended, elements) in &reads {
        for element in *elements {
            if added.contains_key(element) {
                know(*element, *ended);
            }
        }
    }
    for (index, began, ended, elements) in &reads {
        let seen: BTreeSet<i64> = elements.iter().copied().collect();
        if seen.len() != elements.len() {
            violations.push(Violation::new("an element is there twice", String::new()).of(*index));
        }
        for element in &seen {
            match added.get(element) {
                None => violations.push(
                    Violation::new("an element that no operation added", element.to_string())
                        .of(*index),
                ),
                Some(add) if history[*add].outcome == Outcome::Failed => violations.push(
                    Violation::new("a failed element is there", element.to_string())
                        .of(index.iter().copied().chain([*add])),
                ),
                Some(add) if history[*add].began > *ended => violations.push(
                    Violation::new(
                        "an element is there before it is added",
                        element.to_string(),
                    )
                    .of(index.iter().copied().chain([*add])),
                ),
                Some(_) => {}
            }
        }
        for (element, since) in &known_since {
            if since < began && !seen.contains(element) {
                violations.push(
                    Violation::new("an element is lost", element.to_string())
                        .of(index.iter().copied().chain(added.get(element).copied())),
                );
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::history::testing::{in_turn, op};
    use Action::{Add, Read};

    fn rules(history: &[Operation<Action>], last: &[i64]) -> Vec<&'static str> {
        check(history, last)
            .into_iter()
            .map(|violation| violation.rule)
            .collect()
    }

    #[test]
    fn a_sound_history_is_sound() {
        let mut history = in_turn([Add(1), Read(vec![1]), Add(2), Read(vec![1, 2])]);
        history.push(op((20, 21), Outcome::Unknown, Add(3)));
        history.push(op((22, 23), Outcome::Failed, Add(4)));
        assert!(rules(&history, &[1, 2]).is_empty());
        assert!(rules(&history, &[1, 2, 3]).is_empty());
        // A read beside an add may see it or not.
        let beside = [
            op((0, 5), Outcome::Done, Add(1)),
            op((1, 2), Outcome::Done, Read(vec![])),
            op((3, 4), Outcome::Done, Read(vec![1])),
        ];
        assert!(rules(&beside, &[1]).is_empty());
    }

    #[test]
    fn each_wrong_is_found() {
        assert_eq!(rules(&in_turn([Add(1)]), &[]), ["an element is lost"]);
        assert_eq!(
            rules(&in_turn([Add(1), Read(vec![])]), &[1]),
            ["an element is lost"]
        );
        assert_eq!(
            rules(&in_turn([Add(1)]), &[1, 1]),
            ["an element is there twice"]
        );
        assert_eq!(
            rules(&in_turn([Read(vec![7])]), &[]),
            ["an element that no operation added"]
        );
        assert_eq!(
            rules(&in_turn([Read(vec![1]), Add(1)]), &[1]),
            ["an element is there before it is added"]
        );
        let failed = [op((0, 1), Outcome::Failed, Add(1))];
        assert_eq!(rules(&failed, &[1]), ["a failed element is there"]);
        // An unknown element that was seen once has to stay.
        let flicker = [
            op((0, 1), Outcome::Unknown, Add(1)),
            op((2, 3), Outcome::Done, Read(vec![1])),
            op((4, 5), Outcome::Done, Read(vec![])),
        ];
        assert_eq!(rules(&flicker, &[1]), ["an element is lost"]);
    }
}
