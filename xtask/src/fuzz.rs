//! `cargo xtask fuzz`: hostile input, made by libFuzzer, against the targets of every crate.
//!
//! A crate's targets lie in its directory `fuzz`, a workspace of its own in the layout of `cargo fuzz`: one `[[bin]]` a
//! target, seeds in `seeds/TARGET`, a dictionary and the longest input in the manifest's `package.metadata.libfuzzer.TARGET`.

mod build;
mod campaign;
mod progress;
mod report;
mod target;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::workspace;
use build::Build;
use campaign::{Campaign, Extent};
use target::Target;

/// How long a target runs when nothing is said.
const SHORT: Duration = Duration::from_secs(5);

/// Feeds hostile input to the fuzz targets and says what came of it.
///
/// Each target runs under libFuzzer for the runs or the seconds asked for, 5 seconds when nothing is said. It may use 512
/// MiB and 10 seconds for one input: more is a failure like a panic. Inputs that reach new code are kept in the target
/// directory and are where the next run begins. An input that fails is kept too, with the command that repeats it. The
/// targets are built with the toolchain that builds everything else; they need a C++ compiler for libFuzzer itself. Exits
/// with 1 when a target failed.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these, by name or CRATE/NAME, or all of a CRATE
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Runs of each target
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// The most seconds for each target, without its compilation
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Tries the same inputs again, as far as the same inputs were kept before
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// How many targets run at the same time; as many as there are processors when nothing is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write the results to this file, one JSON object a target
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// List the targets
    #[arg(long, conflicts_with_all = ["runs", "seconds", "json", "input"])]
    list: bool,
    /// Run one target on this input alone, for example one that failed before
    #[arg(long, value_name = "FILE", conflicts_with_all = ["runs", "seconds", "json"])]
    input: Option<PathBuf>,
}

/// Builds the targets, runs them and reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace::root()?;
    let targets = target::choose(target::find(&root)?, &arguments.targets)?;
    if arguments.list {
        for target in &targets {
            println!("{target}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let build = Build::new(&root)?;
    build.compile(&targets)?;
    if let Some(input) = &arguments.input {
        return repeat(&build, &targets, input);
    }
    let extent = match (arguments.runs, arguments.seconds.map(Duration::from_secs)) {
        (None, None) => Extent::time(SHORT),
        (runs, time) => Extent { runs, time },
    };
    let jobs = arguments.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let campaign = Campaign {
        build: &build,
        extent,
        seed: arguments.seed,
    };
    let outcomes = campaign.run(&targets, jobs)?;
    report::print(&outcomes);
    if let Some(file) = &arguments.json {
        report::write_json(&outcomes, file)?;
    }
    Ok(ExitCode::from(u8::from(
        !outcomes.iter().all(|outcome| outcome.is_good(extent)),
    )))
}

/// One input, with all that the target says about it.
fn repeat(build: &Build, targets: &[Target], input: &std::path::Path) -> Result<ExitCode> {
    let [target] = targets else {
        anyhow::bail!("an input is for one target: name it, as CRATE/NAME");
    };
    let status = Command::new(build.program(target))
        .args(campaign::BOUNDS)
        .arg(input)
        .status()
        .with_context(|| format!("{target} could not be started"))?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
