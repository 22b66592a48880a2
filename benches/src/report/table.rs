//! The table that a person reads in a terminal.

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::figure;
use crate::{case::Role, runner::CaseResult, statistics::Summary, verdict::Judgement};

/// A table of one case: subjects down, metrics across, what came of the targets at the end.
#[must_use]
pub fn table(result: &CaseResult) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let mut header = vec!["".to_owned()];
    header.extend(
        result
            .metrics
            .iter()
            .map(|metric| format!("{} [{}]", metric.name, metric.unit)),
    );
    header.extend([
        "cpu [s]".to_owned(),
        "rss [MiB]".to_owned(),
        "target".to_owned(),
    ]);
    table.set_header(header);
    for subject in &result.subjects {
        let mut cells = vec![Cell::new(match subject.role {
            Role::Ours | Role::Peer => subject.name.to_owned(),
            Role::Limit => format!("{} (limit)", subject.name),
        })];
        for metric in &result.metrics {
            cells.push(number(Summary::of(&subject.values(metric.name)), true));
        }
        cells.push(number(Summary::of(&subject.processor_seconds), false));
        cells.push(number(Summary::of(&subject.resident_mebibytes), false));
        cells.push(Cell::new(verdicts(result, subject.name)));
        table.add_row(cells);
    }
    format!("{} {}\n{table}", result.row, result.case)
}

fn number(summary: Option<Summary>, with_spread: bool) -> Cell {
    let text = match summary {
        None => "-".to_owned(),
        Some(summary) if with_spread => format!(
            "{} ±{:.0}%",
            figure(summary.median),
            summary.spread() * 50.0
        ),
        Some(summary) => figure(summary.median),
    };
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// The figure that was compared, and what it is compared with.
pub(super) fn verdict(judgement: &Judgement) -> (String, String) {
    let times = if judgement.target.bound.peer().is_some() {
        "x"
    } else {
        ""
    };
    let shown = format!(
        "{}{times} ±{:.0}%",
        figure(judgement.figure.median),
        judgement.figure.spread() * 50.0
    );
    let target = &judgement.target;
    let bound = format!("{} {} {}", target.subject, target.metric, target.bound);
    (shown, bound)
}

/// `figure (target): verdict`, one a line.
fn verdicts(result: &CaseResult, subject: &str) -> String {
    let lines: Vec<String> = result
        .judgements
        .iter()
        .filter(|judgement| judgement.target.subject == subject)
        .map(|judgement| {
            let (figure, target) = verdict(judgement);
            format!("{figure} ({target}): {}", judgement.verdict.as_str())
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::example;

    #[test]
    fn the_table_names_subjects_figures_and_verdicts() {
        let text = table(&example());
        for part in [
            "P2 one statement at a time",
            "ours",
            "peer",
            "p50 [us]",
            "0.500x ±0% (ours p50 <= 1x peer): met",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
