//! Failures on demand and at random.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fault::Cut;

/// A failure that happens once, at the next moment that fits, on whichever session gets there first.
///
/// A *commit* is a COMMIT of an open transaction, a `RELEASE SAVEPOINT cockroach_restart`, and a statement that reads or
/// writes data outside a transaction, unless its simple query has others. A *statement* is one that reads or writes data, in
/// a transaction or outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Injection {
    /// The next statement fails with 40001 and has no effect. A transaction is then in the failed state.
    RetryStatement,
    /// The next commit fails with 40001; the transaction is rolled back and over. After a RELEASE it is in the failed
    /// state instead, to be rolled back to the savepoint.
    RetryCommit,
    /// The next commit is answered with 40003, after it has happened or been rolled back.
    AmbiguousCommit {
        /// Whether it has happened.
        committed: bool,
    },
    /// The next statement that is its own transaction is answered with 57014, after it has been committed or has had no
    /// effect: CockroachDB ends the transaction and then replaces its result by the error.
    CancelAutocommit {
        /// Whether it has been committed.
        committed: bool,
    },
    /// The job of the next schema change fails. A statement of its own fails with it and changes nothing; in a transaction
    /// COMMIT fails with XXA00, and what is not a schema change has been committed.
    FailSchemaChange,
    /// The next schema change is answered with 57014, and its job goes on: the change is made.
    LeaveSchemaChange,
    /// The connection is cut when the next statement arrives; it does not run.
    CutStatement {
        /// How the connection ends.
        cut: Cut,
    },
    /// The connection is cut when the next commit arrives; it does not happen.
    CutBeforeCommit {
        /// How the connection ends.
        cut: Cut,
    },
    /// The connection is cut when the next commit has happened, and before a byte of its answer.
    CutAfterCommit {
        /// How the connection ends.
        cut: Cut,
    },
    /// The connection is cut after this many bytes of the answer to the next commit, which has happened. Bytes of the
    /// protocol, not of TLS.
    CutCommitReply {
        /// How many bytes of the answer arrive.
        bytes: usize,
        /// How the connection ends.
        cut: Cut,
    },
}

/// Failures at random. Probabilities are from 0 to 1; all are 0 at first.
///
/// Each session draws from a generator of its own, seeded with the seed and the session's number since the proxy began:
/// the same sessions that do the same in the same order meet the same failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomInjections {
    seed: u64,
    retry_statement: f64,
    retry_commit: f64,
    ambiguous_commit: f64,
    cut_statement: f64,
    cut_commit: f64,
    committed_when_cancelled: f64,
}

impl RandomInjections {
    /// No failures yet, from this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            retry_statement: 0.0,
            retry_commit: 0.0,
            ambiguous_commit: 0.0,
            cut_statement: 0.0,
            cut_commit: 0.0,
            committed_when_cancelled: 0.0,
        }
    }

    /// How likely a statement fails with 40001.
    #[must_use]
    pub fn retry_statement(mut self, probability: f64) -> Self {
        self.retry_statement = probability.clamp(0.0, 1.0);
        self
    }

    /// How likely the COMMIT of a transaction fails with 40001.
    #[must_use]
    pub fn retry_commit(mut self, probability: f64) -> Self {
        self.retry_commit = probability.clamp(0.0, 1.0);
        self
    }

    /// How likely a commit is answered with 40003; half of those have happened.
    #[must_use]
    pub fn ambiguous_commit(mut self, probability: f64) -> Self {
        self.ambiguous_commit = probability.clamp(0.0, 1.0);
        self
    }

    /// How likely the connection is reset instead of running a statement.
    #[must_use]
    pub fn cut_statement(mut self, probability: f64) -> Self {
        self.cut_statement = probability.clamp(0.0, 1.0);
        self
    }

    /// How likely the connection is reset around a commit: before it, after it, or within its answer.
    #[must_use]
    pub fn cut_commit(mut self, probability: f64) -> Self {
        self.cut_commit = probability.clamp(0.0, 1.0);
        self
    }

    /// How likely a write outside a transaction that was cancelled, or ran into `statement_timeout`, has been committed
    /// all the same. 0.8 to 0.9 has been measured on a CockroachDB server, with time-outs of a few milliseconds.
    #[must_use]
    pub fn committed_when_cancelled(mut self, probability: f64) -> Self {
        self.committed_when_cancelled = probability.clamp(0.0, 1.0);
        self
    }

    /// The generator of the session with this number.
    pub(super) fn generator(&self, session: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed ^ session.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// What may fail now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opportunity {
    pub(super) statement: bool,
    pub(super) commit: bool,
    pub(super) autocommit: bool,
    pub(super) schema: bool,
}

impl Injection {
    fn fits(self, opportunity: Opportunity) -> bool {
        match self {
            Self::RetryStatement | Self::CutStatement { .. } => opportunity.statement,
            Self::CancelAutocommit { .. } => opportunity.autocommit,
            Self::FailSchemaChange | Self::LeaveSchemaChange => opportunity.schema,
            Self::RetryCommit
            | Self::AmbiguousCommit { .. }
            | Self::CutBeforeCommit { .. }
            | Self::CutAfterCommit { .. }
            | Self::CutCommitReply { .. } => opportunity.commit,
        }
    }
}

/// Takes the first queued failure that fits.
pub(super) fn take(queue: &mut VecDeque<Injection>, opportunity: Opportunity) -> Option<Injection> {
    let at = queue
        .iter()
        .position(|injection| injection.fits(opportunity))?;
    queue.remove(at)
}

/// Draws a failure. One number is drawn per opportunity and a second one where there is a choice, so that the sequence
/// does not depend on the probabilities.
pub(super) fn draw(
    random: &RandomInjections,
    generator: &mut StdRng,
    opportunity: Opportunity,
) -> Option<Injection> {
    let mut point: f64 = generator.random();
    let choice: u32 = generator.random();
    let mut hit = |probability: f64, possible: bool| {
        if !possible {
            return false;
        }
        let hit = point < probability;
        point -= probability;
        hit && point < 0.0
    };
    let cut = Cut::Reset;
    if hit(random.retry_statement, opportunity.statement) {
        Some(Injection::RetryStatement)
    } else if hit(random.cut_statement, opportunity.statement) {
        Some(Injection::CutStatement { cut })
    } else if hit(random.retry_commit, opportunity.commit) {
        Some(Injection::RetryCommit)
    } else if hit(random.ambiguous_commit, opportunity.commit) {
        Some(Injection::AmbiguousCommit {
            committed: choice.is_multiple_of(2),
        })
    } else if hit(random.cut_commit, opportunity.commit) {
        Some(match choice % 3 {
            0 => Injection::CutBeforeCommit { cut },
            1 => Injection::CutAfterCommit { cut },
            _ => Injection::CutCommitReply {
                bytes: usize::try_from(choice / 3 % 18).unwrap_or(0),
                cut,
            },
        })
    } else {
        None
    }
}

/// Whether a write that was cancelled has been committed.
pub(super) fn draw_committed(random: &RandomInjections, generator: &mut StdRng) -> bool {
    let point: f64 = generator.random();
    point < random.committed_when_cancelled
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATEMENT: Opportunity = Opportunity {
        statement: true,
        commit: false,
        autocommit: false,
        schema: false,
    };
    const COMMIT: Opportunity = Opportunity {
        statement: false,
        commit: true,
        autocommit: false,
        schema: false,
    };

    #[test]
    fn a_queued_failure_waits_for_its_moment() {
        let mut queue = VecDeque::from([Injection::RetryCommit, Injection::RetryStatement]);
        assert_eq!(take(&mut queue, STATEMENT), Some(Injection::RetryStatement));
        assert_eq!(take(&mut queue, STATEMENT), None);
        assert_eq!(take(&mut queue, COMMIT), Some(Injection::RetryCommit));
    }

    #[test]
    fn the_same_seed_and_session_draw_the_same() {
        let random = RandomInjections::seeded(7)
            .retry_statement(0.3)
            .cut_statement(0.1);
        let run = |session| {
            let mut generator = random.generator(session);
            (0..100)
                .map(|_| draw(&random, &mut generator, STATEMENT))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn probabilities_hold() {
        let random = RandomInjections::seeded(1)
            .retry_commit(0.2)
            .cut_commit(0.1)
            .retry_statement(0.9);
        let mut generator = random.generator(0);
        let drawn: Vec<_> = (0..10_000)
            .filter_map(|_| draw(&random, &mut generator, COMMIT))
            .collect();
        let retries = drawn
            .iter()
            .filter(|injection| **injection == Injection::RetryCommit)
            .count();
        assert!((1_800..2_200).contains(&retries), "{retries}");
        assert!(
            (800..1_200).contains(&(drawn.len() - retries)),
            "{}",
            drawn.len() - retries
        );
    }
}
