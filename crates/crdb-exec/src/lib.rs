//! Statements and transactions on CockroachDB, with retries that are always right and outcomes that are never guessed.
//!
//! This layer runs SQL on sessions that a pool or a single connection lends: it is generic over a [`SessionSource`] and knows
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
//!   unknown*. The request's own [`Answer`], its position and the engine decide, never a message text; [`verdict()`] has the
//!   table.
//! - Once a statement has ended the transaction that it runs in, nothing is run again and every failure is unknown.
//! - A transaction is reported committed only when the server's COMMIT tag says so. A COMMIT that answers `ROLLBACK` is an
//!   error.
//! - With an [`IdempotencyKey`], work happens at most once, and an unknown outcome is resolved.
//! - A deadline frees its caller within 100 ms, cancels what runs, and keeps the cancel from hitting the session's next borrower.
//! - Retries after failures of nodes are rationed to a tenth of the calls, so an outage is not made worse.
//! - A dropped future never leaves an open transaction to the next borrower: its source cleans or closes the session first.
//!
//! # Values
//! A Rust type that cannot hold every value of an SQL type refuses the others: it never rounds, cuts or wraps. [`Row::get`]
//! sees to that for the types of every crate, so for generated code and derived structs too, inside `Option`, arrays,
//! composites and domains. The error names the type that holds the value.
//!
//! | SQL type | holds every value | others, and what is refused for them |
//! | --- | --- | --- |
//! | `INT2`, `INT4`, `INT8`, `OID` | `i16`, `i32`, `i64`, `u32` | integers of another width: always |
//! | `FLOAT4`, `FLOAT8` | `f32`, `f64` | the other one: always |
//! | `DECIMAL`, `NUMERIC` | [`Numeric`] | `rust_decimal::Decimal`: more than 96 bits or 28 decimal places, NaN, infinities; `f32`, `f64`, integers: always |
//! | `BOOL`, `UUID`, `BYTEA` | `bool`, `uuid::Uuid`, `Vec<u8>`, `&[u8]` | |
//! | `TEXT`, `VARCHAR`, `CHAR(n)`, `NAME`, `CITEXT`, `LTREE` | `String`, `&str` | |
//! | `"char"` | `i8`, its byte | a character of several bytes (CockroachDB) |
//! | `INET` | [`Inet`] | `IpAddr`: a prefix shorter than the address |
//! | `CIDR` | [`Inet`] | `IpAddr`: always |
//! | `DATE` | [`Date`] | `chrono::NaiveDate`, `time::Date`, `jiff::civil::Date`: infinities and years that they do not have; `postgres_types::Date` of these: such years |
//! | `TIME` | [`TimeOfDay`] | `chrono::NaiveTime`, `time::Time`, `jiff::civil::Time`: `24:00:00` |
//! | `TIMETZ` | [`TimeTz`] | |
//! | `TIMESTAMP`, `TIMESTAMPTZ` | [`Timestamp`] | types of chrono, time, jiff: infinities and years that they do not have; `SystemTime`, also within `postgres_types::Timestamp`: infinities; `postgres_types::Timestamp` of the others: such years |
//! | `INTERVAL` | [`Interval`] | |
//! | `BIT`, `VARBIT` | [`BitString`], `bit_vec::BitVec` | |
//! | `PATH` | | `geo_types::LineString`: a closed path |
//! | `JSON`, `JSONB` | [`JsonText`], [`JsonStr`] | `serde_json::Value`, `postgres_types::Json`: a number that `serde_json` does not write as it stood, a name that is twice in an object |
//! | arrays | [`Array`] | `Vec<T>`: several dimensions, a lower bound other than 1, NULL unless `T` is an `Option` |
//!
//! A type of another crate that holds more than this table knows (`cidr::IpInet`) is refused its edge values until it is read
//! as [`Exact`].
//!
//! A parameter is sent as its type sends it, and types of other crates are finer than the servers: of the nanoseconds of `std`,
//! chrono and time those below a microsecond are cut off, jiff rounds them, and a leap second of chrono becomes the second after
//! it. `now()` is such a time, so that this is no error. Pass what must arrive as it is as [`Exact`], which refuses it
//! otherwise, or as a type of this crate. What a column is narrower than is the server's to say: it rounds to `DECIMAL(10,2)`
//! and to `TIMESTAMP(0)`, and refuses what `VARCHAR(5)` has no room for.
//!
//! # Modules, in reading order
//! `statement`, `statement_builder`, `owned`, `row`, `from_row`, `executor`, `mapped`, `borrowed`, `named`, `generated` (what callers use); `session`, `answer`, `control` (what this
//! crate consumes); `fault`, `effect`, `verdict`, `error` (what failures mean); `pooled`, `transact`, `by_hand`,
//! `transaction`, `commit_time`, `progress`, `scope`, `options`, `idempotency` (the work); `retry`, `backoff`, `budget`, `deadline` (its
//! limits); `client` (sessions over `tokio_postgres`, with the feature of that name, and over the pools of `bb8` and `deadpool-postgres`); `observer`.

mod answer;
mod background;
mod backoff;
mod borrowed;
mod budget;
mod by_hand;
#[cfg(feature = "tokio-postgres")]
mod client;
mod comment;
mod commit_time;
mod control;
mod deadline;
pub mod defaults;
mod effect;
mod error;
mod executor;
mod fault;
pub mod from_row;
mod generated;
mod idempotency;
mod mapped;
mod named;
mod observer;
mod options;
mod owned;
mod pooled;
mod progress;
mod quoted;
mod random;
mod retry;
mod row;
mod scope;
mod session;
mod sqlstate;
mod statement;
mod statement_builder;
mod transact;
mod transaction;
mod unknown_label;
mod value;
mod verdict;

pub use answer::{Answer, CommandTag, Next, Tags, TransactionStatus, Written};
pub use backoff::Backoff;
pub use borrowed::{BorrowedRow, BorrowedRows};
pub use by_hand::OpenTransaction;
pub use bytes::BytesMut;
#[cfg(feature = "bb8")]
pub use client::{Bb8Client, Bb8Source};
#[cfg(feature = "tokio-postgres")]
pub use client::{
    CancelTls, ClientCursor, ClientHandle, ClientLease, ClientRow, ClientSession, LentCall,
    LentClient, LentHandle, Observed,
};
#[cfg(feature = "deadpool-postgres")]
pub use client::{DeadpoolClient, DeadpoolSource};
pub use comment::SqlComments;
pub use commit_time::CommitTime;
pub use control::{Control, ControlStep};
#[cfg(feature = "derive")]
pub use crdb_macros::FromRow;
pub use crdb_sql::{CacheRule, Staleness};
pub use deadline::timeout_from_setting;
pub use effect::Effect;
pub use error::{Error, ErrorKind};
pub use executor::{Executor, ExecutorExt, Rows};
pub use fault::{Fault, FaultKind, ServerError};
pub use from_row::FromRow;
#[doc(hidden)]
pub use generated::{new_label, write_checked};
pub use idempotency::{IdempotencyKey, Resolution};
pub use mapped::MappedRows;
pub use named::{NamedArguments, NamedExecutor, NamedQuery};
pub use observer::{
    AttemptBegin, AttemptEnd, Failure, FanOut, Observer, Outcome, PartialObserver, ResolveEvent,
    RetryDeniedEvent, RetryEvent, StatementBegin, StatementEnd, Token, TransactionBegin,
    TransactionEnd,
};
pub use options::{AsOf, Isolation, Priority, TransactionOptions};
pub use owned::OwnedParameters;
pub use pooled::{PooledExecutor, PooledExecutorBuilder, PooledRows};
pub use postgres_types::{FromSql, IsNull, ToSql, Type, WrongType, to_sql_checked};
pub use retry::{FailedAttempt, LimitedAttempts, RetryDecision, RetryPolicy};
pub use row::{Column, ColumnIndex, Row};
pub use scope::{ScopeLease, ScopeSession, ScopeSource, ScopedSession, SessionSettings};
pub use session::{
    AcquireError, AcquireOptions, Engine, NodeId, Parameters, ServerVersion, Session,
    SessionOutcome, SessionSource,
};
pub use sqlstate::SqlState;
pub use statement::{RetrySafety, Statement};
pub use statement_builder::StatementBuilder;
pub use transact::TransactionBody;
pub use transaction::{Transaction, TransactionRows};
pub use unknown_label::UnknownLabel;
#[doc(hidden)]
pub use value::BoxError;
pub use value::{
    Array, BitString, CompositeReader, Date, Dimension, Exact, Inet, Interval, JsonStr, JsonText,
    Numeric, TimeOfDay, TimeTz, Timestamp, ValueError, check_time, holds_all, is_composite,
    write_composite,
};
pub use verdict::{CommitErrors, Position, Verdict, verdict};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
