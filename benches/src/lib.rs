//! Head-to-head benchmarks: each figure beside its peers and its physical limit, from one run.
//!
//! A [`row::Row`] sets up [`case::Case`]s; the [`runner`] measures their subjects in interleaved rounds; [`verdict`] says
//! whether a target was reached or the figures are too noisy to say; [`report`] shows it to people and machines. The
//! command is `cargo xtask bench`.

pub mod baseline;
#[cfg(feature = "peers")]
pub mod callers;
pub mod case;
pub mod command;
#[cfg(feature = "peers")]
pub mod idle;
pub mod latency;
pub mod limit;
pub mod machine;
pub mod ours;
pub mod pgbench;
#[cfg(feature = "peers")]
pub mod pools;
mod program;
#[cfg(feature = "peers")]
mod psql;
mod python;
#[cfg(feature = "peers")]
pub mod realm;
pub mod report;
pub mod resources;
pub mod row;
pub mod rows;
pub mod runner;
pub mod server;
pub mod statistics;
pub mod tls;
pub mod verdict;
#[cfg(feature = "peers")]
mod wide;
