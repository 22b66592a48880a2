//! What a call does, drawn from the seed before anything is sent.

use super::trouble::Trouble;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::Serialize;
use std::time::Duration;

/// What the server can do beyond plain statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Abilities {
    /// A function of ours raises the SQLSTATE that it is given.
    pub raises: bool,
    /// Procedures and blocks may commit.
    pub procedures: bool,
    /// A proxy with CockroachDB's habits stands in front, and takes injections.
    pub injections: bool,
}

/// A call, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// What was to be done.
    pub plan: Plan,
    /// The kind of the error, or what else there is to say of the end.
    pub ended: String,
}

/// A call before it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The call's number: its rows carry it.
    pub id: i64,
    /// What is done.
    pub work: Work,
    /// What goes wrong meanwhile.
    pub trouble: Trouble,
}

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Work {
    /// `INSERT` as a transaction of its own.
    Insert,
    /// The same, whose rows are fetched.
    Returning,
    /// The same, whose rows are streamed.
    Streamed,
    /// The same, and it takes a while in the server.
    Slow(Duration),
    /// A procedure that commits a row, writes another and fails with this SQLSTATE, or with none.
    Procedure(Option<&'static str>),
    /// A block that does the same.
    Block(Option<&'static str>),
    /// A transaction that may be run again.
    Transaction {
        /// What its body does.
        steps: Vec<Step>,
        /// Whether it has an idempotency key.
        keyed: bool,
    },
    /// A transaction by hand.
    ByHand {
        /// What is done between BEGIN and the end.
        steps: Vec<Step>,
        /// Whether it is committed; else it is dropped.
        commits: bool,
    },
}

/// What a transaction does. Each step that writes writes a row with the step's place as its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Step {
    /// Writes a row.
    Insert,
    /// Writes a row, and takes a while in the server.
    Slow(Duration),
    /// Writes a row within a savepoint.
    Savepoint,
    /// The same, but the savepoint's body fails, and the transaction goes on.
    SavepointUndone,
    /// Writes a row between `SAVEPOINT` and `RELEASE` as statements.
    Released,
    /// Writes a row between `SAVEPOINT` and `ROLLBACK TO` as statements.
    RolledBackTo,
    /// Makes a table.
    Schema,
    /// Fails with 40001 when it is run for the first time.
    Conflict,
    /// Violates a constraint, and the body goes on as if nothing had happened.
    SwallowedError,
    /// `COMMIT` as a statement.
    Commit,
    /// `ROLLBACK` as a statement.
    Rollback,
    /// The body gives up.
    GiveUp,
}

impl Plan {
    /// Draws a call that this server can be asked for.
    pub fn draw(id: i64, can: Abilities, rng: &mut StdRng) -> Self {
        Self {
            id,
            work: Work::draw(can, rng),
            trouble: Trouble::draw(can, rng),
        }
    }

    /// The parts that must be there when the call was acknowledged. None of a call that cannot be acknowledged.
    #[must_use]
    pub fn acknowledged_parts(&self) -> Option<Vec<i64>> {
        match &self.work {
            Work::Insert | Work::Returning | Work::Streamed | Work::Slow(_) => Some(vec![0]),
            Work::Procedure(None) | Work::Block(None) => Some(vec![0, 1]),
            Work::Procedure(Some(_)) | Work::Block(Some(_)) => None,
            Work::ByHand { commits: false, .. } => Some(Vec::new()),
            Work::Transaction { steps, .. } | Work::ByHand { steps, .. } => {
                let mut parts = Vec::new();
                for (part, step) in (0..).zip(steps) {
                    match step {
                        Step::Insert | Step::Slow(_) | Step::Savepoint | Step::Released => {
                            parts.push(part);
                        }
                        Step::SavepointUndone
                        | Step::RolledBackTo
                        | Step::Schema
                        | Step::Conflict => {}
                        Step::SwallowedError | Step::Commit | Step::Rollback | Step::GiveUp => {
                            return None;
                        }
                    }
                }
                Some(parts)
            }
        }
    }
}

impl Work {
    fn draw(can: Abilities, rng: &mut StdRng) -> Self {
        let failure = |rng: &mut StdRng| {
            [None, Some("40001"), Some("23505"), Some("57014")][rng.random_range(0..4)]
        };
        match rng.random_range(0..100) {
            0..12 => Self::Insert,
            12..20 => Self::Returning,
            20..26 => Self::Streamed,
            26..38 => Self::Slow(a_moment(rng)),
            38..42 if can.procedures => Self::Procedure(failure(rng)),
            42..45 if can.procedures => Self::Block(failure(rng)),
            38..55 => Self::ByHand {
                steps: Step::several(can, rng),
                commits: rng.random_bool(0.8),
            },
            _ => Self::Transaction {
                steps: Step::several(can, rng),
                keyed: rng.random_bool(0.3),
            },
        }
    }
}

impl Step {
    fn several(can: Abilities, rng: &mut StdRng) -> Vec<Self> {
        (0..rng.random_range(1..5))
            .map(|_| Self::draw(can, rng))
            .collect()
    }

    fn draw(can: Abilities, rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            0..36 => Self::Insert,
            36..46 => Self::Slow(a_moment(rng)),
            46..54 => Self::Savepoint,
            54..61 => Self::SavepointUndone,
            61..68 => Self::Released,
            68..75 => Self::RolledBackTo,
            75..79 => Self::Schema,
            79..87 if can.raises => Self::Conflict,
            87..90 => Self::SwallowedError,
            90..92 => Self::Commit,
            92..94 => Self::Rollback,
            94..97 => Self::GiveUp,
            _ => Self::Insert,
        }
    }
}

/// How long a statement takes in the server, and how long troubles wait: of the same size, so that they meet.
pub(super) fn a_moment(rng: &mut StdRng) -> Duration {
    Duration::from_micros(rng.random_range(200..6_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::context::Seed;

    fn plans(seed: u64) -> Vec<Plan> {
        let can = Abilities {
            raises: true,
            procedures: true,
            injections: true,
        };
        let mut rng = Seed(seed).random("calls", 0);
        (0..2_000).map(|id| Plan::draw(id, can, &mut rng)).collect()
    }

    #[test]
    fn the_seed_decides_what_is_called() {
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
    }

    #[test]
    fn a_body_that_ends_its_transaction_is_never_acknowledged() {
        let mut ending = plans(7).into_iter().filter(|plan| match &plan.work {
            Work::Transaction { steps, .. } => steps.contains(&Step::Commit),
            _ => false,
        });
        assert_eq!(ending.next().unwrap().acknowledged_parts(), None);
    }

    #[test]
    fn an_acknowledged_transaction_keeps_what_no_savepoint_undid() {
        let plan = Plan {
            id: 1,
            work: Work::Transaction {
                steps: vec![
                    Step::Insert,
                    Step::SavepointUndone,
                    Step::Released,
                    Step::RolledBackTo,
                    Step::Schema,
                    Step::Savepoint,
                ],
                keyed: false,
            },
            trouble: Trouble::None,
        };
        assert_eq!(plan.acknowledged_parts(), Some(vec![0, 2, 5]));
    }
}
