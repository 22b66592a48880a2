//! `cargo xtask bench`: runs the benchmarks' own program, built for release.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{setup, workspace};

/// Measures this toolkit beside its peers, in one run.
///
/// A full run writes `docs/benchmarks.md` with its plots. Everything else is explained by `cargo xtask bench --help`,
/// which the program itself answers; it is compiled first, with the peers, which takes some minutes once.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Rows and options, for example `P2 --quick`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<String>,
}

/// Runs the program in `benches/` with the arguments; its exit code is the command's.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if !workspace::only_asks(&arguments.arguments) {
        setup::prepare(setup::Purpose::Benchmarks, "bench");
    }
    let build = [
        "--release",
        "--bins",
        "--package",
        "crdb-benches",
        "--features",
        "peers",
    ];
    workspace::build_and_run(&build, "crdb-benches", &arguments.arguments)
}
