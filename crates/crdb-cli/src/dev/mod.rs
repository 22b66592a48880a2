//! `crdb dev`: a server to develop against.

#[cfg(feature = "engine")]
mod interruption;
#[cfg(feature = "engine")]
mod serve;
#[cfg(feature = "engine")]
mod server;
#[cfg(feature = "engine")]
mod tables;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "engine")]
pub use interruption::Interruptions;
#[cfg(feature = "engine")]
pub use serve::{run, serve};
#[cfg(feature = "engine")]
pub use server::Server;
#[cfg(feature = "engine")]
pub use tables::run_statements;

#[cfg(all(feature = "program", not(feature = "engine")))]
use crate::exit::{Exit, Usage, WITHOUT_ENGINE};

/// Starts a server to develop against, prints its URL, and serves until Ctrl-C.
///
/// Takes the first that it finds: CRDB_TEST_URL, a cockroach binary, or PostgreSQL's programs behind a proxy that answers
/// as CockroachDB does. Creates a database, and the tables of `sql/migrations` or of the directory that is named. What it started is
/// gone when it ends.
///
/// With a command, it runs that with CRDB_AUTH__URL and CRDB_TEST_URL set, and ends with it: `crdb dev -- cargo test`.
#[derive(Clone, Debug, Args)]
#[cfg_attr(
    not(feature = "engine"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
pub struct Arguments {
    /// The server: auto, cockroach, postgres, or a postgresql:// URL
    #[arg(long, default_value = "auto", value_name = "ENGINE")]
    engine: String,
    /// Which CockroachDB the proxy answers as: v22.2, v25.2, v26.2 [default: the newest that it knows]
    #[arg(long, value_name = "RELEASE")]
    imitate: Option<String>,
    /// The directory of migrations to apply [default: `sql/migrations`, where it is there]
    #[arg(long, value_name = "DIRECTORY", conflicts_with_all = ["schema", "empty"])]
    migrations: Option<PathBuf>,
    /// A directory of SQL files that create the tables, in the order of their names
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "empty")]
    schema: Option<PathBuf>,
    /// Create no tables
    #[arg(long)]
    empty: bool,
    /// Run this with the server, and end with it
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Arguments {
    /// The server that is asked for: `auto`, `cockroach`, `postgres`, a URL, or a name that only the caller knows.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }
}

/// Says that this build has no servers.
///
/// # Errors
/// Always.
#[cfg(all(feature = "program", not(feature = "engine")))]
pub(crate) fn run(_: &Arguments, _: bool) -> anyhow::Result<Exit> {
    Err(Usage::new(WITHOUT_ENGINE).into())
}
