//! How runs went: for people, for programs, and as a page.

mod page;
mod record;

pub use page::page;
pub use record::Record;

use super::row::{Figure, Picture, Report, Row, Verdict};
use comfy_table::Table;
use std::time::Duration;

/// A row that has been run, or not.
pub struct Ran {
    /// The row.
    pub row: &'static dyn Row,
    /// How long it took.
    pub took: Duration,
    /// What it gave, or why it could not be run.
    pub result: anyhow::Result<Report>,
}

impl Ran {
    /// How it counts; `None` when it could not be run.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let report = self.result.as_ref().ok()?;
        Some(report.verdict(self.row.size()))
    }

    /// What was drawn.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.result.iter().flat_map(|report| &report.pictures)
    }

    /// What is kept of it.
    #[must_use]
    pub fn record(&self, setting: &Setting) -> Record {
        Record::of(self, setting)
    }
}

/// What was run against, and how to run it again.
pub struct Setting {
    /// The server, in a line.
    pub engine: String,
    /// The seed.
    pub seed: u64,
    /// The limit of each row's time in seconds, if there was one.
    pub seconds: Option<u64>,
    /// On how many lanes statements outside transactions ran; 0: on sessions of the pool.
    pub lanes: u32,
    /// The machine, in a line.
    pub machine: String,
}

impl Setting {
    /// The command that runs the row again as it was run.
    #[must_use]
    pub fn again(&self, row: &str) -> String {
        let seconds = self
            .seconds
            .map(|seconds| format!(" --seconds {seconds}"))
            .unwrap_or_default();
        let lanes = match self.lanes {
            0 => String::new(),
            lanes => format!(" --lanes {lanes}"),
        };
        format!(
            "cargo xtask chaos {row} --seed {}{seconds}{lanes}",
            self.seed
        )
    }
}

/// The table for people.
#[must_use]
pub fn table(records: &[Record]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["row", "what", "done", "of", "violations", "time", "verdict"]);
    for record in records {
        let (done, violations, verdict) = match record.verdict {
            Some(verdict) => (
                record.done.to_string(),
                record.violations.len().to_string(),
                verdict.to_string(),
            ),
            None => ("-".to_owned(), "-".to_owned(), "did not run".to_owned()),
        };
        table.add_row([
            record.row.clone(),
            record.title.clone(),
            done,
            format!("{} {}", record.size, record.unit),
            violations,
            format!("{:.0} s", record.seconds),
            verdict,
        ]);
    }
    table.to_string()
}

/// One JSON object for each row.
///
/// # Errors
/// When a figure cannot be written as JSON.
pub fn json(records: &[Record]) -> anyhow::Result<String> {
    let mut text = String::new();
    for record in records {
        text.push_str(&serde_json::to_string(record)?);
        text.push('\n');
    }
    Ok(text)
}

/// Counts without a fraction, measurements with one.
#[must_use]
pub fn shown(figure: &Figure) -> String {
    match figure.value {
        Some(value) if figure.unit.is_empty() => format!("{value:.0}"),
        Some(value) => format!("{value:.1} {}", figure.unit),
        None => "never".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::checker::Violation;
    use crate::chaos::rows;

    fn ran(index: usize, done: u64) -> Ran {
        let mut report = Report {
            done,
            ..Report::default()
        };
        report.figure("slowest", 1.25, "ms");
        report.figure("whole again after", None, "s");
        Ran {
            row: rows::all()[index],
            took: Duration::from_secs(3),
            result: Ok(report),
        }
    }

    fn setting() -> Setting {
        Setting {
            engine: "a server".to_owned(),
            seed: 7,
            seconds: Some(3),
            lanes: 0,
            machine: "a machine".to_owned(),
        }
    }

    #[test]
    fn running_one_row_leaves_the_others_on_the_page() {
        let directory = tempfile::tempdir().unwrap();
        let render = || {
            let kept = |row| (row, Record::kept(directory.path(), row).unwrap());
            page(&rows::all().iter().map(|row| kept(*row)).collect::<Vec<_>>())
        };
        let first = ran(0, 5).record(&setting());
        first.keep(directory.path()).unwrap();
        let mut second = ran(1, 1_000_000);
        second.record(&setting()).keep(directory.path()).unwrap();
        let text = render();
        assert!(
            text.contains("| 5 | 100000 faults | 0 | 3 s | short |"),
            "{text}"
        );
        assert!(
            text.contains("| 1000000 | 10000 cuts | 0 | 3 s | met |"),
            "{text}"
        );
        assert!(
            text.contains("`cargo xtask chaos R1 --seed 7 --seconds 3`"),
            "{text}"
        );
        assert!(text.contains("| slowest | 1.2 ms |"), "{text}");
        assert!(text.contains("| - | - | not run |"), "{text}");

        let wrong = Violation::new("a rule", "is broken");
        second.result.as_mut().unwrap().violations.push(wrong);
        second.record(&setting()).keep(directory.path()).unwrap();
        let text = render();
        assert!(text.contains("| 5 | 100000 faults |"), "{text}");
        assert!(
            text.contains("| 1000000 | 10000 cuts | 1 | 3 s | MISSED |"),
            "{text}"
        );
        assert!(text.contains("**wrong**: a rule: is broken"), "{text}");
    }

    #[test]
    fn a_run_on_lanes_stands_beside_the_one_without() {
        let directory = tempfile::tempdir().unwrap();
        let on_lanes = Setting {
            lanes: 2,
            ..setting()
        };
        for (setting, done) in [(setting(), 5), (on_lanes, 6)] {
            let record = ran(0, done).record(&setting);
            record.keep(directory.path()).unwrap();
        }
        let row = rows::all()[0];
        let text = page(&[(row, Record::kept(directory.path(), row).unwrap())]);
        assert!(text.contains("| R1 | "), "{text}");
        assert!(text.contains("| R1, lanes | "), "{text}");
        assert!(text.contains("--seconds 3 --lanes 2`"), "{text}");
    }

    #[test]
    fn a_row_that_could_not_be_run_says_why() {
        let failed = Ran {
            row: rows::all()[0],
            took: Duration::ZERO,
            result: Err(anyhow::anyhow!("no server")),
        };
        let record = failed.record(&setting());
        assert_eq!(record.verdict, None);
        let text = page(&[(failed.row, vec![record])]);
        assert!(text.contains("It did not run: no server"), "{text}");
    }
}
