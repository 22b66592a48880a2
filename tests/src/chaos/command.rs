//! The command behind `cargo xtask chaos`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to its terminal"
)]

use super::context::Context;
use super::evidence::{Evidence, usual_directory};
use super::report::{self, Ran, Record, Setting};
use super::row::{Row, Verdict};
use super::rows;
use anyhow::{Context as _, bail};
use clap::Parser;
use crdb_testkit::{Engine, EngineChoice, EngineOptions, Nodes};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Runs the reliability rows: a workload, faults, and a checker of what was seen.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "cargo xtask chaos",
    after_help = "Exit status: 0 nothing wrong was seen, 1 something was, or (with --check) a row did not run, 2 the run \
    itself failed. A run below a row's size says short, never met."
)]
pub struct Arguments {
    /// Rows to run, for example R2; all where none is named.
    pub rows: Vec<String>,
    /// Leaves out the rows that run a crate's own tests or fuzz targets, or need further programs, where no row is named.
    #[arg(long, conflicts_with = "rows")]
    pub native: bool,
    /// Runs each row for at most N seconds; without it, up to the row's size.
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// Replays the schedule of faults and operations of an earlier run.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Writes one JSON object a row to FILE.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Fails when a row did not run, too.
    #[arg(long)]
    pub check: bool,
    /// Runs against this server: auto, cockroach (three nodes), postgres, or a URL.
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    pub engine: String,
    /// Runs statements outside transactions on N lanes, in the rows that run the whole stack.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub lanes: u32,
    /// Keeps what was run in DIR/reliability and writes DIR/reliability.md from all that is kept there.
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// Keeps what explains a violation in DIR instead of target/chaos-SEED.
    #[arg(long, value_name = "DIR")]
    pub evidence: Option<PathBuf>,
    /// Lists the rows.
    #[arg(long)]
    pub list: bool,
}

/// Runs the command and says how it ended.
///
/// Dropping the future stops the engine that it started.
pub async fn run(arguments: Arguments) -> ExitCode {
    let interrupted = async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "interrupted".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let ended = tokio::select! {
        ended = execute(&arguments) => ended,
        reason = interrupted => Err(anyhow::anyhow!(reason)),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("chaos: {error:#}");
        ExitCode::from(2)
    })
}

async fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let chosen = choose(&arguments.rows, arguments.native)?;
    if arguments.list {
        for row in chosen {
            let size = row.size();
            println!(
                "{:4} {} ({} {})",
                row.id(),
                row.title(),
                size.count,
                size.unit
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let seed = arguments.seed.unwrap_or_else(rand::random);
    println!("seed {seed}");
    let choice: EngineChoice = arguments.engine.parse().context("--engine")?;
    let engine = start(choice).await.context("starting an engine")?;
    println!("engine: {}", engine.choice());
    let setting = Setting {
        engine: engine.version().to_owned(),
        seed,
        seconds: arguments.seconds,
        lanes: arguments.lanes,
        machine: machine(),
    };
    let engine = Arc::new(engine);
    let mut ran = Vec::new();
    for row in chosen {
        ran.push(run_row(row, &engine, &setting, arguments).await);
    }
    let records: Vec<_> = ran.iter().map(|ran| ran.record(&setting)).collect();
    println!("{}", report::table(&records));
    if let Some(file) = &arguments.json {
        write(file, &report::json(&records)?)?;
    }
    if let Some(directory) = &arguments.page {
        write_page(directory, &records)?;
        for picture in ran.iter().flat_map(report::Ran::pictures) {
            write(
                &directory.join("reliability").join(picture.file),
                &picture.svg,
            )?;
        }
    }
    Ok(exit_code(&ran, arguments.check))
}

/// Three nodes where they can be had, which is from CockroachDB's own program, else one server.
async fn start(choice: EngineChoice) -> Result<Engine, crdb_testkit::Error> {
    let options = EngineOptions::default().choice(choice);
    match Engine::try_start(options.clone().nodes(Nodes::Three)).await {
        Err(error) if error.is_unavailable() => Engine::try_start(options).await,
        started => started,
    }
}

fn write_page(directory: &Path, records: &[Record]) -> anyhow::Result<()> {
    let kept = directory.join("reliability");
    for record in records {
        record.keep(&kept)?;
    }
    let rows: Vec<_> = rows::all()
        .iter()
        .map(|row| Ok((*row, Record::kept(&kept, *row)?)))
        .collect::<anyhow::Result<_>>()?;
    write(&directory.join("reliability.md"), &report::page(&rows))
}

async fn run_row(
    row: &'static dyn Row,
    engine: &Arc<Engine>,
    setting: &Setting,
    arguments: &Arguments,
) -> Ran {
    println!("{}: {}", row.id(), row.title());
    let seed = setting.seed;
    let limit = setting.seconds.map(Duration::from_secs);
    let directory = arguments
        .evidence
        .clone()
        .unwrap_or_else(|| usual_directory(seed));
    let evidence = Evidence::new(directory.clone(), setting.again(row.id()));
    let context = Context::new(Arc::clone(engine), seed, limit, evidence).with_lanes(setting.lanes);
    let started = Instant::now();
    let result = row.run(&context).await;
    match &result {
        Ok(report) => {
            for figure in &report.figures {
                println!("  {:<45} {:>12}", figure.name, report::shown(figure));
            }
            for violation in report.violations.iter().take(5) {
                println!("  WRONG {violation}");
            }
            if !report.violations.is_empty() {
                println!("  explained in {}", directory.display());
            }
        }
        Err(error) => println!("  did not run: {error:#}"),
    }
    Ran {
        row,
        took: started.elapsed(),
        result,
    }
}

fn choose(names: &[String], native: bool) -> anyhow::Result<Vec<&'static dyn Row>> {
    let all = rows::all();
    if names.is_empty() {
        let rows = all.iter().copied();
        return Ok(rows
            .filter(|row| !native || (row.is_native() && row.needs().is_empty()))
            .collect());
    }
    let find = |name: &String| {
        all.iter()
            .copied()
            .find(|row| row.id().eq_ignore_ascii_case(name))
    };
    let mut chosen = Vec::new();
    for name in names {
        let Some(row) = find(name) else {
            let known: Vec<_> = all.iter().map(|row| row.id()).collect();
            bail!("there is no row {name}; there are {}", known.join(", "));
        };
        chosen.push(row);
    }
    Ok(chosen)
}

fn exit_code(ran: &[Ran], check: bool) -> ExitCode {
    let bad = ran.iter().any(|ran| match ran.verdict() {
        Some(verdict) => verdict == Verdict::Missed,
        None => check,
    });
    if bad {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}

/// The machine, in a line.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{cores} cores, {model}, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_name() {
        assert_eq!(choose(&[], false).unwrap().len(), rows::all().len());
        assert_eq!(choose(&["r2".to_owned()], false).unwrap()[0].id(), "R2");
        let Err(error) = choose(&["R99".to_owned()], false) else {
            panic!("there is no R99");
        };
        assert!(error.to_string().contains("R1, R2"), "{error}");
    }

    #[test]
    fn native_rows_run_no_other_rows_tests() {
        let native = choose(&[], true).unwrap();
        let names: Vec<_> = native.iter().map(|row| row.id()).collect();
        for own in ["R1", "R2", "R7", "failover"] {
            assert!(names.contains(&own), "{names:?}");
        }
        for others in ["R8", "R9", "R15"] {
            assert!(!names.contains(&others), "{names:?}");
        }
    }
}
