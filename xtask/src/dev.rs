//! `cargo xtask dev`: a server to develop against.
//!
//! The feature `stack` compiles it. Without that feature the command runs cargo again with it.

#[cfg(feature = "stack")]
mod serve;

use std::path::PathBuf;

use clap::Args;

/// Starts a server to develop against, prints its URL, and serves until Ctrl-C.
///
/// Takes the first that it finds: CRDB_TEST_URL, a cockroach binary, PostgreSQL's programs behind a proxy that answers as
/// CockroachDB does, else an embedded PostgreSQL behind the same proxy. Creates a database with the tables of `--schema`. What it
/// started is gone when it ends.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server: auto, cockroach, postgres, embedded, or a postgresql:// URL
    #[arg(long, default_value = "auto", value_name = "ENGINE")]
    engine: String,
    /// A directory of SQL files that create the tables, in the order of their names
    #[arg(long, value_name = "DIRECTORY")]
    schema: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

#[cfg(feature = "stack")]
pub(crate) use serve::run;

/// Compiles the stack and hands over to it.
#[cfg(not(feature = "stack"))]
pub(crate) fn run(_: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    crate::relaunch::with_feature("stack")
}
