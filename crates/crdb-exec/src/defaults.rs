//! What [`PooledExecutor::builder`](crate::PooledExecutor::builder), [`TransactionOptions`](crate::TransactionOptions) and their
//! parts start from.
//!
//! Declared here and nowhere else: a layer above that has the same settings takes its defaults from these.

use std::time::Duration;

/// How long a call may take, with all of its attempts, when neither the statement nor the transaction says.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a statement outside a transaction is tried at most.
pub const STATEMENT_ATTEMPTS: u32 = 5;
/// How often a transaction is run at most.
pub const TRANSACTION_ATTEMPTS: u32 = 16;
/// The longest wait after the first failed attempt.
pub const MIN_BACKOFF: Duration = Duration::from_millis(5);
/// What the wait between attempts grows to.
pub const MAX_BACKOFF: Duration = Duration::from_secs(1);
/// Retries after failures of nodes and connections that are in reserve.
pub const RETRY_RESERVE: u32 = 10;
/// Prepared statements that a session keeps.
pub const STATEMENT_CACHE: u32 = 256;
