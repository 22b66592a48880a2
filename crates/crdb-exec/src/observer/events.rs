use crate::error::ErrorKind;
use crate::session::{NodeId, Parameters};
use crate::sqlstate::SqlState;
use crate::verdict::Verdict;
use std::fmt;
use std::time::Duration;

/// How something failed, without values or texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// What is certain about it.
    pub verdict: Verdict,
    /// The server's code, when the server answered.
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

    /// How this error came about.
    #[must_use]
    pub fn of(error: &crate::Error) -> Self {
        Self {
            kind: error.kind(),
            verdict: error.verdict(),
            sqlstate: error.sqlstate(),
        }
    }
}

/// How a statement, a transaction or an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was answered with success; a transaction is committed.
    Done,
    /// The caller's own code rolled the transaction back. Never the outcome of a statement.
    RolledBack,
    /// It failed.
    Failed(Failure),
    /// Its future or stream was dropped before its end. What it did may take effect all the same.
    Dropped,
}

impl Outcome {
    /// The failure, if it failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// Whether the effect may have been committed without this being known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.failure()
            .is_some_and(|failure| failure.verdict == Verdict::OutcomeUnknown)
    }

    /// A short name for labels and fields: `ok`, `rolled_back`, `failed`, `unknown`, `dropped`. It stays the same from
    /// release to release.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::RolledBack => "rolled_back",
            Self::Failed(_) if self.is_unknown() => "unknown",
            Self::Failed(_) => "failed",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn of<T>(result: &Result<T, crate::Error>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) => Self::Failed(Failure::of(error)),
        }
    }
}

/// A statement begins: one call of an executor, its retries included. Its `Debug` output has no text and no values.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct StatementBegin<'a> {
    /// The statement's name, if it has one.
    pub name: Option<&'a str>,
    /// The text, which may hold values.
    pub text: &'a str,
    /// The values of its parameters, `$1` first. Most must not be written down.
    pub parameters: Parameters<'a>,
    /// Whether it runs inside a transaction.
    pub in_transaction: bool,
}

impl fmt::Debug for StatementBegin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementBegin")
            .field("name", &self.name)
            .field("parameters", &self.parameters.len())
            .field("in_transaction", &self.in_transaction)
            .finish_non_exhaustive()
    }
}

/// A statement has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StatementEnd<'a> {
    /// The statement's name, if it has one.
    pub name: Option<&'a str>,
    /// Whether it ran inside a transaction.
    pub in_transaction: bool,
    /// From the call to the answer, waiting for a session included; for a stream, to its last row.
    pub elapsed: Duration,
    /// How often it was tried, at least 1.
    pub attempts: u32,
    /// The rows it gave or affected.
    pub rows: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// A transaction begins: one call of `transact`, its retries included, or of `begin`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TransactionBegin<'a> {
    /// The transaction's name, if it has one: [`TransactionOptions::name`](crate::TransactionOptions::name).
    pub name: Option<&'a str>,
}

/// A transaction has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TransactionEnd<'a> {
    /// The transaction's name, if it has one.
    pub name: Option<&'a str>,
    /// From the call to the answer.
    pub elapsed: Duration,
    /// How often it was run, at least 1.
    pub attempts: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// One run of a statement outside a transaction, or of a transaction, begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AttemptBegin<'a> {
    /// The name of the statement or transaction, if it has one.
    pub name: Option<&'a str>,
    /// Whether it is a transaction.
    pub is_transaction: bool,
    /// The number of the attempt, from 1.
    pub number: u32,
}

/// One run of a statement or transaction has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AttemptEnd<'a> {
    /// The name of the statement or transaction, if it has one.
    pub name: Option<&'a str>,
    /// Whether it is a transaction.
    pub is_transaction: bool,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// From the beginning of the attempt, waiting for a session included.
    pub elapsed: Duration,
    /// The node on which it ran, when it got that far.
    pub node: Option<NodeId>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A statement or transaction is about to be tried again.
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

/// The retry budget did not allow a retry that would have been right.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryDeniedEvent<'a> {
    /// The name of the statement or transaction, if it has one.
    pub name: Option<&'a str>,
    /// Whether it is a transaction.
    pub is_transaction: bool,
    /// The failure that would have been the reason.
    pub failure: Failure,
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
