//! What the clients of a workload did and saw, in an order that real time allows.

use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How an operation ended, as its client saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was acknowledged.
    Done,
    /// It failed, and it is certain that it took no effect.
    Failed,
    /// The outcome is unknown.
    Unknown,
}

/// One operation of one client.
///
/// `began` and `ended` are ticks of one counter: what ended before something else began came before it. The effect of an
/// unknown operation may come at any time after it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operation<A> {
    /// Who did it. A client does one thing at a time.
    pub client: u32,
    /// When it was asked for.
    pub began: u64,
    /// When the answer came.
    pub ended: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What was done, with what was seen.
    pub action: A,
}

/// A history that is being written.
#[derive(Debug)]
pub struct Recorder<A> {
    clock: AtomicU64,
    operations: Mutex<Vec<Operation<A>>>,
}

impl<A> Default for Recorder<A> {
    fn default() -> Self {
        Self {
            clock: AtomicU64::new(0),
            operations: Mutex::default(),
        }
    }
}

impl<A> Recorder<A> {
    /// An operation is about to be asked for: gives its `began`.
    pub fn begin(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// The operation that began then has ended.
    pub fn end(&self, client: u32, began: u64, outcome: Outcome, action: A) {
        let ended = self.clock.fetch_add(1, Ordering::SeqCst);
        let operation = Operation {
            client,
            began,
            ended,
            outcome,
            action,
        };
        self.operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(operation);
    }

    /// How many operations have ended.
    pub fn len(&self) -> usize {
        self.operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether none has ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the history out, in the order in which operations ended.
    pub fn take(&self) -> Vec<Operation<A>> {
        let mut operations = std::mem::take(
            &mut *self
                .operations
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        operations.sort_by_key(|operation| operation.ended);
        operations
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Short ways to write histories down.

    use super::{Operation, Outcome};

    /// An operation from tick to tick.
    pub(crate) fn op<A>(ticks: (u64, u64), outcome: Outcome, action: A) -> Operation<A> {
        Operation {
            client: 0,
            began: ticks.0,
            ended: ticks.1,
            outcome,
            action,
        }
    }

    /// Acknowledged operations, one after the other.
    pub(crate) fn in_turn<A>(actions: impl IntoIterator<Item = A>) -> Vec<Operation<A>> {
        (0..)
            .zip(actions)
            .map(|(index, action)| op((2 * index, 2 * index + 1), Outcome::Done, action))
            .collect()
    }
}
