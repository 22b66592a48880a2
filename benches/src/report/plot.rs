//! Bars with the spread, as SVG that is readable on light and dark pages.

use std::fmt::Write as _;

use super::figure;
use crate::{
    case::{Metric, Role},
    runner::CaseResult,
    statistics::Summary,
};

const LABELS: f64 = 190.0;
const BARS: f64 = 400.0;
const FIGURES: f64 = 120.0;
const LINE: f64 = 26.0;
const TOP: f64 = 34.0;
const WIDTH: f64 = LABELS + BARS + FIGURES;

/// Of each of a row's cases one metric, the one that a target is about: a bar for each subject's median, with a line from
/// quartile to quartile.
///
/// Colours follow the reader's scheme by `prefers-color-scheme`, where the page embeds the file as an image too.
#[must_use]
pub fn plot(row: &str, cases: &[CaseResult]) -> String {
    let mut panels = String::new();
    let mut top = 0.0;
    for case in cases {
        if let Some(metric) = subject_of_targets(case) {
            top += panel(&mut panels, case, metric, top);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top}\" role=\"img\" aria-label=\"{}\">\n\
         <style>text{{font:13px sans-serif;fill:#1f2328}}.ours{{fill:#0a7d5a}}.peer{{fill:#8c959f}}.limit{{fill:#c69026}}\
         .spread{{stroke:#1f2328}}@media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.ours{{fill:#3fb98f}}\
         .peer{{fill:#6e7681}}.limit{{fill:#d4a72c}}.spread{{stroke:#e6edf3}}}}</style>\n{panels}</svg>\n",
        escape(row)
    )
}

/// The metric that is drawn: that of the first target, else the first.
fn subject_of_targets(case: &CaseResult) -> Option<&Metric> {
    let judged = case
        .judgements
        .first()
        .map(|judgement| judgement.target.metric);
    let first = case.metrics.first();
    case.metrics
        .iter()
        .find(|metric| Some(metric.name) == judged)
        .or(first)
}

/// Draws one case below `top`, and gives its height.
fn panel(svg: &mut String, case: &CaseResult, metric: &Metric, top: f64) -> f64 {
    let bars: Vec<(&str, Role, Summary)> = case
        .subjects
        .iter()
        .filter_map(|subject| {
            Some((
                subject.name,
                subject.role,
                Summary::of(&subject.values(metric.name))?,
            ))
        })
        .collect();
    let longest = bars
        .iter()
        .map(|(_, _, summary)| summary.upper_quartile)
        .fold(f64::MIN_POSITIVE, f64::max);
    let title = escape(&format!("{}: {} [{}]", case.case, metric.name, metric.unit));
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<text x=\"8\" y=\"{:.0}\" font-weight=\"bold\">{title}</text>",
        top + 20.0
    );
    for (index, (name, role, summary)) in bars.iter().enumerate() {
        let y = top + TOP + LINE * index as f64;
        let class = match role {
            Role::Ours => "ours",
            Role::Peer => "peer",
            Role::Limit => "limit",
        };
        let length = |value: f64| BARS * (value / longest).clamp(0.0, 1.0);
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{LABELS}\" y=\"{:.1}\" width=\"{:.1}\" height=\"16\" rx=\"2\"/>\
             <line class=\"spread\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LABELS - 8.0,
            y + 13.0,
            escape(name),
            y,
            length(summary.median).max(1.0),
            LABELS + length(summary.lower_quartile),
            LABELS + length(summary.upper_quartile),
            y + 8.0,
            y + 8.0,
            LABELS + length(summary.upper_quartile) + 8.0,
            y + 13.0,
            figure(summary.median),
        );
    }
    TOP + LINE * bars.len() as f64 + 8.0
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::example;

    #[test]
    fn every_subject_of_every_case_has_a_bar_and_both_schemes_have_colours() {
        let svg = plot("P2", &[example(), example()]);
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("prefers-color-scheme:dark"), "{svg}");
    }

    #[test]
    fn names_cannot_break_the_drawing() {
        let mut result = example();
        result.case = "<script>&".to_owned();
        let svg = plot("P2", &[result]);
        assert!(!svg.contains("<script>"), "{svg}");
    }
}
