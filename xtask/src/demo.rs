//! `cargo xtask demo`: the whole stack at work on a small bank.
//!
//! The feature `stack` compiles it. Without that feature the command runs cargo again with it.

#[cfg(feature = "stack")]
mod bank;
#[cfg(feature = "stack")]
mod ledger;
#[cfg(feature = "stack")]
mod progress;
#[cfg(feature = "stack")]
mod show;
#[cfg(feature = "stack")]
mod slow;
#[cfg(feature = "stack")]
mod transfers;
#[cfg(feature = "stack")]
mod witness;

use clap::Args;

/// Shows the whole stack at work on a small bank, and ends by itself within a minute.
///
/// Finds a server (CRDB_TEST_URL, a cockroach binary, PostgreSQL's programs, else an embedded PostgreSQL), applies
/// `sql/schema`, loads sample data, runs named queries, lets transfers conflict on purpose and checks that no money was
/// made or lost, exports a ledger and loads it again, and shows what the pool, the retries and the clock say about it. Leaves no process and no directory,
/// also when it is interrupted. Exits with 1 when anything of this fails.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The server: auto, cockroach, postgres, embedded, or a postgresql:// URL
    #[arg(long, default_value = "auto", value_name = "ENGINE")]
    engine: String,
    /// How many transfers run at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    tasks: u16,
    /// How many transfers are made
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    transfers: u32,
}

#[cfg(feature = "stack")]
pub(crate) use show::run;

/// Compiles the stack and hands over to it.
#[cfg(not(feature = "stack"))]
pub(crate) fn run(_: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    crate::relaunch::with_feature("stack")
}
