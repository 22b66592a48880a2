//! `exec`: how long things may take and how often they are tried.

use std::time::Duration;

use super::section;

section! {
    /// How long a statement or a transaction may take, with all of its attempts.
    DEADLINE: Duration = default("exec.deadline", "30s"),
        only "a duration above zero, like 30s" |deadline| !deadline.is_zero();
}
