//! `docs/benchmarks.md`: the machine, the versions, every case with its plot, misses shown as misses.

use std::fmt::Write as _;

use super::{figure, table::verdicts};
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
    /// The command that gave these figures.
    pub command: String,
    /// The day of the run, as `2026-01-31`.
    pub day: String,
}

/// The page, and the names of the plots that it embeds: `benchmarks/<row>-<case number>-<metric>.svg`.
#[must_use]
pub fn page(machine: &Machine, results: &[CaseResult], not_run: &[(String, String)]) -> String {
    let mut text = format!(
        "# Benchmarks\n\n\
         Figures of one run on one machine. Every row has its peers, at their best settings, and its physical limit in the\n\
         same run: rounds are interleaved, figures are medians, ± is half of the distance between the quartiles. Ratios are\n\
         taken round by round. Run it yourself: `{}`.\n\n\
         | | |\n|---|---|\n| processor | {} |\n| system | {} |\n| engine | {} |\n| compiler | {} |\n| day | {} |\n",
        machine.command,
        machine.processor,
        machine.system,
        machine.engine,
        machine.compiler,
        machine.day
    );
    for (index, result) in results.iter().enumerate() {
        case_section(&mut text, index, result);
    }
    if !not_run.is_empty() {
        text.push_str("\n## Not run\n\n");
        for (row, reason) in not_run {
            let _ = writeln!(text, "- {row}: {reason}");
        }
    }
    text
}

/// The file in which the plot of a case's metric is kept, relative to the page.
#[must_use]
pub fn plot_file(index: usize, result: &CaseResult, metric: &str) -> String {
    format!(
        "benchmarks/{}-{}-{metric}.svg",
        result.row.to_lowercase(),
        index + 1
    )
}

fn case_section(text: &mut String, index: usize, result: &CaseResult) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n## {} {}\n", result.row, result.case);
    let mut header = "| |".to_owned();
    let mut rule = "|---|".to_owned();
    for metric in &result.metrics {
        let _ = write!(header, " {} [{}] |", metric.name, metric.unit);
        rule.push_str("---:|");
    }
    let _ = writeln!(
        text,
        "{header} cpu [s] | rss [MiB] | target | settings |\n{rule}---:|---:|---|---|"
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
        let _ = writeln!(
            text,
            " {} | {} |",
            verdicts(result, subject.name).replace('\n', "<br>"),
            subject.settings
        );
    }
    for metric in &result.metrics {
        let _ = writeln!(
            text,
            "\n![{} of {}]({})",
            metric.name,
            result.case,
            plot_file(index, result, metric.name)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests_support::example;

    #[test]
    fn the_page_holds_the_machine_the_figures_and_what_did_not_run() {
        let machine = Machine {
            processor: "2 cores".to_owned(),
            system: "Linux".to_owned(),
            engine: "PostgreSQL 15".to_owned(),
            compiler: "rustc 1.95".to_owned(),
            command: "cargo xtask bench".to_owned(),
            day: "2026-01-31".to_owned(),
        };
        let text = page(
            &machine,
            &[example()],
            &[("P0".to_owned(), "java is not installed".to_owned())],
        );
        for part in [
            "PostgreSQL 15",
            "## P2 one statement at a time",
            "| **ours** | 50.0 ±0% |",
            "benchmarks/p2-1-p50.svg",
            "- P0: java is not installed",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
