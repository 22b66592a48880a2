//! What can be seen of statements and transactions.

use crate::error::ErrorKind;
use crate::session::NodeId;
use crate::sqlstate::SqlState;
use crate::verdict::Verdict;
use std::time::Duration;

/// How something failed, without values or texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What kind of thing went wrong.
    pub kind: ErrorKind,
    /// What is certain about it.
    pub verdict: Verdict,
    /// What the server called it, when it answered.
    pub sqlstate: Option<SqlState>,
}

impl Failure {
    /// Whether the transaction lost against another one (40001, 40P01): a node that works has answered, and waiting helps.
    #[must_use]
    pub fn is_collision(&self) -> bool {
        matches!(
            self.sqlstate,
            Some(SqlState::SERIALIZATION_FAILURE | SqlState::DEADLOCK_DETECTED)
        )
    }

    pub(crate) fn of(error: &crate::Error) -> Self {
        Self {
            kind: error.kind(),
            verdict: error.verdict(),
            sqlstate: error.sqlstate(),
        }
    }
}

/// A statement has ended: one call of an executor, its retries included.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StatementEvent<'a> {
    /// The statement's name, if it has one.
    pub name: Option<&'a str>,
    /// Whether it ran inside a transaction.
    pub in_transaction: bool,
    /// From the call to the answer, waiting for a session included.
    pub elapsed: Duration,
    /// How often it was tried, at least 1.
    pub attempts: u32,
    /// The rows it gave or affected.
    pub rows: u64,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
}

/// A transaction has ended: one call of `transact`, its retries included.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TransactionEvent<'a> {
    /// The transaction's name, if it has one.
    pub name: Option<&'a str>,
    /// From the call to the answer.
    pub elapsed: Duration,
    /// How often it was run, at least 1.
    pub attempts: u32,
    /// Whether it is committed.
    pub committed: bool,
    /// How it failed, if it did. `None` when the caller's own code ended it.
    pub failure: Option<Failure>,
}

/// Something is about to be tried again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// The name of the statement or transaction, if it has one.
    pub name: Option<&'a str>,
    /// Whether it is a transaction.
    pub is_transaction: bool,
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// How long it waits before the next.
    pub delay: Duration,
    /// The failure that is the reason.
    pub failure: Failure,
    /// The node on which it failed, when it got that far.
    pub node: Option<NodeId>,
}

/// An unknown outcome was resolved through an idempotency key, or could not be.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResolveEvent<'a> {
    /// The name of the transaction, if it has one.
    pub name: Option<&'a str>,
    /// Whether it turned out to be committed; `None` when that is still unknown.
    pub committed: Option<bool>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Learns what happens. Called on the task that runs the statement: be quick, and do not block.
pub trait Observer: Send + Sync {
    /// A statement has ended. Not called when its future was dropped.
    fn statement(&self, event: &StatementEvent<'_>) {
        let _ = event;
    }

    /// A transaction has ended. Not called when its future was dropped.
    fn transaction(&self, event: &TransactionEvent<'_>) {
        let _ = event;
    }

    /// Something is about to be tried again.
    fn retry(&self, event: &RetryEvent<'_>) {
        let _ = event;
    }

    /// An unknown outcome was resolved, or could not be.
    fn resolved(&self, event: &ResolveEvent<'_>) {
        let _ = event;
    }

    /// The budget did not allow a retry that would have been right.
    fn retry_denied(&self, name: Option<&str>) {
        let _ = name;
    }
}

/// Sees nothing.
impl Observer for () {}
