//! `cargo xtask pgtest`: tests in the form of CockroachDB's own wire tests, replayed against the quirks proxy and real servers.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

#[cfg(feature = "engine")]
mod explain;
#[cfg(feature = "engine")]
mod run;

/// Replays wire tests, and lists every answer that is not the one in the file.
///
/// The files have the form of `pkg/sql/pgwire/testdata/pgtest` of cockroachdb/cockroach: `send`, `until`, `receive`, `let`,
/// `only`. This project's own are in `crates/crdb-testkit/tests/pgtest/cases`. Without --url they are asked of the quirks
/// proxy, which speaks like each release in turn. The exit code is 1 when there are disagreements.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A directory of files, or one file
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Speak like this release only, such as v25.2; may be repeated
    #[arg(long, value_name = "RELEASE")]
    version: Vec<String>,
    /// Ask this server instead of the proxy: postgresql://user@host:port/database, without TLS. It gets a scratch database
    /// for each file
    #[arg(long, value_name = "URL", conflicts_with = "version")]
    url: Option<String>,
    /// Say only how many steps agree
    #[arg(long)]
    brief: bool,
}

#[cfg(feature = "engine")]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    crate::runtime::block_on(run::all(arguments))
}

/// This program is compiled again with what starts servers.
#[cfg(not(feature = "engine"))]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if !arguments.path.exists() {
        anyhow::bail!("{} does not exist", arguments.path.display());
    }
    crate::relaunch::with_feature("engine")
}
