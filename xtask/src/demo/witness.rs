//! What the demo remembers of statements, transactions and retries: an observer as a service would write one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crdb_exec::{Outcome, PartialObserver, RetryEvent, StatementEnd, TransactionEnd};

/// Counts and times what it observes.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    seen: Mutex<Seen>,
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// How long each named statement and transaction took.
    pub(crate) latencies: BTreeMap<String, Latencies>,
    /// Committed transactions by the number of attempts.
    pub(crate) attempts: BTreeMap<u32, u64>,
    /// Retries by what the server called the reason.
    pub(crate) retries: BTreeMap<String, u64>,
}

/// Latencies of one kind of call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// How many calls there were.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The latency that this part of the calls stays below; zero without calls.
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        let last = sorted.len().saturating_sub(1);
        // A demo has some thousand calls: exact in an f64.
        let index = (last as f64 * part).round() as usize;
        sorted.get(index).copied().unwrap_or_default()
    }
}

impl Witness {
    /// What was seen so far.
    pub(crate) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn time(&self, name: Option<&str>, elapsed: Duration) {
        if let Some(name) = name {
            self.lock()
                .latencies
                .entry(name.to_owned())
                .or_default()
                .0
                .push(elapsed);
        }
    }
}

impl PartialObserver for Witness {
    fn statement_ended(&self, event: &StatementEnd<'_>) {
        self.time(event.name, event.elapsed);
    }

    fn transaction_ended(&self, event: &TransactionEnd<'_>) {
        self.time(event.name, event.elapsed);
        if event.outcome == Outcome::Done {
            *self.lock().attempts.entry(event.attempts).or_default() += 1;
        }
    }

    fn retry(&self, event: &RetryEvent<'_>) {
        let reason = match event.failure.sqlstate {
            Some(state) => state.to_string(),
            None => format!("{:?}", event.failure.kind),
        };
        *self.lock().retries.entry(reason).or_default() += 1;
    }
}
