//! Which queries cost most, and where their time goes.
//!
//! A [`Profile`] observes `crdb-exec` and, for the time that calls wait for a session, `crdb-pool`. It keeps statistics of each statement
//! and transaction in bounded memory, and the latest slow calls one by one. A [`ProfileReport`] is what it says, as JSON or as text; two
//! reports are compared by [`ProfileReport::compare`].
//!
//! ```
//! use std::sync::Arc;
//! use crdb_observe::profile::Profile;
//!
//! let profile = Arc::new(Profile::new());
//! // .. give it to the executor and the pool; later:
//! let report = profile.report();
//! println!("{report}");
//! let json = report.to_json();
//! # assert!(json.starts_with('{'));
//! ```
//!
//! # What is kept
//! Names, fingerprints, the operation and the tables of a statement, counts, times, nodes and SQLSTATEs: neither SQL text nor values. Where
//! an [`Inspector`] asks the server, also plans as operations, tables, indexes and numbers of rows, and which statements waited for which.
//! 500 statements and 500 transactions have statistics of their own unless [`Profile::with_limit`] says otherwise, later ones are counted
//! together as `other`; each takes about 3 KiB. 256 slow calls are kept, the oldest give way. Quantiles are at most 7 % too high.

mod call;
mod comparison;
mod inspect;
mod observer;
mod plan;
mod quantiles;
mod report;
mod slow;
mod statistics;
mod table;

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

pub use comparison::{Change, Comparison};
pub use inspect::{Contender, Contention, InspectOptions, Inspector};
pub use plan::{Plan, PlanStep};
pub use report::{ProfileReport, SlowCall, StatementProfile, Times, TransactionProfile};

use crate::defaults;
use inspect::{Contentions, Inspected};
use slow::SlowCalls;
use table::Table;

/// How many statements, and how many transactions, have statistics of their own.
const LIMIT: usize = 500;

/// Statistics of statements and transactions. See the [module](self).
pub struct Profile {
    statements: Table,
    transactions: Table,
    slow: SlowCalls,
    slow_after: Duration,
    since: Mutex<SystemTime>,
    contentions: Contentions,
    /// Where an inspector learns what is slow.
    inspected: OnceLock<Inspected>,
}

impl Profile {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// As [`new`](Self::new), with statistics for `limit` statements and as many transactions (default 500).
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            statements: Table::new(limit),
            transactions: Table::new(limit),
            slow: SlowCalls::default(),
            slow_after: defaults::SLOW_AFTER,
            since: Mutex::new(SystemTime::now()),
            contentions: Contentions::default(),
            inspected: OnceLock::new(),
        }
    }

    /// Sets from when on a call is slow, and kept one by one. Default: 1 s.
    #[must_use]
    pub fn slow_after(mut self, duration: Duration) -> Self {
        self.slow_after = duration;
        self
    }

    /// What was recorded since the beginning, or since the last [`reset`](Self::reset).
    #[must_use]
    pub fn report(&self) -> ProfileReport {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        ProfileReport::new(
            since,
            SystemTime::now(),
            self.statements.statements(),
            self.transactions.transactions(),
            self.slow.all(),
            self.contentions.all(),
        )
    }

    /// Forgets what was recorded.
    pub fn reset(&self) {
        self.statements.clear();
        self.transactions.clear();
        self.slow.clear();
        self.contentions.clear();
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = SystemTime::now();
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("slow_after", &self.slow_after)
            .finish_non_exhaustive()
    }
}
