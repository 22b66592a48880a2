//! A session pool for a cluster: nodes, slots, health checks and circuit breakers, for any session type.
//!
//! The pool answers one question: *which live session do I get, and from which node?* It knows neither SQL nor
//! authentication; a [`Connector`] opens, checks and cleans the sessions and says what their errors mean.
//!
//! Not its business: retrying what failed on a session, routing by what a statement does, and discovering nodes through the
//! database itself (write a [`Topology`] for that).
//!
//! ```
//! use std::time::Duration;
//! use crdb_pool::{NodeAddress, Pool};
//! # use crdb_pool::{Condition, Connector, ErrorClass};
//! # struct MyConnector;
//! # impl Connector for MyConnector {
//! #     type Session = u32;
//! #     type Error = std::io::Error;
//! #     async fn connect(&self, _: &NodeAddress) -> Result<u32, std::io::Error> { Ok(7) }
//! #     async fn check(&self, _: &mut u32) -> Result<(), std::io::Error> { Ok(()) }
//! #     fn condition(&self, _: &mut u32) -> Condition { Condition::Clean }
//! #     async fn reset(&self, _: &mut u32) -> Result<(), std::io::Error> { Ok(()) }
//! #     fn classify(&self, _: &std::io::Error) -> ErrorClass { ErrorClass::Dead }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), crdb_pool::Error> {
//! let pool = Pool::builder(MyConnector)
//!     .nodes([NodeAddress::new("crdb-1", 26257), NodeAddress::new("crdb-2", 26257)])
//!     .max_size(16)
//!     .build()?;
//!
//! let session = pool.acquire().await?; // derefs to the connector's session
//! println!("{} says {}", session.address(), *session);
//! drop(session); // back to the pool
//!
//! pool.close(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What can be relied on
//!
//! - Callers are served in the order in which they came, within their deadline, and no more than `max_waiters` wait.
//! - There are never more than `max_size` sessions, those being opened included.
//! - A session is lent only if the connector calls it clean, and it was proven within 500 ms or has just answered a check.
//! - Every step that talks to a node is bounded in time; what is dropped in the middle is destroyed.
//! - Dropping any future of this crate at any point leaks no slot.
//! - Decisions are pure functions of state, time and a seed; only the outermost layer waits.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `conformance` | a module of the same name: checks for your own connector |
//!
//! # Modules, in reading order
//!
//! `connector` (what you implement), `pool` and `lease` (what you use), `config`, `error`, `status`, `observer`, `topology`,
//! `hooks`; inside, `core` (the decisions) and `shell` (what carries them out).

#[cfg(feature = "conformance")]
pub mod conformance;

mod config;
mod connector;
mod core;
pub mod defaults;
mod error;
mod hooks;
mod lease;
mod node;
mod observer;
mod pool;
mod shell;
mod status;
mod topology;

pub use self::config::{Config, ConfigBuilder};
pub use self::connector::{Condition, Connector, ErrorClass};
pub use self::error::{Error, ErrorKind, Unreturned};
pub use self::hooks::{HookError, HookFuture};
pub use self::lease::Lease;
pub use self::node::{Locality, NodeAddress, NodeId};
pub use self::observer::{
    AcquireBegin, AcquireEnd, AcquireOutcome, Acquired, Checked, CloseReason, Closed,
    ConnectFailed, FanOut, Leaked, NodeChanged, Observer, Opened, PartialObserver, Released, Reset,
    Token,
};
pub use self::pool::{AcquireOptions, Pool, PoolBuilder};
pub use self::status::{LastError, NodeState, NodeStatus, OutCause, Status};
pub use self::topology::{DnsTopology, SrvTopology, Topology, TopologyError};

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
