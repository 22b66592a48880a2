//! `cargo xtask bench`: runs the benchmarks' own program, built for release.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::{setup, workspace};

/// Measures this toolkit beside its peers, in one run.
///
/// A full run writes `docs/benchmarks.md` with its plots. Everything else is explained by `cargo xtask bench --help`,
/// which the program itself answers. To measure, it is compiled with the peers and optimized, which takes some minutes once.
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
    if workspace::only_asks(&arguments.arguments) {
        // An answer needs neither the peers nor an optimized build.
        let build = [
            "--quiet",
            "--package",
            "crdb-benches",
            "--bin",
            "crdb-benches",
        ];
        return workspace::build_and_run(&build, "crdb-benches", &arguments.arguments);
    }
    setup::prepare(setup::Purpose::Benchmarks, "bench");
    let missing = setup::missing_for_kerberos();
    ensure!(
        missing.is_empty(),
        "the peers log in by Kerberos too, and {} is missing; run `cargo xtask setup --benches`",
        missing.join(" and ")
    );
    // By itself, as it is shipped: beside others it would have their features.
    workspace::succeed(
        workspace::cargo()
            .args(["build", "--release", "--package", "crdb-cli"])
            .current_dir(workspace::root()?),
    )?;
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
