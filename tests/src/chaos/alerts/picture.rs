//! The dashboard as a picture, drawn from what Prometheus has scraped.

use anyhow::Context as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A column of the dashboard's grid in pixels; there are 24.
const COLUMN: f64 = 50.0;

/// A line of the dashboard's grid in pixels.
const LINE: f64 = 28.0;

/// How many lines a panel shows. Grafana would show them all.
const MOST: usize = 6;

/// How much room a letter of the legend takes at most, in pixels, and what stands around a name there.
const LETTER: f64 = 6.6;
const AROUND: f64 = 28.0;

/// How much of a word the legend shows: hashes are longer.
const WORD: usize = 18;

const COLOURS: [&str; MOST] = [
    "#3274d9", "#e0752d", "#299c46", "#a352cc", "#c4162a", "#b8860b",
];

/// A series that an expression gave: its labels, and its values by the time in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A panel, or the heading of a row of panels.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    is_heading: bool,
    unit: String,
    /// Left, top, width and height in the grid.
    place: [f64; 4],
    /// Expressions, and what each of their series is called.
    pub(crate) targets: Vec<(String, String)>,
    /// The series of all targets, by what they are called.
    lines: Vec<(String, Vec<(f64, f64)>)>,
}

/// The panels of a dashboard, in their order.
pub(crate) fn panels(dashboard: &Value) -> anyhow::Result<Vec<Panel>> {
    let panels = dashboard["panels"].as_array().context("no panels")?;
    panels
        .iter()
        .map(|panel| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let grid = |name| {
                panel["gridPos"][name]
                    .as_f64()
                    .context("no place in the grid")
            };
            let targets = panel["targets"].as_array().into_iter().flatten();
            Ok(Panel {
                title: text(&panel["title"]),
                is_heading: panel["type"] == "row",
                unit: text(&panel["fieldConfig"]["defaults"]["unit"]),
                place: [grid("x")?, grid("y")?, grid("w")?, grid("h")?],
                targets: targets
                    .map(|target| (text(&target["expr"]), text(&target["legendFormat"])))
                    .collect(),
                lines: Vec::new(),
            })
        })
        .collect()
}

impl Panel {
    /// Adds what the target of this legend gave.
    pub(crate) fn add(&mut self, legend: &str, series: Vec<Series>) {
        for one in series {
            let mut name = legend.to_owned();
            for (label, value) in &one.labels {
                name = name.replace(&format!("{{{{{label}}}}}"), value);
            }
            let is_number = |(_, value): &&(f64, f64)| value.is_finite();
            let points: Vec<_> = one.points.iter().filter(is_number).copied().collect();
            if !points.is_empty() {
                self.lines.push((name, points));
            }
        }
        // The largest first, as a legend that is sorted has them.
        let height = |points: &[(f64, f64)]| {
            points
                .iter()
                .map(|(_, value)| *value)
                .fold(f64::MIN, f64::max)
        };
        self.lines.sort_by(|(a, above), (b, below)| {
            height(below).total_cmp(&height(above)).then(a.cmp(b))
        });
        self.lines.truncate(MOST);
    }
}

/// What the legend shows of a line's name.
fn legend_of(name: &str) -> String {
    let words: Vec<String> = name
        .split(' ')
        .map(|word| match word.char_indices().nth(WORD) {
            Some(_) => word.chars().take(WORD - 1).chain(['…']).collect(),
            None => word.to_owned(),
        })
        .collect();
    words.join(" ")
}

/// Draws the panels over the time from `from` to `to`, in seconds.
pub(crate) fn svg(panels: &[Panel], (from, to): (f64, f64)) -> String {
    let bottom = panels
        .iter()
        .map(|panel| panel.place[1] + panel.place[3])
        .fold(0.0, f64::max);
    let (width, height) = (24.0 * COLUMN, bottom * LINE);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#f4f5f5\"/>\n"
    );
    for panel in panels {
        // Writing into a String does not fail.
        let _ = draw(&mut out, panel, (from, to));
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, panel: &Panel, (from, to): (f64, f64)) -> std::fmt::Result {
    let [x, y, w, h] = panel.place;
    let (left, top, width, height) = (x * COLUMN, y * LINE, w * COLUMN, h * LINE);
    let title = escaped(&panel.title);
    if panel.is_heading {
        return writeln!(
            out,
            "<text x=\"{:.0}\" y=\"{:.0}\" font-size=\"15\" font-weight=\"bold\" fill=\"#24292e\">{title}</text>",
            left + 6.0,
            top + 20.0
        );
    }
    writeln!(
        out,
        "<g transform=\"translate({left:.0} {top:.0})\"><rect x=\"3\" y=\"3\" width=\"{:.0}\" height=\"{:.0}\" fill=\"#fff\" stroke=\"#d8d9da\"/>\
         <text x=\"12\" y=\"20\" font-size=\"12\" fill=\"#24292e\">{title}</text>",
        width - 6.0,
        height - 6.0
    )?;
    let (x0, y0, x1, y1) = (52.0, 32.0, width - 14.0, height - 44.0);
    let highest = panel
        .lines
        .iter()
        .flat_map(|(_, points)| points)
        .map(|(_, value)| *value)
        .fold(0.0, f64::max);
    let top_value = if highest > 0.0 { highest } else { 1.0 };
    for part in [0.0, 0.5, 1.0] {
        let at = y1 - (y1 - y0) * part;
        let value = shown(top_value * part, &panel.unit);
        writeln!(
            out,
            "<path d=\"M{x0:.0} {at:.1}H{x1:.0}\" stroke=\"#e7e7e7\"/>\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#6a6a6a\">{value}</text>",
            x0 - 5.0,
            at + 4.0
        )?;
    }
    if panel.lines.is_empty() {
        writeln!(
            out,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#6a6a6a\">no data</text>",
            (x0 + x1) / 2.0,
            (y0 + y1) / 2.0
        )?;
    }
    let span = if to > from { to - from } else { 1.0 };
    for (part, anchor) in [(0.0, "start"), (0.5, "middle"), (1.0, "end")] {
        writeln!(
            out,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\" fill=\"#6a6a6a\">{:.0} s</text>",
            x0 + (x1 - x0) * part,
            y1 + 13.0,
            span * part
        )?;
    }
    let mut legend = 12.0;
    for ((name, points), colour) in panel.lines.iter().zip(COLOURS) {
        let mut path = String::new();
        for (index, (time, value)) in points.iter().enumerate() {
            let across = x0 + (x1 - x0) * ((time - from) / span).clamp(0.0, 1.0);
            let up = y1 - (y1 - y0) * (value / top_value).clamp(0.0, 1.0);
            write!(
                path,
                "{}{across:.0} {up:.1}",
                if index == 0 { "M" } else { "L" }
            )?;
        }
        writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.4\"/>"
        )?;
        // What is cut off has no room in a picture.
        let name = legend_of(name);
        let letters = u32::try_from(name.chars().count()).unwrap_or(u32::MAX);
        let long = f64::from(letters) * LETTER + AROUND;
        if legend + long < width {
            writeln!(
                out,
                "<rect x=\"{legend:.0}\" y=\"{:.0}\" width=\"10\" height=\"3\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"{:.0}\" fill=\"#464c54\">{}</text>",
                height - 16.0,
                legend + 14.0,
                height - 12.0,
                escaped(&name)
            )?;
        }
        legend += long;
    }
    out.push_str("</g>\n");
    Ok(())
}

/// A value of an axis in the panel's unit.
fn shown(value: f64, unit: &str) -> String {
    match unit {
        "s" if value == 0.0 => "0 s".to_owned(),
        "s" if value >= 2.0 * 86_400.0 => format!("{:.1} d", value / 86_400.0),
        "s" if value >= 2.0 * 3_600.0 => format!("{:.1} h", value / 3_600.0),
        "s" if value >= 120.0 => format!("{:.1} min", value / 60.0),
        "s" if value >= 1.0 => format!("{value:.1} s"),
        "s" if value >= 1e-3 => format!("{} ms", short(value * 1e3)),
        "s" => format!("{:.0} us", value * 1e6),
        "percentunit" => format!("{:.0} %", value * 100.0),
        "ops" => format!("{}/s", short(value)),
        _ => short(value),
    }
}

/// A number in few digits: what has three before the point needs none behind it.
fn short(value: f64) -> String {
    match value {
        value if value.fract().abs() < 1e-9 && value < 10_000.0 => format!("{value:.0}"),
        value if value >= 10_000.0 => format!("{:.1}k", value / 1e3),
        value if value >= 100.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::alerts::rules;

    fn series(node: &str, points: &[(f64, f64)]) -> Series {
        Series {
            labels: BTreeMap::from([("node".to_owned(), node.to_owned())]),
            points: points.to_vec(),
        }
    }

    #[test]
    fn a_panel_shows_its_title_its_lines_and_what_they_are_called() {
        let dashboard = serde_json::json!({"panels": [
            {"type": "row", "title": "Nodes", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}},
            {"type": "timeseries", "title": "Time <p99>", "gridPos": {"x": 0, "y": 1, "w": 12, "h": 7},
                "fieldConfig": {"defaults": {"unit": "s"}}, "targets": [{"expr": "x", "legendFormat": "on {{node}}"}]},
            {"type": "timeseries", "title": "Nothing", "gridPos": {"x": 12, "y": 1, "w": 12, "h": 7}, "targets": []},
        ]});
        let mut panels = panels(&dashboard).unwrap();
        assert_eq!(
            panels[1].targets,
            [("x".to_owned(), "on {{node}}".to_owned())]
        );
        panels[1].add(
            "on {{node}}",
            vec![
                series("n1", &[(10.0, 0.001), (20.0, f64::NAN), (30.0, 0.002)]),
                series("n&2", &[(10.0, 0.004), (30.0, 0.004)]),
                series("n3", &[(10.0, f64::INFINITY)]),
            ],
        );
        let text = svg(&panels, (10.0, 30.0));
        for part in [
            "Nodes</text>",
            "Time &lt;p99&gt;",
            "on n1",
            "on n&amp;2",
            "4 ms",
            "2 ms",
            "no data",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
        assert!(
            !text.contains("n3") && !text.contains("NaN") && !text.contains("inf"),
            "{text}"
        );
        // Where it begins and ends in time.
        assert!(text.contains(">0 s</text>") && text.contains(">20 s</text>"));
        // The higher line is the first, at the top from end to end: 600 pixels wide, 196 high.
        assert!(text.contains("<path d=\"M52 32.0L586 32.0\""), "{text}");
        assert!(text.contains("<path d=\"M52 122.0L586 92.0\""), "{text}");
    }

    #[test]
    fn long_words_of_a_legend_are_cut() {
        assert_eq!(
            legend_of("CrdbConfigurationDiffers get"),
            "CrdbConfiguration… get"
        );
        assert_eq!(
            legend_of("0.1.0 0123456789abcdef0123456789abcdef"),
            "0.1.0 0123456789abcdef0…"
        );
        assert_eq!(legend_of("127.0.0.1:41951 p99"), "127.0.0.1:41951 p99");
    }

    #[test]
    fn no_value_is_wider_than_its_axis_has_room() {
        for unit in ["s", "ops", "percentunit", "short"] {
            for value in [
                0.0, 0.000_012, 0.001, 0.919_7, 12.34, 119.7, 1_303.6, 86_391.9, 604_800.0,
            ] {
                let part = if unit == "percentunit" {
                    value / 1e4
                } else {
                    value
                };
                let text = shown(part, unit);
                assert!(text.len() <= 8, "{text}");
            }
        }
        assert_eq!(shown(86_391.9, "s"), "24.0 h");
        assert_eq!(shown(1_303.6, "ops"), "1304/s");
    }

    #[test]
    fn the_shipped_dashboard_has_a_place_for_each_panel() {
        let dashboard = serde_json::from_str(&rules::read("dashboard.json").unwrap()).unwrap();
        let panels = panels(&dashboard).unwrap();
        for (index, panel) in panels.iter().enumerate() {
            assert_eq!(
                panel.is_heading,
                panel.targets.is_empty(),
                "{}",
                panel.title
            );
            for other in panels.iter().skip(index + 1) {
                let apart = |axis: usize| {
                    panel.place[axis] + panel.place[axis + 2] <= other.place[axis]
                        || other.place[axis] + other.place[axis + 2] <= panel.place[axis]
                };
                assert!(
                    apart(0) || apart(1),
                    "{} lies on {}",
                    panel.title,
                    other.title
                );
            }
        }
        let headings: Vec<_> = panels
            .iter()
            .filter(|panel| panel.is_heading)
            .map(|panel| &*panel.title)
            .collect();
        let all = [
            "Overview",
            "Pool and nodes",
            "Statements",
            "Retries and contention",
            "Logins",
            "Lanes",
            "Audit",
        ];
        assert!(
            all.iter().all(|heading| headings.contains(heading)),
            "{headings:?}"
        );
    }
}
