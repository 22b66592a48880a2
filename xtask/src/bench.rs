//! `cargo xtask bench`: runs the benchmarks' own program, built for release.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
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
    let root = workspace::root()?;
    let talk = ["--help", "-h", "--list"];
    if !arguments
        .arguments
        .iter()
        .any(|argument| talk.contains(&argument.as_str()))
    {
        for requirement in setup::provide(setup::Purpose::Benchmarks)? {
            println!(
                "bench: without {}, needed for {}",
                requirement.name, requirement.purpose
            );
        }
    }
    let package = [
        "--release",
        "--package",
        "crdb-benches",
        "--features",
        "peers",
    ];
    let built = Command::new(workspace::cargo())
        .args(["build", "--bins"])
        .args(package)
        .current_dir(&root)
        .status()
        .context("cargo build could not be started")?;
    if !built.success() {
        bail!("the benchmarks do not compile; the compiler's words are above");
    }
    let status = Command::new(workspace::cargo())
        .args(["run", "--quiet"])
        .args(package)
        .arg("--")
        .args(&arguments.arguments)
        .current_dir(&root)
        .status()
        .context("cargo run could not be started")?;
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    })
}
