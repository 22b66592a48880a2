//! Which lines were reached, by one run or by several.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize;

/// How many lines there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) reached: u64,
    pub(super) all: u64,
}

impl Lines {
    pub(super) fn percent(self) -> f64 {
        if self.all == 0 {
            100.0
        } else {
            100.0 * self.reached as f64 / self.all as f64
        }
    }

    fn count(&mut self, reached: bool) {
        self.all += 1;
        self.reached += u64::from(reached);
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
    traces: Vec<Trace>,
}

#[derive(Debug, Deserialize)]
struct Trace {
    line: u64,
    stats: Stats,
}

#[derive(Debug, Deserialize)]
enum Stats {
    /// How often the line was reached.
    Line(u64),
}

/// A file of a crate: the crate's name, and where in the crate it is.
type Place = (String, PathBuf);

/// The lines of the crates' files and whether they were reached.
#[derive(Debug, Default)]
pub(super) struct Reach {
    files: BTreeMap<Place, BTreeMap<u64, bool>>,
}

impl Reach {
    /// Adds a run: what it reached is reached, whatever another run did.
    pub(super) fn add(&mut self, report: &str) -> Result<()> {
        let report: Report = serde_json::from_str(report)?;
        for file in report.files {
            let Some(place) = place(&file.path) else {
                continue;
            };
            let lines = self.files.entry(place).or_default();
            for Trace { line, stats } in file.traces {
                let Stats::Line(times) = stats;
                *lines.entry(line).or_default() |= times > 0;
            }
        }
        Ok(())
    }

    /// The lines of each crate, by its name.
    pub(super) fn by_crate(&self) -> BTreeMap<String, Lines> {
        let mut crates: BTreeMap<String, Lines> = BTreeMap::new();
        for ((name, _), lines) in &self.files {
            let sum = crates.entry(name.clone()).or_default();
            lines.values().for_each(|reached| sum.count(*reached));
        }
        crates
    }

    /// The files of these crates of which less than `target` percent was reached.
    pub(super) fn below(&self, target: f64, of: impl Fn(&str) -> bool) -> Vec<(String, Lines)> {
        let mut below = Vec::new();
        for ((name, file), lines) in &self.files {
            let mut sum = Lines::default();
            lines.values().for_each(|reached| sum.count(*reached));
            if of(name) && sum.percent() < target {
                below.push((format!("{name}/{}", file.display()), sum));
            }
        }
        below
    }
}

/// A file counts to the directory in `crates` that holds its `src`; generated code to none.
fn place(path: &[String]) -> Option<Place> {
    let at = path
        .windows(3)
        .position(|part| part[0] == "crates" && part[2] == "src")?;
    let generated = path.last().is_some_and(|name| name == "generated.rs");
    (!generated).then(|| (path[at + 1].clone(), path[at + 2..].iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(reports: &[&str]) -> Reach {
        let mut reach = Reach::default();
        for report in reports {
            reach.add(report).unwrap();
        }
        reach
    }

    const FIRST: &str = r#"{"files": [
        {"path": ["/", "w", "crates", "crdb-sql", "src", "name.rs"],
         "traces": [{"line": 1, "stats": {"Line": 7}}, {"line": 2, "stats": {"Line": 0}}]},
        {"path": ["/", "w", "crates", "crdb-sql", "src", "query", "mod.rs"],
         "traces": [{"line": 1, "stats": {"Line": 0}}, {"line": 3, "stats": {"Line": 0}}]},
        {"path": ["/", "w", "crates", "crdb-sql", "src", "generated.rs"], "traces": [{"line": 1, "stats": {"Line": 0}}]},
        {"path": ["/", "w", "xtask", "src", "main.rs"], "traces": [{"line": 1, "stats": {"Line": 0}}]}
    ]}"#;

    const SECOND: &str = r#"{"files": [
        {"path": ["/", "w", "crates", "crdb-sql", "src", "name.rs"],
         "traces": [{"line": 1, "stats": {"Line": 0}}, {"line": 2, "stats": {"Line": 1}}]}
    ]}"#;

    #[test]
    fn lines_count_to_their_crate_and_generated_ones_to_none() {
        let crates = reach(&[FIRST]).by_crate();
        assert_eq!(crates.len(), 1);
        assert_eq!(crates["crdb-sql"], Lines { reached: 1, all: 4 });
    }

    #[test]
    fn a_line_is_reached_when_any_run_reaches_it() {
        let both = reach(&[FIRST, SECOND]);
        assert_eq!(both.by_crate()["crdb-sql"], Lines { reached: 2, all: 4 });
        let below = both.below(85.0, |_| true);
        assert_eq!(
            below,
            [(
                "crdb-sql/src/query/mod.rs".to_owned(),
                Lines { reached: 0, all: 2 }
            )]
        );
        assert!(both.below(85.0, |name| name == "crdb-auth").is_empty());
    }

    #[test]
    fn a_crate_without_lines_lacks_nothing() {
        assert_eq!(Lines::default().percent().round(), 100.0);
    }
}
