//! Statements and transactions on CockroachDB, with retries that are always right and outcomes that are never guessed.
//!
//! This layer runs SQL on sessions that somebody else makes and lends: it is generic over a [`SessionSource`] and knows
//! neither pools nor authentication. It does not build SQL, map objects, or migrate schemas.
//!
//! ```
//! use crdb_exec::{Error, ExecutorExt, PooledExecutor, Row, SessionSource, TransactionOptions};
//!
//! async fn rename<S: SessionSource>(db: &PooledExecutor<S>, id: i64, name: &str) -> Result<i64, Error> {
//!     db.transact(&TransactionOptions::new(), async |tx| {
//!         tx.execute("UPDATE customer SET name = $2 WHERE id = $1", &[&id, &name]).await?;
//!         tx.fetch_one("SELECT count(*) FROM customer WHERE name = $1", &[&name])
//!             .await?
//!             .get(0)
//!     })
//!     .await
//! }
//! ```
//!
//! # Guarantees
//! - Every failure carries a [`Verdict`]: *retry* only when it is certain that nothing took effect, *never*, or *outcome
//!   unknown*. SQLSTATE, protocol position and command tag decide, never a message text; [`verdict`] has the table.
//! - A transaction is reported committed only when the server's COMMIT tag says so. A COMMIT that answers `ROLLBACK` is an
//!   error.
//! - With an [`IdempotencyKey`], work happens at most once, and an unknown outcome is resolved.
//! - A deadline frees its caller within 100 ms, cancels what runs, and keeps the cancel from hitting anybody else.
//! - Retries after failures of nodes are rationed to a tenth of the calls, so an outage is not made worse.
//! - A dropped future never leaves an open transaction to the next borrower: its session is held, and its source knows.
//!
//! # Modules, in reading order
//! `statement`, `row`, `executor`, `mapped`, `named` (what callers use); `session` (what this crate consumes); `fault`, `verdict`, `error` (what
//! failures mean); `pooled`, `transact`, `transaction`, `options`, `idempotency` (the work); `backoff`, `budget`, `deadline`
//! (its limits); `client` (sessions over `tokio_postgres`); `observer`.

mod backoff;
mod budget;
mod client;
mod deadline;
mod error;
mod executor;
mod fault;
mod idempotency;
mod mapped;
mod named;
mod observer;
mod options;
mod pooled;
mod row;
mod session;
mod sqlstate;
mod statement;
mod transact;
mod transaction;
mod value;
mod verdict;

pub use backoff::Backoff;
pub use bytes::BytesMut;
pub use client::{ClientCursor, ClientHandle, ClientRow, ClientSession};
pub use error::{Error, ErrorKind};
pub use executor::{Executor, ExecutorExt, Rows};
pub use fault::{Fault, FaultKind, ServerError};
pub use idempotency::{IdempotencyKey, Resolution};
pub use mapped::MappedRows;
pub use named::{NamedArguments, NamedExecutor, NamedQuery};
pub use observer::{Failure, Observer, ResolveEvent, RetryEvent, StatementEvent, TransactionEvent};
pub use options::{AsOf, Isolation, Priority, TransactionOptions};
pub use pooled::{PooledExecutor, PooledExecutorBuilder, PooledRows};
pub use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
pub use row::{Column, ColumnIndex, Row};
pub use session::{
    AcquireError, AcquireOptions, Engine, NodeId, Parameters, Session, SessionOutcome,
    SessionSource, TransactionStatus,
};
pub use sqlstate::SqlState;
pub use statement::{RetrySafety, Statement};
pub use transact::TransactionBody;
pub use transaction::{Transaction, TransactionRows};
pub use value::{Interval, TimeTz};
pub use verdict::{Position, Verdict, verdict};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
