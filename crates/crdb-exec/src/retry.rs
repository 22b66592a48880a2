//! Whether a failure that may be retried is.

use crate::backoff::Backoff;
use crate::observer::Failure;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::fmt;
use std::time::Duration;

/// An attempt that failed, and of which it is certain that nothing took effect.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// How many attempts have been made, at least 1.
    pub number: u32,
    /// How the last one failed. Its verdict is always [`Verdict::Retry`](crate::Verdict::Retry).
    pub failure: Failure,
    /// Whether it was a transaction, or a statement of its own.
    pub is_transaction: bool,
    /// From the call to this failure.
    pub elapsed: Duration,
    /// How long the last attempt took.
    pub took: Duration,
    /// What is left of the call's time, if it is limited.
    pub remaining: Option<Duration>,
    /// How many retries the executor's budget has left for failures of nodes and connections.
    pub budget: u32,
    /// A random number of this failure, from the executor's [seed](crate::PooledExecutorBuilder::seed) if it has one: where a policy's
    /// jitter should come from.
    pub random: u64,
}

/// What a [`RetryPolicy`] decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Try again after this wait.
    After(Duration),
    /// Give the failure to the caller.
    GiveUp,
}

/// Decides whether and when something is tried again.
///
/// A policy is asked only when it is certain that nothing took effect, so it cannot make a retry wrong. Whatever it decides,
/// nothing is tried again after the call's deadline, and failures of nodes and connections only as far as the executor's
/// budget goes.
///
/// ```
/// use std::time::Duration;
/// use crdb_exec::{FailedAttempt, RetryDecision, RetryPolicy};
///
/// /// Tries conflicts again at once, three times, and nothing else.
/// #[derive(Debug)]
/// struct Conflicts;
///
/// impl RetryPolicy for Conflicts {
///     fn decide(&self, failed: &FailedAttempt) -> RetryDecision {
///         if failed.failure.is_collision() && failed.number <= 3 {
///             RetryDecision::After(Duration::ZERO)
///         } else {
///             RetryDecision::GiveUp
///         }
///     }
/// }
/// ```
pub trait RetryPolicy: fmt::Debug + Send + Sync {
    /// What is done about a failed attempt. Called on the task that runs the statement: be quick, and do not block.
    fn decide(&self, failed: &FailedAttempt) -> RetryDecision;
}

/// So many attempts, with a [`Backoff`] between them. What executors do unless they are given another policy.
///
/// After a [collision](Failure::is_collision) the waits begin with the length of the attempt where that is shorter than the backoff's
/// first: what it collided with is about as short, and a row that many write is idle while all of them wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitedAttempts {
    attempts: u32,
    backoff: Backoff,
}

impl LimitedAttempts {
    /// Up to `attempts` attempts, at least 1.
    #[must_use]
    pub const fn new(attempts: u32, backoff: Backoff) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
            backoff,
        }
    }

    /// How often something is tried at most.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn set_attempts(&mut self, attempts: u32) {
        self.attempts = attempts.max(1);
    }

    pub(crate) fn set_backoff(&mut self, backoff: Backoff) {
        self.backoff = backoff;
    }
}

impl RetryPolicy for LimitedAttempts {
    fn decide(&self, failed: &FailedAttempt) -> RetryDecision {
        if failed.number < self.attempts {
            let mut random = SmallRng::seed_from_u64(failed.random);
            let backoff = match failed.failure.is_collision() {
                true => self.backoff.begin_within(failed.took),
                false => self.backoff,
            };
            RetryDecision::After(backoff.delay(failed.number, &mut random))
        } else {
            RetryDecision::GiveUp
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::sqlstate::SqlState;
    use crate::verdict::Verdict;

    /// The longest of many waits after this many failures, each of which took a millisecond.
    fn longest(number: u32, kind: ErrorKind, sqlstate: Option<SqlState>) -> Duration {
        let policy = LimitedAttempts::new(100, Backoff::default());
        let waits = (0..1_000).map(|random| {
            let decision = policy.decide(&FailedAttempt {
                number,
                failure: Failure {
                    kind,
                    verdict: Verdict::Retry,
                    sqlstate,
                },
                is_transaction: true,
                elapsed: Duration::from_secs(1),
                took: Duration::from_millis(1),
                remaining: None,
                budget: 10,
                random,
            });
            match decision {
                RetryDecision::After(wait) => wait,
                RetryDecision::GiveUp => unreachable!("attempts are left"),
            }
        });
        waits.max().unwrap()
    }

    #[test]
    fn waits_after_a_collision_begin_with_its_length() {
        let collision = Some(SqlState::SERIALIZATION_FAILURE);
        let within = |number, most| {
            let wait = longest(number, ErrorKind::Server, collision);
            assert!(wait <= most && wait > most / 2, "{number}: {wait:?}");
        };
        within(1, Duration::from_millis(1));
        within(4, Duration::from_millis(8));
        within(30, Backoff::default().limit(30));
        let lost = longest(1, ErrorKind::Connection, None);
        assert!(lost > Duration::from_millis(4), "{lost:?}");
    }
}
