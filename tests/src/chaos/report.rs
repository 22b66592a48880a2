//! How runs went: for people, for programs, and as a page.

use super::checker::Violation;
use super::row::{Figure, Report, Row, Size, Verdict};
use comfy_table::Table;
use serde::Serialize;
use std::fmt::Write as _;
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
}

/// What was run against, and how to run it again.
pub struct Setting {
    /// The server, in a line.
    pub engine: String,
    /// The seed.
    pub seed: u64,
    /// The limit of each row's time in seconds, if there was one.
    pub seconds: Option<u64>,
    /// The machine, in a line.
    pub machine: String,
}

impl Setting {
    /// The command that does the same again.
    fn again(&self) -> String {
        let seconds = self
            .seconds
            .map(|seconds| format!(" --seconds {seconds}"))
            .unwrap_or_default();
        format!("cargo xtask chaos --seed {}{seconds}", self.seed)
    }
}

/// The table for people.
#[must_use]
pub fn table(rows: &[Ran]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["row", "what", "done", "of", "violations", "time", "verdict"]);
    for ran in rows {
        let Size { count, unit } = ran.row.size();
        let (done, violations, verdict) = match (&ran.result, ran.verdict()) {
            (Ok(report), Some(verdict)) => (
                report.done.to_string(),
                report.violations.len().to_string(),
                verdict.to_string(),
            ),
            _ => ("-".to_owned(), "-".to_owned(), "did not run".to_owned()),
        };
        table.add_row([
            ran.row.id().to_owned(),
            ran.row.title().to_owned(),
            done,
            format!("{count} {unit}"),
            violations,
            format!("{:.0} s", ran.took.as_secs_f64()),
            verdict,
        ]);
    }
    table.to_string()
}

#[derive(Serialize)]
struct Line<'a> {
    row: &'static str,
    title: &'static str,
    engine: &'a str,
    seed: u64,
    done: u64,
    size: u64,
    unit: &'static str,
    seconds: f64,
    verdict: Option<Verdict>,
    violations: &'a [Violation],
    figures: &'a [Figure],
    error: Option<String>,
}

/// One JSON object for each row.
///
/// # Errors
/// When a figure cannot be written as JSON.
pub fn json(rows: &[Ran], setting: &Setting) -> anyhow::Result<String> {
    let mut text = String::new();
    for ran in rows {
        let size = ran.row.size();
        let report = ran.result.as_ref().ok();
        let line = Line {
            row: ran.row.id(),
            title: ran.row.title(),
            engine: &setting.engine,
            seed: setting.seed,
            done: report.map_or(0, |report| report.done),
            size: size.count,
            unit: size.unit,
            seconds: ran.took.as_secs_f64(),
            verdict: ran.verdict(),
            violations: report.map_or(&[], |report| &report.violations),
            figures: report.map_or(&[], |report| &report.figures),
            error: ran.result.as_ref().err().map(|error| format!("{error:#}")),
        };
        text.push_str(&serde_json::to_string(&line)?);
        text.push('\n');
    }
    Ok(text)
}

/// The page `docs/reliability.md`.
#[must_use]
pub fn page(rows: &[Ran], setting: &Setting) -> String {
    let mut page = format!(
        "# Reliability\n\n\
         Written by `cargo xtask chaos --page docs`. Each row runs a workload while things around it break, and checks what \
         was seen. Each row has a size, in the column *of*: a run that stays below it is *short*, never *met*.\n\n\
         - server: {}\n- machine: {}\n- again: `{}`\n\n\
         | row | what | done | of | violations | time | verdict |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        setting.engine,
        setting.machine,
        setting.again()
    );
    for ran in rows {
        let Size { count, unit } = ran.row.size();
        let (id, title, time) = (ran.row.id(), ran.row.title(), ran.took.as_secs_f64());
        // Writing into a String does not fail.
        let _ = match (&ran.result, ran.verdict()) {
            (Ok(report), Some(verdict)) => writeln!(
                page,
                "| {id} | {title} | {} | {count} {unit} | {} | {time:.0} s | {verdict} |",
                report.done,
                report.violations.len()
            ),
            _ => writeln!(
                page,
                "| {id} | {title} | - | {count} {unit} | - | - | did not run |"
            ),
        };
    }
    for ran in rows {
        let _ = write!(page, "\n## {}: {}\n\n", ran.row.id(), ran.row.title());
        match &ran.result {
            Ok(report) => details(&mut page, report),
            Err(error) => {
                let _ = writeln!(page, "It did not run: {error:#}");
            }
        }
    }
    page
}

fn details(page: &mut String, report: &Report) {
    if !report.figures.is_empty() {
        page.push_str("| figure | value |\n| --- | ---: |\n");
    }
    for figure in &report.figures {
        let _ = writeln!(page, "| {} | {} |", figure.name, shown(figure));
    }
    for violation in &report.violations {
        let _ = write!(page, "\n- **{}**: {}\n", violation.rule, violation.detail);
    }
}

/// Counts without a fraction, measurements with one.
#[must_use]
pub fn shown(figure: &Figure) -> String {
    if figure.unit.is_empty() {
        format!("{:.0}", figure.value)
    } else {
        format!("{:.1} {}", figure.value, figure.unit)
    }
}
