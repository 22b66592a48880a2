//! Observers of statements and transactions.

mod events;
mod fan_out;
mod operation;
mod partial;

pub use events::{
    AttemptBegin, AttemptEnd, Failure, Outcome, ResolveEvent, RetryDeniedEvent, RetryEvent,
    StatementBegin, StatementEnd, TransactionBegin, TransactionEnd,
};
pub use fan_out::FanOut;
pub(crate) use operation::Operation;
pub use partial::PartialObserver;

use std::any::Any;

/// What an observer keeps from the beginning of an operation to its end: a span, an earlier reading of a clock. `None`
/// costs nothing.
pub type Token = Option<Box<dyn Any + Send + Sync>>;

/// Observes statements and transactions. An observer that needs only a few of these methods implements
/// [`PartialObserver`] instead.
///
/// Statements, transactions and attempts have a beginning and an end. `begin_*` gives a token, which comes back with
/// `end_*`: exactly one end for each beginning, on the same observer. An operation whose future is dropped ends with
/// [`Outcome::Dropped`].
///
/// A statement lies within its attempts' statement, or within its transaction's attempt:
///
/// ```text
/// transaction            statement
///   attempt 1              attempt 1
///     statement            attempt 2
///     statement
///   attempt 2
///     statement
/// ```
///
/// # Contract
/// - The methods are called on the task that runs the statement: they are quick, and do not block.
/// - [`within`](Self::within) calls `step` once.
/// - Text and parameters of a statement may hold what must not be written down. Names, outcomes and times do not.
pub trait Observer: Send + Sync {
    /// A call of an executor begins: one statement with its retries.
    fn begin_statement(&self, event: &StatementBegin<'_>) -> Token;

    /// The statement has ended. The statement of a stream ends with its last row, or when the stream is dropped.
    fn end_statement(&self, token: Token, event: &StatementEnd<'_>);

    /// A transaction begins, with its retries.
    fn begin_transaction(&self, event: &TransactionBegin<'_>) -> Token;

    /// The transaction has ended.
    fn end_transaction(&self, token: Token, event: &TransactionEnd<'_>);

    /// One run of a statement outside a transaction, or of a transaction, begins.
    fn begin_attempt(&self, event: &AttemptBegin<'_>) -> Token;

    /// The run has ended.
    fn end_attempt(&self, token: Token, event: &AttemptEnd<'_>);

    /// Runs one step of the operation that `token` stands for, by calling `step`: whatever happens in `step` is part of the
    /// operation. An observer with spans enters its span around the call. Called for each poll of an operation whose
    /// token is `Some`.
    fn within(&self, token: &Token, step: &mut dyn FnMut());

    /// A statement or transaction is about to be tried again.
    fn retry(&self, event: &RetryEvent<'_>);

    /// The retry budget did not allow a retry that would have been right.
    fn retry_denied(&self, event: &RetryDeniedEvent<'_>);

    /// An unknown outcome was looked up by its idempotency key.
    fn resolved(&self, event: &ResolveEvent<'_>);
}
