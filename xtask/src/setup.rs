//! `cargo xtask setup`: the system packages that builds and tests need.

mod apt;
mod requirement;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use requirement::{FOR_ALERTS, FOR_BENCHMARKS, FOR_COMPOSE, FOR_IMAGES, REQUIREMENTS, Requirement};

/// Installs the system packages that builds and tests need.
///
/// PostgreSQL's server programs, a Kerberos KDC with its tools and headers, libclang, a C++ compiler and faketime. Looks
/// for the programs and headers themselves, wherever they came from. What is missing is installed with apt where this is
/// root or sudo asks for no password; elsewhere the one command to run is printed, and the exit code is 1. Installing
/// starts no database cluster and no daemon.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only say what is there and what is missing
    #[arg(long)]
    check: bool,
    /// Also what the benchmarks need: Java, PostgreSQL's JDBC driver, Python
    #[arg(long)]
    benches: bool,
    /// Also what running the container image needs: Docker's engine
    #[arg(long)]
    images: bool,
    /// Also what running the compose file needs: Docker's engine, Prometheus, BusyBox
    #[arg(long)]
    compose: bool,
    /// Also what the row R20 of the chaos harness needs: Prometheus
    #[arg(long)]
    alerts: bool,
}

/// For what a machine is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Builds, tests and the demo.
    Tests,
    /// The benchmarks too.
    Benchmarks,
    /// The chaos harness with its row about alerts.
    Alerts,
    /// The container image, and the engine in it.
    Images,
    /// The compose file, with what stands in for public images.
    Compose,
}

impl Purpose {
    fn requirements(self) -> impl Iterator<Item = &'static Requirement> {
        let more: &[&[Requirement]] = match self {
            Self::Tests => &[],
            Self::Benchmarks => &[FOR_BENCHMARKS],
            Self::Alerts => &[FOR_ALERTS],
            Self::Images => &[FOR_IMAGES],
            Self::Compose => &[FOR_IMAGES, FOR_ALERTS, FOR_COMPOSE],
        };
        REQUIREMENTS.iter().chain(more.iter().copied().flatten())
    }
}

/// Checks, and installs what is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let purposes = purposes(arguments);
    let requirements = REQUIREMENTS.iter().chain(
        purposes
            .iter()
            .flat_map(|purpose| purpose.requirements().skip(REQUIREMENTS.len())),
    );
    for requirement in requirements {
        match requirement.find() {
            Ok(place) => println!("found    {}: {place}", requirement.name),
            Err(missing) => println!(
                "missing  {}: {missing}, for {}",
                requirement.name, requirement.purpose
            ),
        }
    }
    if arguments.check {
        let missing: Vec<_> = purposes.into_iter().flat_map(missing).collect();
        return Ok(exit_code(&missing));
    }
    let mut missing = Vec::new();
    for purpose in purposes {
        missing.extend(provide(purpose)?);
    }
    if missing.is_empty() {
        println!("setup: everything is there");
    }
    Ok(exit_code(&missing))
}

/// For what this command sets the machine up.
fn purposes(arguments: &Arguments) -> Vec<Purpose> {
    let more = [
        (arguments.benches, Purpose::Benchmarks),
        (arguments.alerts, Purpose::Alerts),
        (arguments.images, Purpose::Images),
        (arguments.compose, Purpose::Compose),
    ];
    let more: Vec<_> = more
        .into_iter()
        .filter_map(|(is_asked, purpose)| is_asked.then_some(purpose))
        .collect();
    if more.is_empty() {
        vec![Purpose::Tests]
    } else {
        more
    }
}

/// Installs what is missing, if that can be done here without asking, and says what is still missing then.
pub(crate) fn provide(purpose: Purpose) -> Result<Vec<&'static Requirement>> {
    let before = missing(purpose);
    if before.is_empty() {
        return Ok(before);
    }
    let packages: Vec<_> = before
        .iter()
        .flat_map(|requirement| requirement.debian)
        .copied()
        .collect();
    match apt::Authority::here() {
        Some(authority) => {
            println!("setup: installing {}", packages.join(" "));
            apt::install(authority, &packages)?;
        }
        None => {
            println!("setup: run this once, then try again:\n");
            println!("  {}\n", apt::by_hand(&before));
        }
    }
    Ok(missing(purpose))
}

/// Installs what is missing where that can be done, and says for `command` what is missing then: that costs what needs it,
/// not the run.
pub(crate) fn prepare(purpose: Purpose, command: &str) {
    match provide(purpose) {
        Ok(missing) => {
            for requirement in missing {
                println!(
                    "{command}: without {}, needed for {}",
                    requirement.name, requirement.purpose
                );
            }
        }
        Err(error) => println!("{command}: setup failed, going on without: {error:#}"),
    }
}

/// The requirements that are not met.
fn missing(purpose: Purpose) -> Vec<&'static Requirement> {
    purpose
        .requirements()
        .filter(|requirement| requirement.find().is_err())
        .collect()
}

/// Where a CockroachDB for tests is, if there is one: the variable's name or the program's place, never a secret.
pub(crate) fn cockroach() -> Option<String> {
    if std::env::var_os("CRDB_TEST_URL").is_some_and(|url| !url.is_empty()) {
        return Some("CRDB_TEST_URL".to_owned());
    }
    requirement::program("cockroach").map(|path| path.display().to_string())
}

/// Where a program is, on PATH or where systems put servers' programs.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    requirement::program(name)
}

/// The names of what is missing for compiling crdb-auth with Kerberos.
pub(crate) fn missing_for_kerberos() -> Vec<&'static str> {
    REQUIREMENTS
        .iter()
        .filter(|requirement| requirement.purpose == requirement::KERBEROS_BUILDS)
        .filter(|requirement| requirement.find().is_err())
        .map(|requirement| requirement.name)
        .collect()
}

fn exit_code(missing: &[&Requirement]) -> ExitCode {
    if missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
