//! What the clients of a run do, and how it is checked in the end.

pub mod append;
pub mod bank;
pub mod register;
pub mod set;

use super::checker::Violation;
use super::history::{Operation, Outcome};
use crdb_exec::Verdict;
use crdb_facade::{Database, Error};
use futures_util::future::BoxFuture;
use rand::rngs::StdRng;
use serde::Serialize;

/// Tables, operations on them, and a checker.
pub trait Workload: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Makes the tables.
    fn set_up<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<(), Error>>;

    /// Does one thing and records it.
    fn step<'a>(&'a self, db: &'a Database, client: u32, rng: &'a mut StdRng) -> BoxFuture<'a, ()>;

    /// Reads what is there now that all is healed, and checks the history against it.
    fn finish<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<Findings, Error>>;
}

/// What a workload's history came to.
#[derive(Debug, Default)]
pub struct Findings {
    /// Operations that were acknowledged.
    pub done: u64,
    /// Operations that certainly had no effect.
    pub failed: u64,
    /// Operations whose outcome was unknown.
    pub unknown: u64,
    /// What must not have happened.
    pub violations: Vec<Violation>,
    /// The history as JSON, where there is a violation to be understood.
    pub history: Vec<String>,
}

impl Findings {
    /// Counts a history and, when something is wrong with it, writes it down.
    pub(crate) fn of<A: Serialize>(
        history: &[Operation<A>],
        violations: Vec<Violation>,
        end: &impl Serialize,
    ) -> Self {
        let count = |outcome| {
            let with = history
                .iter()
                .filter(|operation| operation.outcome == outcome);
            with.count() as u64
        };
        let json = |value: Result<String, serde_json::Error>| {
            value.unwrap_or_else(|error| format!("\"{error}\""))
        };
        let text = if violations.is_empty() {
            Vec::new()
        } else {
            let operations = history
                .iter()
                .map(|operation| json(serde_json::to_string(operation)));
            operations
                .chain([json(serde_json::to_string(end))])
                .collect()
        };
        Self {
            done: count(Outcome::Done),
            failed: count(Outcome::Failed),
            unknown: count(Outcome::Unknown),
            violations,
            history: text,
        }
    }
}

/// What a client may conclude from an answer: exactly what the verdict says, which is what is tested.
pub(crate) fn outcome<T>(result: &Result<T, Error>) -> Outcome {
    match result.as_ref().map_err(Error::verdict) {
        Ok(_) => Outcome::Done,
        // An error without a verdict is about no statement: nothing was sent.
        Err(None | Some(Verdict::Retry | Verdict::Never)) => Outcome::Failed,
        Err(_) => Outcome::Unknown,
    }
}
