//! `cargo xtask dev`: a server to develop against.
//!
//! The feature `stack` compiles it. Without that feature the command runs cargo again with it.

#[cfg(feature = "stack")]
mod serve;

use clap::Args;
use crdb_cli::dev;

/// Starts a server to develop against, prints its URL, and serves until Ctrl-C.
///
/// As `crdb dev`, and where it finds no server it compiles an embedded PostgreSQL (`--engine embedded`).
// Its group would have the name of the flattened one's.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    dev: dev::Arguments,
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
