//! `cargo xtask coverage`: how many lines of each crate the tests reach.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Deserialize;

use crate::table::table;
use crate::workspace::succeed;
use crate::{setup, tool, workspace};

/// Lines of a crate that its tests must reach, in percent.
const TARGET: f64 = 85.0;

/// Says how many lines of each crate the tests reach, and writes the table to `docs/coverage.md`.
///
/// Generated code is left aside, and so are tests themselves. What tests run as processes of their own counts, unless it is
/// killed. Exits with 1 when a crate is below 85 %. Everything is compiled once more for it, with the compiler's counters.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this crate's tests, and no page; may be given more than once
    #[arg(short, long, value_name = "CRATE")]
    package: Vec<String>,
}

/// The lines of a crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    reached: u64,
    all: u64,
}

impl Lines {
    fn percent(self) -> f64 {
        if self.all == 0 {
            100.0
        } else {
            100.0 * self.reached as f64 / self.all as f64
        }
    }
}

/// What cargo-tarpaulin writes, as far as it is read.
#[derive(Debug, Deserialize)]
struct Report {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    path: Vec<String>,
    covered: u64,
    coverable: u64,
}

/// Runs the tests under cargo-tarpaulin and reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace::root()?;
    for requirement in setup::provide(setup::Purpose::Tests)? {
        println!(
            "coverage: without {}, needed for {}",
            requirement.name, requirement.purpose
        );
    }
    let target = workspace::metadata(&root)?
        .target_directory
        .into_std_path_buf()
        .join("coverage");
    let tarpaulin = tool::CARGO_TARPAULIN.provide(&target)?;
    let mut command = Command::new(tarpaulin);
    command
        .args(["tarpaulin", "--engine", "llvm", "--skip-clean"])
        .args(["--all-features", "--timeout", "900", "--out", "Json"])
        .args(["--include-files", "crates/*/src/*"])
        .arg("--output-dir")
        .arg(&target)
        .arg("--target-dir")
        .arg(&target)
        .current_dir(&root);
    if arguments.package.is_empty() {
        command.args(["--workspace", "--exclude", "xtask"]);
        command.args(["--exclude", "crdb-benches"]);
    }
    for package in &arguments.package {
        command.args(["--package", package]);
    }
    succeed(&mut command)?;
    let file = target.join("tarpaulin-report.json");
    let text =
        fs::read_to_string(&file).with_context(|| format!("no report at {}", file.display()))?;
    let report: Report = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a coverage report", file.display()))?;
    let mut crates = by_crate(&report);
    if !arguments.package.is_empty() {
        crates.retain(|name, _| arguments.package.contains(name));
    }
    let rows = rows(&crates);
    println!("{}", table(HEADER, rows.clone()));
    if arguments.package.is_empty() {
        write_page(&root, &rows)?;
    }
    Ok(if crates.values().all(|lines| lines.percent() >= TARGET) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

const HEADER: [&str; 4] = ["crate", "lines", "reached", "percent"];

/// The lines of each crate in `crates/`, by its name; a file counts to the directory that holds its `src`.
fn by_crate(report: &Report) -> BTreeMap<String, Lines> {
    let mut crates: BTreeMap<String, Lines> = BTreeMap::new();
    for file in &report.files {
        let generated = file.path.last().is_some_and(|name| name == "generated.rs");
        let owner = file
            .path
            .windows(3)
            .find(|part| part[0] == "crates" && part[2] == "src");
        let Some([_, name, _]) = owner.filter(|_| !generated) else {
            continue;
        };
        let lines = crates.entry(name.clone()).or_default();
        lines.reached += file.covered;
        lines.all += file.coverable;
    }
    crates
}

fn rows(crates: &BTreeMap<String, Lines>) -> Vec<[String; 4]> {
    crates
        .iter()
        .map(|(name, lines)| {
            [
                name.clone(),
                lines.all.to_string(),
                lines.reached.to_string(),
                format!("{:.1}", lines.percent()),
            ]
        })
        .collect()
}

fn write_page(root: &Path, rows: &[[String; 4]]) -> Result<()> {
    let mut page = format!(
        "# Coverage\n\nLines of each crate that the tests reach, all features on, generated code aside; at least {TARGET} %\n\
         is asked of each. Made by `cargo xtask coverage`.\n\n| {} |\n|---|---:|---:|---:|\n",
        HEADER.join(" | ")
    );
    for row in rows {
        page.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    let file = root.join("docs/coverage.md");
    fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_to_their_crate_and_generated_ones_to_none() {
        let report: Report = serde_json::from_str(
            r#"{"files": [
                {"path": ["/", "w", "crates", "crdb-sql", "src", "name.rs"], "covered": 3, "coverable": 4},
                {"path": ["/", "w", "crates", "crdb-sql", "src", "query", "mod.rs"], "covered": 1, "coverable": 4},
                {"path": ["/", "w", "crates", "crdb-sql", "src", "generated.rs"], "covered": 0, "coverable": 9},
                {"path": ["/", "w", "xtask", "src", "main.rs"], "covered": 0, "coverable": 9}
            ]}"#,
        )
        .unwrap();
        let crates = by_crate(&report);
        assert_eq!(crates.len(), 1);
        assert_eq!(crates["crdb-sql"], Lines { reached: 4, all: 8 });
        assert_eq!(
            rows(&crates),
            [["crdb-sql", "8", "4", "50.0"].map(str::to_owned)]
        );
    }

    #[test]
    fn a_crate_without_lines_lacks_nothing() {
        assert_eq!(Lines::default().percent().round(), 100.0);
    }
}
