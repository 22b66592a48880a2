//! Whether a transaction is open.

/// What the last ReadyForQuery said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransactionStatus {
    /// No transaction is open.
    Idle,
    /// A transaction is open.
    InTransaction,
    /// A transaction is open and failed: only its end is accepted.
    Failed,
}
