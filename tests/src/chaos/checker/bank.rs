//! Money is neither made nor lost, acknowledged transfers are there, failed ones are not.

use super::Violation;
use crate::chaos::history::{Operation, Outcome};
use serde::Serialize;
use std::collections::BTreeMap;

/// What clients of a bank do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Moves money and writes the transfer down, in one transaction.
    Transfer(Transfer),
    /// Reads all balances in one transaction, in the order of the accounts.
    Read(Vec<i64>),
}

/// A transfer. `from` and `to` are indices of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct Transfer {
    pub id: i64,
    pub from: usize,
    pub to: usize,
    pub amount: i64,
}

/// What is in the bank when all is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// Every account's balance.
    pub balances: Vec<i64>,
    /// Every transfer that was written down.
    pub transfers: Vec<i64>,
}

/// Checks a history that began with `initial` in every account.
#[must_use]
pub fn check(
    history: &[Operation<Action>],
    accounts: usize,
    initial: i64,
    books: &Books,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let total = initial * i64::try_from(accounts).unwrap_or(i64::MAX);
    let mut known: BTreeMap<i64, (usize, Outcome, Transfer)> = BTreeMap::new();
    for (index, operation) in history.iter().enumerate() {
        match &operation.action {
            Action::Transfer(transfer) => {
                known.insert(transfer.id, (index, operation.outcome, *transfer));
            }
            Action::Read(balances) if operation.outcome == Outcome::Done => {
                let sum: i64 = balances.iter().sum();
                if sum != total || balances.len() != accounts {
                    violations.push(
                        Violation::new(
                            "a read saw another total",
                            format!("{sum} in {} accounts instead of {total}", balances.len()),
                        )
                        .of([index]),
                    );
                }
                if let Some(negative) = balances.iter().find(|balance| **balance < 0) {
                    violations.push(
                        Violation::new("a balance is negative", negative.to_string()).of([index]),
                    );
                }
            }
            Action::Read(_) => {}
        }
    }
    let mut present: BTreeMap<i64, usize> = BTreeMap::new();
    for id in &books.transfers {
        *present.entry(*id).or_default() += 1;
    }
    for (id, (index, outcome, transfer)) in &known {
        let there = present.contains_key(id);
        let rule = match (outcome, there) {
            (Outcome::Done, false) => "an acknowledged transfer is missing",
            (Outcome::Failed, true) => "a failed transfer took effect",
            _ => continue,
        };
        violations.push(Violation::new(rule, format!("{transfer:?}")).of([*index]));
    }
    let mut expected = vec![initial; accounts];
    for (id, times) in &present {
        let Some((index, _, transfer)) = known.get(id) else {
            violations.push(Violation::new(
                "a transfer that no operation made",
                id.to_string(),
            ));
            continue;
        };
        if *times > 1 {
            violations.push(
                Violation::new("a transfer was made twice", format!("{transfer:?}")).of([*index]),
            );
        }
        let (from, to) = (transfer.from, transfer.to);
        if from < accounts && to < accounts {
            expected[from] -= transfer.amount;
            expected[to] += transfer.amount;
        }
    }
    if violations.is_empty() && expected != books.balances {
        violations.push(Violation::new(
            "the balances are not what the transfers make them",
            format!("{:?} instead of {expected:?}", books.balances),
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::history::testing::{in_turn, op};

    fn transfer(id: i64) -> Action {
        Action::Transfer(Transfer {
            id,
            from: 0,
            to: 1,
            amount: 3,
        })
    }

    fn books(balances: [i64; 2], transfers: &[i64]) -> Books {
        Books {
            balances: balances.to_vec(),
            transfers: transfers.to_vec(),
        }
    }

    fn rules(history: &[Operation<Action>], books: &Books) -> Vec<&'static str> {
        check(history, 2, 10, books)
            .into_iter()
            .map(|violation| violation.rule)
            .collect()
    }

    #[test]
    fn a_sound_history_is_sound() {
        let mut history = in_turn([transfer(1), Action::Read(vec![7, 13]), transfer(2)]);
        history.push(op((10, 11), Outcome::Unknown, transfer(3)));
        history.push(op((12, 13), Outcome::Failed, transfer(4)));
        assert!(rules(&history, &books([4, 16], &[1, 2])).is_empty());
        assert!(rules(&history, &books([1, 19], &[1, 2, 3])).is_empty());
    }

    #[test]
    fn each_wrong_is_found() {
        let history = in_turn([transfer(1)]);
        let found = |books: Books| rules(&history, &books);
        assert_eq!(
            found(books([10, 10], &[])),
            ["an acknowledged transfer is missing"]
        );
        assert_eq!(
            found(books([4, 16], &[1, 1])),
            ["a transfer was made twice"]
        );
        assert_eq!(
            found(books([7, 13], &[1, 9])),
            ["a transfer that no operation made"]
        );
        assert_eq!(
            found(books([7, 12], &[1])),
            ["the balances are not what the transfers make them"]
        );
        let failed = [op((0, 1), Outcome::Failed, transfer(1))];
        assert_eq!(
            rules(&failed, &books([7, 13], &[1])),
            ["a failed transfer took effect"]
        );
        let torn = in_turn([Action::Read(vec![7, 10])]);
        assert_eq!(
            rules(&torn, &books([10, 10], &[])),
            ["a read saw another total"]
        );
        let overdrawn = in_turn([Action::Read(vec![-1, 21])]);
        assert_eq!(
            rules(&overdrawn, &books([10, 10], &[])),
            ["a balance is negative"]
        );
    }
}
