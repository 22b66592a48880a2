//! `docs/benchmarks.md`: each row's latest figures with the machine they are from, misses shown as misses.
//!
//! A section belongs to a row and stands until that row is measured again, so that the rows need not all be measured at
//! once. The page itself is where they are kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{figure, table::verdict};
use crate::{case::Role, runner::CaseResult, statistics::Summary};

/// Where the figures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The processor's name and how many of its cores there are.
    pub processor: String,
    /// Kernel and its version.
    pub system: String,
    /// The server that was measured, with its version.
    pub engine: String,
    /// The compiler.
    pub compiler: String,
}

/// What came of one row.
#[derive(Debug)]
pub struct RowResult<'a> {
    /// The row, for example `P2`.
    pub id: &'a str,
    /// What it is about.
    pub title: &'a str,
    /// Its cases, or why it did not run.
    pub cases: Result<Vec<CaseResult>, String>,
}

const HEAD: &str = "# Benchmarks\n\n\
    Written by `cargo xtask bench`. Every row has its peers, at their best settings, and its physical limit in the same\n\
    run: rounds are interleaved, figures are medians, ± is half of the distance between the quartiles, ratios are taken\n\
    round by round; a verdict needs the 95 % confidence interval of the median on one side of the target. A row stands as\n\
    it was measured last; `cargo xtask bench P2 --page docs` measures one again and leaves the others. CPU is\n\
    that of the measuring process, clients and all, in seconds a round.\n";

const TARGETS: &str = "| case | target | figure | verdict |\n|---|---|---:|---|\n";

/// The page: the sections of `before`, with those of `rows` in place of their earlier ones.
#[must_use]
pub fn page(before: &str, machine: &Machine, rows: &[RowResult<'_>]) -> String {
    let mut sections = sections(before);
    for row in rows {
        sections.insert(number(row.id), section(machine, row));
    }
    let mut text = HEAD.to_owned();
    text.push_str("\n| row | case | target | figure | verdict |\n|---|---|---|---:|---|\n");
    for section in sections.values() {
        let id = section.split([' ', ':']).nth(1).unwrap_or_default();
        let targets = section.split_once(TARGETS).map_or("", |(_, rest)| rest);
        for line in targets.lines().take_while(|line| line.starts_with('|')) {
            let _ = writeln!(text, "| {id} {line}");
        }
    }
    for section in sections.values() {
        text.push('\n');
        text.push_str(section);
    }
    text
}

/// The sections of a page by the number of their row.
fn sections(page: &str) -> BTreeMap<u32, String> {
    let mut sections: BTreeMap<u32, String> = BTreeMap::new();
    let mut current = None;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            current = Some(number(heading.split(':').next().unwrap_or_default()));
        }
        if let Some(current) = current {
            let section = sections.entry(current).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    for section in sections.values_mut() {
        section.truncate(section.trim_end().len());
        section.push('\n');
    }
    sections
}

/// The number of a row, by which rows are in order: 10 of `P10`.
fn number(row: &str) -> u32 {
    row.trim_start_matches('P').parse().unwrap_or(u32::MAX)
}

/// The file in which the plot of a row is kept, relative to the page.
#[must_use]
pub fn plot_file(row: &str) -> String {
    format!("benchmarks/{}.svg", row.to_lowercase())
}

fn section(machine: &Machine, row: &RowResult<'_>) -> String {
    let mut text = format!(
        "## {}: {}\n\n{}; {}; {}; {}.\n",
        row.id, row.title, machine.processor, machine.system, machine.engine, machine.compiler
    );
    let cases = match &row.cases {
        Ok(cases) => cases,
        Err(reason) => {
            let _ = writeln!(
                text,
                "\n{TARGETS}| all | | | did not run |\n\nIt did not run: {reason}"
            );
            return text;
        }
    };
    if cases.iter().any(|case| !case.judgements.is_empty()) {
        let _ = write!(text, "\n{TARGETS}");
    }
    for case in cases {
        for judgement in &case.judgements {
            let (figure, target) = verdict(judgement);
            let _ = writeln!(
                text,
                "| {} | {target} | {figure} | {} |",
                case.case,
                judgement.verdict.as_str()
            );
        }
    }
    let _ = writeln!(text, "\n![figures of {}]({})", row.id, plot_file(row.id));
    for case in cases {
        case_table(&mut text, case);
    }
    text
}

fn case_table(text: &mut String, result: &CaseResult) {
    let _ = writeln!(text, "\n### {}\n", result.case);
    let mut header = "| |".to_owned();
    let mut rule = "|---|".to_owned();
    for metric in &result.metrics {
        let _ = write!(header, " {} [{}] |", metric.name, metric.unit);
        rule.push_str("---:|");
    }
    let _ = writeln!(
        text,
        "{header} cpu [s] | rss [MiB] | settings |\n{rule}---:|---:|---|"
    );
    for subject in &result.subjects {
        let name = match subject.role {
            Role::Ours => format!("**{}**", subject.name),
            Role::Peer => subject.name.to_owned(),
            Role::Limit => format!("*{}* (limit)", subject.name),
        };
        let _ = write!(text, "| {name} |");
        for metric in &result.metrics {
            let cell =
                Summary::of(&subject.values(metric.name)).map_or("-".to_owned(), |summary| {
                    format!(
                        "{} ±{:.0}%",
                        figure(summary.median),
                        summary.spread() * 50.0
                    )
                });
            let _ = write!(text, " {cell} |");
        }
        for values in [&subject.processor_seconds, &subject.resident_mebibytes] {
            let cell = Summary::of(values).map_or("-".to_owned(), |summary| figure(summary.median));
            let _ = write!(text, " {cell} |");
        }
        let _ = writeln!(text, " {} |", subject.settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::example;

    fn machine(processor: &str) -> Machine {
        Machine {
            processor: processor.to_owned(),
            system: "Linux".to_owned(),
            engine: "PostgreSQL 15".to_owned(),
            compiler: "rustc 1.95".to_owned(),
        }
    }

    fn row(id: &str, cases: Result<Vec<CaseResult>, String>) -> RowResult<'_> {
        RowResult {
            id,
            title: "a row",
            cases,
        }
    }

    #[test]
    fn the_page_holds_the_machine_the_figures_and_what_did_not_run() {
        let rows = [
            row("P2", Ok(vec![example()])),
            row("P0", Err("java is not installed".to_owned())),
        ];
        let text = page("", &machine("2 cores"), &rows);
        for part in [
            "| P2 | one statement at a time | ours p50 <= 1x peer | 0.500x ±0% | met |",
            "| P0 | all | | | did not run |",
            "## P2: a row\n\n2 cores; Linux; PostgreSQL 15; rustc 1.95.\n",
            "| **ours** | 50.0 ±0% |",
            "benchmarks/p2.svg",
            "It did not run: java is not installed",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(text.find("## P0") < text.find("## P2"), "{text}");
    }

    #[test]
    fn a_row_stands_until_it_is_measured_again() {
        let cases = || Ok(vec![example()]);
        let old = machine("the old machine");
        let first = page("", &old, &[row("P2", cases()), row("P10", cases())]);
        assert_eq!(page(&first, &old, &[]), first);
        let second = page(&first, &machine("the new machine"), &[row("P10", cases())]);
        let (two, ten) = second.split_once("## P10").expect("both rows");
        assert!(two.contains("## P2: a row\n\nthe old machine;"), "{second}");
        assert!(ten.starts_with(": a row\n\nthe new machine;"), "{second}");
        assert_eq!(second.matches("| met |").count(), 4, "{second}");
    }
}
