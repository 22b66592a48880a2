//! `exec`: how long things may take and how often they are tried.

use std::time::Duration;

use crdb_exec::{Isolation, defaults};

use super::section;
use crate::config::setting::words;

section! {
    /// How long a statement or a transaction may take, with all of its attempts.
    TIMEOUT: Duration = of_layer("exec.timeout", || defaults::TIMEOUT),
        only "a duration above zero, like 30s" |timeout| !timeout.is_zero();
    /// How often a statement outside a transaction is tried at most.
    STATEMENT_ATTEMPTS: u32 = of_layer("exec.statement_attempts", || defaults::STATEMENT_ATTEMPTS),
        only "a whole number above 0" |attempts| *attempts > 0;
    /// How often a transaction is run at most.
    TRANSACTION_ATTEMPTS: u32 = of_layer("exec.transaction_attempts", || defaults::TRANSACTION_ATTEMPTS),
        only "a whole number above 0" |attempts| *attempts > 0;
    /// The longest wait after the first failed attempt; it doubles with each.
    MIN_BACKOFF: Duration = of_layer("exec.min_backoff", || defaults::MIN_BACKOFF);
    /// What the wait between attempts grows to.
    MAX_BACKOFF: Duration = of_layer("exec.max_backoff", || defaults::MAX_BACKOFF);
    /// Retries after failures of nodes and connections that are in reserve, beyond one for each ten calls.
    RETRY_RESERVE: u32 = of_layer("exec.retry_reserve", || defaults::RETRY_RESERVE);
    /// How many sessions of the pool statements outside transactions share at most; 0: each statement has a session of its own. A result above 16 MiB fails on a shared session: stream it.
    LANES: u32 = default("exec.lanes", "0");
    /// The isolation of transactions; `none`: the server's default.
    ISOLATION: Option<Isolation> = default("exec.isolation", "none");
    /// Prepared statements that a session keeps.
    STATEMENT_CACHE: u32 = of_layer("exec.statement_cache", || defaults::STATEMENT_CACHE),
        only "a whole number above 0" |capacity| *capacity > 0;
}

words!(Isolation, "serializable, repeatable-read, read-committed or none", {
    "serializable" => Isolation::Serializable,
    "repeatable-read" => Isolation::RepeatableRead,
    "read-committed" => Isolation::ReadCommitted,
});
