//! `cargo xtask ci`: everything that has to hold before a change lands, by one command.

mod alone;
mod chaos;
mod context;
mod deployment;
mod release;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use context::Context;
use crdb_cli::table;
use steps::{Extent, STEPS, Step};

/// A run on two cores from a clean clone stays below this.
const BUDGET: Duration = Duration::from_secs(25 * 60);

/// Runs everything that has to hold before a change lands.
///
/// Every step runs, also after one has failed; at the end each step's minutes and verdict are printed. Exits with 1 when
/// a step failed.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Add the long forms: chaos at full size, long tests, the embedded demo, semver checks, minimal versions
    #[arg(long)]
    full: bool,
    /// Only this step; may be given more than once
    #[arg(long, value_name = "NAME")]
    step: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
}

/// What became of one step.
struct Done {
    name: &'static str,
    took: Duration,
    error: Option<anyhow::Error>,
}

/// Runs the steps.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let chosen = choose(arguments)?;
    if arguments.list {
        for step in chosen {
            println!("{:16} {}", step.name, step.purpose);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let context = Context::new()?;
    let mut done = Vec::new();
    for step in chosen {
        println!("\n==> {}: {}", step.name, step.purpose);
        let started = Instant::now();
        let error = (step.run)(&context).err();
        let took = started.elapsed();
        if let Some(error) = &error {
            println!("==> {} failed: {error:#}", step.name);
        }
        println!("==> {}: {} min", step.name, minutes(took));
        done.push(Done {
            name: step.name,
            took,
            error,
        });
    }
    report(&done);
    if let Some((passed, failed, skipped)) = context.tests() {
        println!("tests: {passed} passed, {failed} failed, {skipped} skipped");
    }
    Ok(if done.iter().all(|done| done.error.is_none()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The steps that the arguments name, in their own order.
fn choose(arguments: &Arguments) -> Result<Vec<&'static Step>> {
    for name in &arguments.step {
        if !STEPS.iter().any(|step| step.name == name) {
            let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
            bail!(
                "there is no step {name}; the steps are {}",
                names.join(", ")
            );
        }
    }
    Ok(STEPS
        .iter()
        .filter(|step| {
            if arguments.step.is_empty() {
                arguments.full || arguments.list || step.extent == Extent::Always
            } else {
                arguments.step.iter().any(|name| name == step.name)
            }
        })
        .collect())
}

fn report(done: &[Done]) {
    let rows = done
        .iter()
        .map(|done| {
            let verdict = match &done.error {
                None => "ok".to_owned(),
                Some(error) => format!("failed: {error}"),
            };
            [done.name.to_owned(), minutes(done.took), verdict]
        })
        .collect();
    println!("\n{}", table(["step", "minutes", "verdict"], rows));
    let total: Duration = done.iter().map(|done| done.took).sum();
    println!("{} min in all", minutes(total));
    if total > BUDGET {
        println!(
            "that is more than the {} min it should take",
            minutes(BUDGET)
        );
    }
}

fn minutes(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() / 60.0)
}
