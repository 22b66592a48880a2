//! CockroachDB from one configuration: login, pool, SQL files, transactions and metrics.

pub mod config;
mod error;

pub use config::Config;
pub use error::{Error, ErrorKind};
