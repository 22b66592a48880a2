use super::{
    AttemptBegin, AttemptEnd, Observer, ResolveEvent, RetryDeniedEvent, RetryEvent, StatementBegin,
    StatementEnd, Token, TransactionBegin, TransactionEnd,
};

/// An [`Observer`] of some events: each method does nothing unless it is implemented. Everything that implements this is
/// an [`Observer`].
///
/// ```
/// use std::sync::Arc;
/// use crdb_exec::{PartialObserver, PooledExecutor, SessionSource, StatementEnd};
///
/// struct Log;
///
/// impl PartialObserver for Log {
///     fn statement_ended(&self, event: &StatementEnd<'_>) {
///         println!("{:?} took {:?}: {}", event.name, event.elapsed, event.outcome.as_str());
///     }
/// }
///
/// fn executor(source: impl SessionSource) -> PooledExecutor<impl SessionSource> {
///     PooledExecutor::builder(source).observer(Arc::new(Log)).build()
/// }
/// ```
pub trait PartialObserver: Send + Sync {
    /// A statement has ended.
    fn statement_ended(&self, event: &StatementEnd<'_>) {
        let _ = event;
    }

    /// A transaction has ended.
    fn transaction_ended(&self, event: &TransactionEnd<'_>) {
        let _ = event;
    }

    /// One run of a statement outside a transaction, or of a transaction, has ended.
    fn attempt_ended(&self, event: &AttemptEnd<'_>) {
        let _ = event;
    }

    /// A statement or transaction is about to be tried again.
    fn retry(&self, event: &RetryEvent<'_>) {
        let _ = event;
    }

    /// The retry budget did not allow a retry that would have been right.
    fn retry_denied(&self, event: &RetryDeniedEvent<'_>) {
        let _ = event;
    }

    /// An unknown outcome was looked up by its idempotency key.
    fn resolved(&self, event: &ResolveEvent<'_>) {
        let _ = event;
    }
}

impl<T: PartialObserver> Observer for T {
    fn begin_statement(&self, _: &StatementBegin<'_>) -> Token {
        None
    }

    fn end_statement(&self, _: Token, event: &StatementEnd<'_>) {
        self.statement_ended(event);
    }

    fn begin_transaction(&self, _: &TransactionBegin<'_>) -> Token {
        None
    }

    fn end_transaction(&self, _: Token, event: &TransactionEnd<'_>) {
        self.transaction_ended(event);
    }

    fn begin_attempt(&self, _: &AttemptBegin<'_>) -> Token {
        None
    }

    fn end_attempt(&self, _: Token, event: &AttemptEnd<'_>) {
        self.attempt_ended(event);
    }

    fn within(&self, _: &Token, step: &mut dyn FnMut()) {
        step();
    }

    fn retry(&self, event: &RetryEvent<'_>) {
        PartialObserver::retry(self, event);
    }

    fn retry_denied(&self, event: &RetryDeniedEvent<'_>) {
        PartialObserver::retry_denied(self, event);
    }

    fn resolved(&self, event: &ResolveEvent<'_>) {
        PartialObserver::resolved(self, event);
    }
}
