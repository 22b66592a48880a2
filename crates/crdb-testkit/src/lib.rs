//! Database engines, certificates and proxies for tests against CockroachDB and PostgreSQL.

mod certificates;
mod engine;
mod error;
mod fault;
mod process;
mod quirks;

pub use certificates::{Authority, Identity};
pub use engine::{
    Credentials, Database, Engine, EngineChoice, EngineKind, EngineOptions, Login, Node, Nodes,
};
pub use error::{Error, ErrorKind};
pub use fault::{Accept, Counts, Cut, Direction, FaultProxy, Link};
pub use quirks::{
    CockroachVersion, Injection, QuirkCounts, QuirksOptions, QuirksProxy, RandomInjections,
};
