//! Whether a service should get requests.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

type Asking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Ask = Arc<dyn Fn() -> Asking + Send + Sync>;

/// How long one check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// For how long the answers of the checks are given again, so that many probes are no load.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// Whether a service should get requests: checks that are asked, gates that the service opens itself, and whether it is about
/// to stop.
///
/// ```
/// use crdb_observe::endpoint::Readiness;
///
/// # async fn example() {
/// let readiness = Readiness::new();
/// readiness.check("cache", || async { Err("not filled yet".to_owned()) });
/// let report = readiness.report().await;
/// assert!(!report.ready);
/// assert_eq!(report.checks[0].reason.as_deref(), Some("not filled yet"));
/// # }
/// ```
#[derive(Default)]
pub struct Readiness {
    draining: AtomicBool,
    gates: Mutex<Vec<Gate>>,
    checks: Mutex<Vec<(&'static str, Ask)>>,
    answers: tokio::sync::Mutex<Option<(Instant, Vec<CheckResult>)>>,
}

/// What a [`Readiness`] found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadinessReport {
    /// Whether the service should get requests.
    pub ready: bool,
    /// Each gate and check. While the service drains, there is one named `draining`.
    pub checks: Vec<CheckResult>,
}

/// What one gate or check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckResult {
    /// Its name.
    pub name: &'static str,
    /// Whether it passes.
    pub ready: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl CheckResult {
    fn new(name: &'static str, result: Result<(), String>) -> Self {
        Self {
            name,
            ready: result.is_ok(),
            reason: result.err(),
        }
    }
}

/// Keeps a service unready until [`open`](Self::open): for what it does between its start and its first request. Cheap to clone;
/// clones are the same gate. Made by [`Readiness::gate`].
#[derive(Clone)]
pub struct Gate {
    name: &'static str,
    reason: Arc<Mutex<Option<String>>>,
}

impl Gate {
    /// Lets the service become ready.
    pub fn open(&self) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Makes the service unready.
    pub fn block(&self, reason: impl Into<String>) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.into());
    }

    fn result(&self) -> CheckResult {
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        CheckResult::new(self.name, reason.clone().map_or(Ok(()), Err))
    }
}

impl Readiness {
    /// Ready, until gates and checks are added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, which is asked when a probe comes, once a second at most. One that takes longer than 5 s fails; dropping its
    /// future must be harmless. Every client that can reach `/ready` sees its reason.
    pub fn check<F>(&self, name: &'static str, ask: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let ask: Ask = Arc::new(move || Box::pin(ask()));
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.push((name, ask));
    }

    /// Adds a gate, which is closed for `reason`.
    #[must_use = "the service is not ready before the gate passes"]
    pub fn gate(&self, name: &'static str, reason: impl Into<String>) -> Gate {
        let gate = Gate {
            name,
            reason: Arc::new(Mutex::new(Some(reason.into()))),
        };
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.push(gate.clone());
        gate
    }

    /// Makes the service unready for good: the first step of a shutdown. Load balancers learn of it with their next probe, so go on
    /// answering requests for longer than their interval before you stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether [`drain`](Self::drain) was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Asks all gates and checks. A service that drains asks none.
    ///
    /// # Cancel safety
    /// Dropping the future drops the checks' futures.
    pub async fn report(&self) -> ReadinessReport {
        if self.is_draining() {
            return draining();
        }
        let mut results: Vec<_> = {
            let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            gates.iter().map(Gate::result).collect()
        };
        results.extend(self.answers().await);
        // It may have begun meanwhile.
        if self.is_draining() {
            return draining();
        }
        ReadinessReport {
            ready: results.iter().all(|result| result.ready),
            checks: results,
        }
    }

    /// What the checks say. Probes that come at the same time wait for one answer.
    async fn answers(&self) -> Vec<CheckResult> {
        let checks = self
            .checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut answers = self.answers.lock().await;
        if let Some((at, results)) = &*answers
            && at.elapsed() < FRESH_FOR
            && results.len() == checks.len()
        {
            return results.clone();
        }
        let mut results = Vec::with_capacity(checks.len());
        for (name, ask) in checks {
            let asking = tokio::time::timeout(CHECK_LIMIT, ask());
            let result = asking
                .await
                .unwrap_or_else(|_| Err(format!("no answer within {CHECK_LIMIT:?}")));
            results.push(CheckResult::new(name, result));
        }
        *answers = Some((Instant::now(), results.clone()));
        results
    }
}

fn draining() -> ReadinessReport {
    let reason = Err("the service is about to stop".to_owned());
    ReadinessReport {
        ready: false,
        checks: vec![CheckResult::new("draining", reason)],
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness")
            .field("draining", &self.is_draining())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_probes_ask_once_a_second() {
        let readiness = Readiness::new();
        let asked = Arc::new(AtomicU32::new(0));
        let counted = asked.clone();
        readiness.check("database", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        });
        for _ in 0..10 {
            assert!(readiness.report().await.ready);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        tokio::time::advance(FRESH_FOR).await;
        assert!(readiness.report().await.ready);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_fails() {
        let readiness = Readiness::new();
        readiness.check("database", std::future::pending);
        let report = readiness.report().await;
        assert!(!report.ready);
        let reason = report.checks.first().unwrap().reason.as_deref();
        assert_eq!(reason, Some("no answer within 5s"));
    }

    #[tokio::test]
    async fn a_gate_counts_at_once_and_so_does_draining() {
        let readiness = Readiness::new();
        let schema = readiness.gate("schema", "not migrated");
        assert!(!readiness.report().await.ready);
        schema.open();
        assert!(readiness.report().await.ready);
        schema.block("a migration failed");
        let report = readiness.report().await;
        let reason = report.checks.first().unwrap().reason.as_deref();
        assert_eq!(reason, Some("a migration failed"));
        schema.open();
        readiness.drain();
        let report = readiness.report().await;
        assert!(!report.ready);
        assert_eq!(report.checks.first().unwrap().name, "draining");
    }
}
