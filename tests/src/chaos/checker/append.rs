//! Transactions that append to lists and read them are serializable.
//!
//! A list shows the order of its versions, so dependencies between transactions can be read off: the idea is Elle's (Kingsbury
//! and Alvaro, VLDB 2020). A cycle of dependencies is an anomaly, named as Adya does.

mod graph;

use super::Violation;
use crate::chaos::history::{Operation, Outcome};
use graph::{Edge, Graph};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Appends a value, which no other operation appends to that list.
    Append {
        /// Which list.
        key: i64,
        /// What is appended.
        value: i64,
    },
    /// Reads a list.
    Read {
        /// Which list.
        key: i64,
        /// What was in it.
        list: Vec<i64>,
    },
}

/// A transaction's steps, in order.
pub type Action = Vec<Step>;

/// The lists when all is over.
pub type Lists = BTreeMap<i64, Vec<i64>>;

/// Checks a history against the lists that are there when all is over.
#[must_use]
pub fn check(history: &[Operation<Action>], last: &Lists) -> Vec<Violation> {
    let mut violations = Vec::new();
    let writers = Writers::of(history);
    for (index, operation) in history.iter().enumerate() {
        if operation.outcome == Outcome::Done {
            inside(index, &operation.action, &mut violations);
            for (key, list) in reads(&operation.action) {
                elements(Some(index), key, list, &writers, history, &mut violations);
            }
        }
    }
    for (key, list) in last {
        elements(None, *key, list, &writers, history, &mut violations);
    }
    lost(history, last, &mut violations);
    orders(history, last, &mut violations);
    if violations.is_empty() {
        cycles(history, last, &writers, &mut violations);
    }
    violations
}

fn reads(steps: &[Step]) -> impl Iterator<Item = (i64, &[i64])> {
    steps.iter().filter_map(|step| match step {
        Step::Read { key, list } => Some((*key, list.as_slice())),
        Step::Append { .. } => None,
    })
}

/// Who appended what, and which of a transaction's appends to a list came last.
struct Writers {
    by_value: HashMap<(i64, i64), usize>,
    final_values: HashSet<(i64, i64)>,
}

impl Writers {
    fn of(history: &[Operation<Action>]) -> Self {
        let mut by_value = HashMap::new();
        let mut final_values = HashSet::new();
        for (index, operation) in history.iter().enumerate() {
            let mut newest = BTreeMap::new();
            for step in &operation.action {
                if let Step::Append { key, value } = step {
                    by_value.insert((*key, *value), index);
                    newest.insert(*key, *value);
                }
            }
            final_values.extend(newest);
        }
        Self {
            by_value,
            final_values,
        }
    }

    fn of_value(&self, key: i64, value: i64) -> Option<usize> {
        self.by_value.get(&(key, value)).copied()
    }
}

/// A transaction sees its own appends, and the same list twice where it appended nothing in between.
fn inside(index: usize, steps: &[Step], violations: &mut Vec<Violation>) {
    let mut known: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut own: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Append { key, value } => {
                own.entry(*key).or_default().push(*value);
                if let Some(list) = known.get_mut(key) {
                    list.push(*value);
                }
            }
            Step::Read { key, list } => {
                let contradicts = known.get(key).is_some_and(|known| known != list)
                    || own.get(key).is_some_and(|own| !list.ends_with(own));
                if contradicts {
                    violations.push(
                        Violation::new(
                            "a transaction contradicts itself",
                            format!("list {key} reads {list:?}"),
                        )
                        .of([index]),
                    );
                }
                known.insert(*key, list.clone());
            }
        }
    }
}

/// Each element of a list is there once, and by right.
fn elements(
    reader: Option<usize>,
    key: i64,
    list: &[i64],
    writers: &Writers,
    history: &[Operation<Action>],
    violations: &mut Vec<Violation>,
) {
    let mut seen = HashSet::new();
    for value in list {
        if !seen.insert(value) {
            violations.push(
                Violation::new(
                    "a value was appended twice",
                    format!("{value} to list {key}"),
                )
                .of(reader),
            );
        }
        match writers.of_value(key, *value) {
            None => violations.push(
                Violation::new(
                    "a value that no operation appended",
                    format!("{value} in list {key}"),
                )
                .of(reader),
            ),
            Some(writer) if history[writer].outcome == Outcome::Failed => violations.push(
                Violation::new(
                    "a failed transaction was seen (G1a)",
                    format!("{value} in list {key}"),
                )
                .of(reader.into_iter().chain([writer])),
            ),
            Some(_) => {}
        }
    }
    let Some(newest) = list.last() else { return };
    let writer = writers.of_value(key, *newest);
    if writer.is_some() && writer != reader && !writers.final_values.contains(&(key, *newest)) {
        violations.push(
            Violation::new(
                "the middle of a transaction was seen (G1b)",
                format!("list {key} ends in {newest}"),
            )
            .of(reader.into_iter().chain(writer)),
        );
    }
}

/// What was acknowledged is there at the end.
fn lost(history: &[Operation<Action>], last: &Lists, violations: &mut Vec<Violation>) {
    for (index, operation) in history.iter().enumerate() {
        if operation.outcome != Outcome::Done {
            continue;
        }
        for step in &operation.action {
            if let Step::Append { key, value } = step
                && !last.get(key).is_some_and(|list| list.contains(value))
            {
                violations.push(
                    Violation::new(
                        "an acknowledged append is lost",
                        format!("{value} to list {key}"),
                    )
                    .of([index]),
                );
            }
        }
    }
}

/// Every read is a beginning of the list as it is at the end.
fn orders(history: &[Operation<Action>], last: &Lists, violations: &mut Vec<Violation>) {
    for (index, operation) in history.iter().enumerate() {
        if operation.outcome != Outcome::Done {
            continue;
        }
        for (key, list) in reads(&operation.action) {
            if !last.get(&key).is_some_and(|last| last.starts_with(list)) && !list.is_empty() {
                violations.push(
                    Violation::new(
                        "two reads disagree about the order",
                        format!("list {key} reads {list:?}"),
                    )
                    .of([index]),
                );
            }
        }
    }
}

/// Finds cycles among the transactions that took effect.
fn cycles(
    history: &[Operation<Action>],
    last: &Lists,
    writers: &Writers,
    violations: &mut Vec<Violation>,
) {
    let mut graph = Graph::new(history.len());
    for (key, list) in last {
        for pair in list.windows(2) {
            let of = |value| writers.of_value(*key, value);
            graph.add(of(pair[0]), of(pair[1]), Edge::WriteWrite);
        }
    }
    for (index, operation) in history.iter().enumerate() {
        if operation.outcome != Outcome::Done {
            continue;
        }
        for (key, list) in reads(&operation.action) {
            let of = |value: Option<&i64>| value.and_then(|value| writers.of_value(key, *value));
            graph.add(of(list.last()), Some(index), Edge::WriteRead);
            // Who overwrote what was read: the next one that is not the reader itself.
            let next = last.get(&key).and_then(|last| {
                last[list.len()..]
                    .iter()
                    .map(|value| of(Some(value)))
                    .find(|writer| *writer != Some(index))
            });
            graph.add(Some(index), next.flatten(), Edge::ReadWrite);
        }
    }
    for cycle in graph.cycles() {
        let reads = cycle.iter().filter(|(_, edge)| *edge == Edge::ReadWrite);
        let rule = match reads.count() {
            0 if cycle.iter().all(|(_, edge)| *edge == Edge::WriteWrite) => {
                "transactions overwrite each other in a circle (G0)"
            }
            0 => "transactions see each other in a circle (G1c)",
            1 => "a transaction read too old a state (G-single)",
            _ => "transactions depend on each other in a circle (G2)",
        };
        let detail = cycle
            .iter()
            .map(|(index, edge)| format!("{index} -{edge}->"))
            .collect::<Vec<_>>()
            .join(" ");
        violations.push(Violation::new(rule, detail).of(cycle.into_iter().map(|(index, _)| index)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::history::testing::{in_turn, op};

    fn append(key: i64, value: i64) -> Step {
        Step::Append { key, value }
    }

    fn read(key: i64, list: &[i64]) -> Step {
        Step::Read {
            key,
            list: list.to_vec(),
        }
    }

    fn rules(history: &[Operation<Action>], last: &[(i64, &[i64])]) -> Vec<&'static str> {
        let last = last
            .iter()
            .map(|(key, list)| (*key, list.to_vec()))
            .collect();
        check(history, &last)
            .into_iter()
            .map(|violation| violation.rule)
            .collect()
    }

    #[test]
    fn a_sound_history_is_sound() {
        let mut history = in_turn([
            vec![append(1, 1), read(1, &[1])],
            vec![read(1, &[1]), append(1, 2), read(1, &[1, 2]), read(2, &[])],
            vec![append(2, 1), append(2, 2), read(1, &[1, 2])],
        ]);
        history.push(op((30, 31), Outcome::Unknown, vec![append(1, 3)]));
        history.push(op((32, 33), Outcome::Failed, vec![append(1, 4)]));
        assert!(rules(&history, &[(1, &[1, 2]), (2, &[1, 2])]).is_empty());
        assert!(rules(&history, &[(1, &[1, 2, 3]), (2, &[1, 2])]).is_empty());
    }

    #[test]
    fn wrong_elements_are_found() {
        let one = in_turn([vec![append(1, 1)]]);
        assert_eq!(rules(&one, &[]), ["an acknowledged append is lost"]);
        assert_eq!(rules(&one, &[(1, &[1, 1])]), ["a value was appended twice"]);
        assert_eq!(
            rules(&one, &[(1, &[9, 1])]),
            ["a value that no operation appended"]
        );
        let failed = [op((0, 1), Outcome::Failed, vec![append(1, 1)])];
        assert_eq!(
            rules(&failed, &[(1, &[1])]),
            ["a failed transaction was seen (G1a)"]
        );
        let middle = in_turn([vec![append(1, 1), append(1, 2)], vec![read(1, &[1])]]);
        assert_eq!(
            rules(&middle, &[(1, &[1, 2])]),
            ["the middle of a transaction was seen (G1b)"]
        );
    }

    #[test]
    fn wrong_orders_are_found() {
        let history = in_turn([vec![append(1, 1)], vec![append(1, 2)], vec![read(1, &[2])]]);
        assert_eq!(
            rules(&history, &[(1, &[1, 2])]),
            ["two reads disagree about the order"]
        );
        let blind = in_turn([vec![append(1, 1), read(1, &[])]]);
        assert_eq!(
            rules(&blind, &[(1, &[1])]),
            ["a transaction contradicts itself"]
        );
        let changing = in_turn([vec![append(1, 1)], vec![read(1, &[]), read(1, &[1])]]);
        assert_eq!(
            rules(&changing, &[(1, &[1])]),
            ["a transaction contradicts itself"]
        );
    }

    #[test]
    fn circles_are_found_and_named() {
        let overwrite = in_turn([
            vec![append(1, 1), append(2, 1)],
            vec![append(1, 2), append(2, 2)],
        ]);
        assert_eq!(
            rules(&overwrite, &[(1, &[1, 2]), (2, &[2, 1])]),
            ["transactions overwrite each other in a circle (G0)"]
        );
        let mutual = in_turn([
            vec![append(1, 1), read(2, &[1])],
            vec![append(2, 1), read(1, &[1])],
        ]);
        assert_eq!(
            rules(&mutual, &[(1, &[1]), (2, &[1])]),
            ["transactions see each other in a circle (G1c)"]
        );
        let lost_update = in_turn([
            vec![read(1, &[]), append(1, 1)],
            vec![read(1, &[]), append(1, 2)],
        ]);
        assert_eq!(
            rules(&lost_update, &[(1, &[1, 2])]),
            ["a transaction read too old a state (G-single)"]
        );
        let skew = in_turn([
            vec![read(1, &[]), append(2, 1)],
            vec![read(2, &[]), append(1, 1)],
        ]);
        assert_eq!(
            rules(&skew, &[(1, &[1]), (2, &[1])]),
            ["transactions depend on each other in a circle (G2)"]
        );
    }
}
