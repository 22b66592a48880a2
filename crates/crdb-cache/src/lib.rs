//! Answers of CockroachDB and PostgreSQL that may be reused, and never older than a query allows.
//!
//! A [`CachedExecutor`] stands in front of an executor and is one. A statement that says how old its answer may be is answered from
//! memory as long as that holds; everything else is passed on.
//!
//! ```
//! use crdb_cache::{Cache, CachedExecutor, Origin};
//! use crdb_exec::{CacheRule, Error, ExecutorExt, PooledExecutor, Row, SessionSource, Statement};
//! use std::time::Duration;
//!
//! // With crdb-sql: `-- cache: 10s, 5m on error` in the header of the query.
//! const RATE: Statement<'static> = Statement::new("SELECT rate FROM exchange WHERE currency = $1")
//!     .named("exchange.rate")
//!     .cached(CacheRule::new(Duration::from_secs(10)).on_error(Duration::from_secs(300)));
//!
//! fn in_front_of<S: SessionSource>(db: PooledExecutor<S>) -> CachedExecutor<PooledExecutor<S>> {
//!     Cache::builder().max_bytes(64 << 20).build().over(db)
//! }
//!
//! async fn rate<S: SessionSource>(
//!     db: &CachedExecutor<PooledExecutor<S>>,
//!     currency: &str,
//! ) -> Result<f64, Error> {
//!     db.fetch_one(RATE, &[&currency]).await?.get(0)
//! }
//! ```
//!
//! # Guarantees
//! - **Never older than declared.** What is given was current at most as long ago as the rule says, or was read after the call began.
//!   The age counts from before the load was sent, by the clock that says more: a wall clock that is set, and a machine that was suspended,
//!   make no entry younger.
//! - **Never below a token.** A reader with a [`CommitToken`] is given what includes the commits of the token. Within a process that goes by the
//!   order of events, not by clocks.
//! - **Never another's.** An entry belongs to one executor, and to the user, database, search path and settings that the server named
//!   within the transaction that loaded it.
//! - **Never what cannot be known.** Statements that write, lock, call functions of time, chance or the application, or read temporary,
//!   foreign or system tables are passed on, and so are those whose views or row policies do. [`CachedExecutor::refusal`] says why.
//! - **A load that began before an invalidation** is neither kept nor given to the callers that wait for it.
//! - **One load for a key** at a time. The others wait, each as long as its own time-out says. All of them get a failure, which is kept
//!   by none.
//! - Memory is bounded in bytes; what is used least goes first.
//!
//! # What it does not do
//! - Privileges and policies that are taken away, like every other change, are noticed at the latest when entries are too old.
//! - A declaration is believed: `IMMUTABLE` indexes and generated columns, casts and operators of types that the application defines.
//! - An invalidation reaches one process. On PostgreSQL, which has no changefeed to [follow](Cache::follow), this is a cache by time only.
//!
//! # Modules, in reading order
//! `cache`, `executor`, `token` (what callers use); `origin`, `feed`, `clock`, `observer` (what this crate consumes); `entry`, `key`,
//! `parameters`, `shape`, `identity`, `timestamp`, `row` (what is kept, and for whom); `flight`, `load`, `watch` (the work); `pooled`, `catalog`,
//! `within` (loads through crdb-exec's executor, and reads in its transactions).

mod cache;
mod catalog;
mod clock;
pub mod defaults;
mod entry;
mod executor;
mod feed;
mod flight;
mod identity;
mod key;
mod load;
mod observer;
mod origin;
mod parameters;
mod pooled;
mod row;
mod shape;
mod timestamp;
mod token;
mod watch;
mod within;

pub use cache::{Cache, CacheBuilder, CacheSize};
pub use clock::{Clock, Moment, SystemClock};
pub use executor::CachedExecutor;
pub use feed::{ChangeNotice, ChangeSource, Changes, Following};
pub use identity::Identity;
pub use observer::{
    AnswerEvent, AnsweredBy, FanOut, LoadBegin, LoadEnd, LoadOutcome, MissReason, Observer,
};
pub use origin::{LoadRequest, Loaded, Origin, Relations};
pub use row::{CachedRow, CachedRows};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use token::CommitToken;
pub use within::CachedTransaction;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
