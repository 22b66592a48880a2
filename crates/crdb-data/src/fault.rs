//! What a failure says about the rows that were sent, and how often they are sent again.

use crdb_exec::{Backoff, FailedAttempt, LimitedAttempts, RetryDecision, RetryPolicy};

/// Whether the rows are to blame: data that a type or a constraint refuses.
pub(crate) fn blames_rows(error: &crdb_exec::Error) -> bool {
    error
        .sqlstate()
        .is_some_and(|state| matches!(state.class(), "22" | "23") || state.as_str() == "42804")
}

/// Whether fewer rows at once may do: the transaction lost again and again, which is also how CockroachDB answers one that runs past
/// its deadline; two rows with one key cannot replace the same row in one statement (21000); a limit of the server was
/// passed (54). Not where it may have been committed.
pub(crate) fn wants_fewer(error: &crdb_exec::Error) -> bool {
    !error.is_outcome_unknown()
        && (error.is_serialization_failure()
            || error
                .sqlstate()
                .is_some_and(|state| state.as_str() == "21000" || state.class() == "54"))
}

/// How often the transaction of a chunk is tried.
///
/// A chunk of several rows that loses against others is tried a few times and then halved: SQLSTATE 40001 does not tell a transaction that
/// would succeed at another attempt from one that is too large to be committed in time. Lost nodes and connections are no reason to halve
/// it: it is tried as long as its time allows.
#[derive(Debug)]
pub(crate) struct ChunkRetries {
    collisions: LimitedAttempts,
    others: LimitedAttempts,
}

impl ChunkRetries {
    /// For a chunk of so many rows.
    pub(crate) fn of(rows: u64) -> Self {
        let attempts = |most| LimitedAttempts::new(most, Backoff::default());
        Self {
            collisions: attempts(if rows > 1 { FEW } else { SOME }),
            others: attempts(MANY),
        }
    }
}

/// How often a chunk that could be halved collides before it is.
const FEW: u32 = 4;

/// How often a row by itself collides, which is as often as the executor tries a transaction by default.
const SOME: u32 = 16;

/// How often a chunk is tried that has lost its node or its connection.
const MANY: u32 = 50;

impl RetryPolicy for ChunkRetries {
    fn decide(&self, failed: &FailedAttempt) -> RetryDecision {
        match failed.failure.is_collision() {
            true => self.collisions.decide(failed),
            false => self.others.decide(failed),
        }
    }
}
