//! `exec`: how long things may take and how often they are tried.

use std::time::Duration;

use super::section;

section! {
    /// How long a statement or a transaction may take, with all of its attempts.
    DEADLINE: Duration = default("exec.deadline", "30s"),
        only "a duration above zero, like 30s" |deadline| !deadline.is_zero();
    /// How often a statement outside a transaction is tried at most.
    STATEMENT_ATTEMPTS: u32 = default("exec.statement_attempts", "5"),
        only "a whole number above 0" |attempts| *attempts > 0;
    /// How often a transaction is run at most.
    TRANSACTION_ATTEMPTS: u32 = default("exec.transaction_attempts", "16"),
        only "a whole number above 0" |attempts| *attempts > 0;
    /// The longest wait after the first failed attempt; it doubles with each.
    MIN_BACKOFF: Duration = default("exec.min_backoff", "5ms");
    /// What the wait between attempts grows to.
    MAX_BACKOFF: Duration = default("exec.max_backoff", "1s");
    /// Prepared statements that a session keeps.
    STATEMENT_CACHE: u32 = default("exec.statement_cache", "256"),
        only "a whole number above 0" |capacity| *capacity > 0;
}
