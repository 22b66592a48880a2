//! `cargo xtask coverage`: how many lines of each crate the tests reach.

mod reach;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::reach::{Lines, Reach};
use crate::{setup, tool, workspace};
use crdb_cli::table;

/// Lines of a crate that its tests must reach, in percent.
const TARGET: f64 = 85.0;

/// Says how many lines of each crate the tests reach, and writes the table to `docs/coverage.md`.
///
/// Generated code is left aside, and so are tests themselves. What tests run as processes of their own counts, unless it is
/// killed. Exits with 1 when a crate is below 85 %, or a test failed. Everything is compiled once more for it, with the
/// compiler's counters, into `target/coverage`; a run that was interrupted compiles on from there.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this crate's tests, and no page; may be given more than once
    #[arg(short, long, value_name = "CRATE")]
    package: Vec<String>,
}

/// Packages whose tests are built and run together.
struct Part {
    packages: Vec<String>,
    all_features: bool,
}

/// Runs the tests under cargo-tarpaulin and reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace::root()?;
    setup::prepare(setup::Purpose::Tests, "coverage");
    let runner = Runner::new(root.clone())?;
    let mut reach = Reach::default();
    let mut passed = true;
    for part in parts(&root, &arguments.package)? {
        passed &= runner.measure(&part, &mut reach)?;
    }
    let mut crates = reach.by_crate();
    if !arguments.package.is_empty() {
        crates.retain(|name, _| arguments.package.contains(name));
    }
    let rows: Vec<_> = crates
        .iter()
        .map(|(name, lines)| row(name, *lines))
        .collect();
    println!("{}", table(HEADER, rows.clone()));
    let files = reach.below(TARGET, |name| crates.contains_key(name));
    let files: Vec<_> = files
        .iter()
        .map(|(name, lines)| row(name, *lines))
        .collect();
    println!("{}", table(FILES_HEADER, files.clone()));
    if !passed {
        println!("coverage: tests failed, so these figures are too low");
    } else if arguments.package.is_empty() {
        write_page(&root, &rows, &files)?;
    }
    let enough = crates.values().all(|lines| lines.percent() >= TARGET);
    Ok(if passed && enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The crates with all features; then the tests of the whole with default ones, which compile no other clients.
fn parts(root: &Path, named: &[String]) -> Result<Vec<Part>> {
    if !named.is_empty() {
        return Ok(vec![Part {
            packages: named.to_vec(),
            all_features: true,
        }]);
    }
    let metadata = workspace::metadata(root)?;
    let directory = metadata.workspace_root.join("crates");
    let crates = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.starts_with(&directory));
    Ok(vec![
        Part {
            packages: crates.map(|package| package.name.to_string()).collect(),
            all_features: true,
        },
        Part {
            packages: vec!["crdb-tests".to_owned()],
            all_features: false,
        },
    ])
}

/// Runs cargo-tarpaulin.
struct Runner {
    tarpaulin: PathBuf,
    root: PathBuf,
    target: PathBuf,
}

impl Runner {
    fn new(root: PathBuf) -> Result<Self> {
        let target = workspace::target_directory()?.join("coverage");
        Ok(Self {
            tarpaulin: tool::CARGO_TARPAULIN.provide(&target)?,
            root,
            target,
        })
    }

    /// Runs the tests of a part and adds what they reach. Says whether they passed.
    fn measure(&self, part: &Part, reach: &mut Reach) -> Result<bool> {
        let file = self.target.join("tarpaulin-report.json");
        // What is read below is of this run.
        if file.exists() {
            fs::remove_file(&file).with_context(|| file.display().to_string())?;
        }
        let mut command = Command::new(&self.tarpaulin);
        command
            .args(["tarpaulin", "--engine", "llvm", "--skip-clean"])
            .args(["--no-fail-fast", "--timeout", "900", "--out", "Json"])
            // It would run one test at a time, for the sake of exact counts; whether a line is reached is never lost.
            .arg("--implicit-test-threads")
            // Only debuggers need what it would add to every program.
            .args(["--avoid-cfg-tarpaulin", "--rustflags=-Cdebuginfo=0"])
            .args(["--include-files", "crates/*/src/*"])
            .arg("--output-dir")
            .arg(&self.target)
            .arg("--target-dir")
            .arg(&self.target)
            .current_dir(&self.root)
            .env("CARGO_INCREMENTAL", "0");
        if part.all_features {
            command.arg("--all-features");
        }
        for package in &part.packages {
            command.args(["--package", package]);
        }
        // It compiles every crate once more by itself, and reaches nothing.
        command.args(["--", "--skip", "each_layer_is_usable_by_itself"]);
        let status = command
            .status()
            .context("cargo-tarpaulin could not be started")?;
        if !file.exists() {
            bail!(
                "cargo-tarpaulin left no report at {}: {status}",
                file.display()
            );
        }
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        reach
            .add(&text)
            .with_context(|| format!("{} is not a coverage report", file.display()))?;
        Ok(status.success())
    }
}

const HEADER: [&str; 4] = ["crate", "lines", "reached", "percent"];
const FILES_HEADER: [&str; 4] = ["file", "lines", "reached", "percent"];

fn row(name: &str, lines: Lines) -> [String; 4] {
    [
        name.to_owned(),
        lines.all.to_string(),
        lines.reached.to_string(),
        format!("{:.1}", lines.percent()),
    ]
}

fn write_page(root: &Path, crates: &[[String; 4]], files: &[[String; 4]]) -> Result<()> {
    let page = format!(
        "# Coverage\n\nLines of each crate that the tests reach, generated code aside; at least {TARGET} % is asked of each. The\n\
         crates' own tests run with all features, those of the whole with default ones. Made by `cargo xtask coverage`.\n\n\
         {}\n## Files below {TARGET} %\n\n{}",
        markdown(HEADER, crates),
        markdown(FILES_HEADER, files)
    );
    let file = root.join("docs/coverage.md");
    fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))
}

fn markdown(header: [&str; 4], rows: &[[String; 4]]) -> String {
    let mut text = format!("| {} |\n|---|---:|---:|---:|\n", header.join(" | "));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line_of_the_page() {
        let rows = [row("crdb-sql", Lines { reached: 4, all: 8 })];
        assert_eq!(
            markdown(HEADER, &rows).lines().last(),
            Some("| crdb-sql | 8 | 4 | 50.0 |")
        );
    }

    #[test]
    fn every_crate_is_measured_and_the_tests_of_the_whole_last() {
        let parts = parts(&workspace::root().unwrap(), &[]).unwrap();
        let packages: Vec<_> = parts.iter().map(|part| part.packages.as_slice()).collect();
        assert!(packages[0].contains(&"crdb-auth".to_owned()));
        assert_eq!(packages[1..], [["crdb-tests".to_owned()].as_slice()]);
    }
}
