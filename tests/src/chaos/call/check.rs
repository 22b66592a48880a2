//! Compares what callers got with the rows that are there.

use super::plan::Call;
use crate::chaos::checker::Violation;
use crate::chaos::history::{Operation, Outcome};
use std::collections::BTreeMap;

/// The rows that are left: call and part, as often as they are there.
pub type Left = Vec<(i64, i64)>;

/// Every verdict has to be true of the rows, and none of them may be there twice.
#[must_use]
pub fn check(history: &[Operation<Call>], left: &Left) -> Vec<Violation> {
    let mut rows: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (id, part) in left {
        rows.entry(*id).or_default().push(*part);
    }
    for parts in rows.values_mut() {
        parts.sort_unstable();
    }
    let none = Vec::new();
    let wrong = |(index, operation): (usize, &Operation<Call>)| {
        let call = &operation.action;
        let there = rows.get(&call.plan.id).unwrap_or(&none);
        let rule = rule(operation.outcome, call, there)?;
        let detail = format!("{call:?}, and the parts {there:?} are there");
        Some(Violation::new(rule, detail).of([index]))
    };
    history.iter().enumerate().filter_map(wrong).collect()
}

/// The rule that is broken, if one is.
fn rule(outcome: Outcome, call: &Call, there: &[i64]) -> Option<&'static str> {
    if there.windows(2).any(|two| two[0] == two[1]) {
        return Some("a call took effect twice");
    }
    match (outcome, call.plan.acknowledged_parts()) {
        (Outcome::Done, None) => Some("a call that must fail was acknowledged"),
        (Outcome::Done, Some(parts)) if parts != there => {
            Some("what an acknowledged call wrote is not what is there")
        }
        (Outcome::Failed, _) if !there.is_empty() => {
            Some("a call said to have no effect left rows")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::call::{Plan, Trouble, Work};
    use crate::chaos::history::testing::op;

    fn found(outcome: Outcome, work: Work, left: &[(i64, i64)]) -> Option<&'static str> {
        let call = Call {
            plan: Plan {
                id: 7,
                work,
                trouble: Trouble::None,
            },
            ended: String::new(),
        };
        let found = check(&[op((0, 1), outcome, call)], &left.to_vec());
        found.first().map(|violation| violation.rule)
    }

    #[test]
    fn what_is_true_is_no_violation() {
        assert_eq!(found(Outcome::Done, Work::Insert, &[(7, 0)]), None);
        assert_eq!(found(Outcome::Failed, Work::Insert, &[(8, 0)]), None);
        assert_eq!(found(Outcome::Unknown, Work::Insert, &[]), None);
        assert_eq!(found(Outcome::Unknown, Work::Insert, &[(7, 0)]), None);
        let both = [(7, 1), (7, 0)];
        assert_eq!(found(Outcome::Done, Work::Procedure(None), &both), None);
    }

    #[test]
    fn each_wrong_verdict_is_found() {
        let lost = "what an acknowledged call wrote is not what is there";
        assert_eq!(found(Outcome::Done, Work::Insert, &[]), Some(lost));
        let failed = "a call said to have no effect left rows";
        assert_eq!(
            found(Outcome::Failed, Work::Insert, &[(7, 0)]),
            Some(failed)
        );
        let twice = "a call took effect twice";
        for outcome in [Outcome::Done, Outcome::Failed, Outcome::Unknown] {
            assert_eq!(found(outcome, Work::Insert, &[(7, 0), (7, 0)]), Some(twice));
        }
        let must_fail = "a call that must fail was acknowledged";
        let fails = Work::Block(Some("40001"));
        assert_eq!(found(Outcome::Done, fails, &[(7, 0)]), Some(must_fail));
    }
}
