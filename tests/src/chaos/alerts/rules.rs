//! What is shipped for Prometheus and Grafana.

use crate::chaos::program::workspace;
use anyhow::{Context as _, ensure};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How much faster time passes: 30 minutes are 30 seconds.
pub(crate) const FASTER: u32 = 60;

/// Where it lies.
pub(crate) fn directory() -> anyhow::Result<PathBuf> {
    Ok(workspace()?.join("crates/crdb-observe/monitoring"))
}

/// The text of a file there.
pub(crate) fn read(name: &str) -> anyhow::Result<String> {
    let path = directory()?.join(name);
    std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// The names of the alerts, in their order.
pub(crate) fn alerts(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix("- alert: "))
        .collect()
}

/// The names of all metrics that a text mentions, as they are scraped, and not of those that rules record.
pub(crate) fn metrics(text: &str) -> BTreeSet<&str> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == ':';
    text.split(|char| !is_part(char))
        .filter(|word| word.starts_with("crdb_") && !word.contains(':'))
        // The external label, the tables of crdb-migrate, and a name that is spelled with alternatives behind it.
        .filter(|word| *word != "crdb_runbooks" && !word.starts_with("crdb_migration_") && !word.ends_with('_'))
        .filter(|word| word.matches('_').count() > 1)
        .collect()
}

/// The rules with all durations divided: in ranges (`[5m]`) and behind `for:`.
pub(crate) fn compress(text: &str, by: u32) -> anyhow::Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, opening, closing)) = [("[", "]"), ("for: ", "\n")]
        .into_iter()
        .filter_map(|(opening, closing)| Some((rest.find(opening)?, opening, closing)))
        .min()
    {
        let (before, behind) = rest.split_at(at + opening.len());
        out.push_str(before);
        let end = behind.find(closing).unwrap_or(behind.len());
        let (word, behind) = behind.split_at(end);
        match milliseconds(word) {
            Some(long) => write!(out, "{}ms", long / u64::from(by))?,
            None => {
                ensure!(opening == "[", "no duration behind for: {word}");
                out.push_str(word);
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.find(|char: char| !char.is_ascii_digit())?)?;
    let unit = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_compressed_where_rules_have_it() {
        let text = "rate(x[5m])\nfor: 30s\nexpr: y{z=~\"2[23].*\"}[1h]\nfor: 15m\n";
        assert_eq!(
            compress(text, 60).unwrap(),
            "rate(x[5000ms])\nfor: 500ms\nexpr: y{z=~\"2[23].*\"}[60000ms]\nfor: 15000ms\n"
        );
        assert!(compress("for: ever\n", 60).is_err());
    }

    #[test]
    fn each_alert_has_its_runbook_and_each_runbook_its_form() {
        let text = read("alerts.yml").unwrap();
        let names = alerts(&text);
        assert!(names.len() > 10);
        for name in names {
            assert!(
                text.contains(&format!("/{name}.md'")),
                "no link to {name}.md"
            );
            let runbook = super::super::runbook::read(name).unwrap();
            assert!(runbook.starts_with(&format!("# {name}\n\n## What is seen\n")));
            let sections: Vec<_> = runbook
                .lines()
                .filter_map(|line| line.strip_prefix("## "))
                .collect();
            assert_eq!(sections, ["What is seen", "Look", "Mend", "Over"], "{name}");
            let commands = super::super::runbook::commands(&runbook);
            assert!(!commands.is_empty(), "{name} has no commands");
        }
    }

    /// What only CockroachDB can answer is at least its SQL.
    #[test]
    fn the_sql_of_the_runbooks_is_sql() {
        let text = read("alerts.yml").unwrap();
        for name in alerts(&text) {
            let runbook = super::super::runbook::read(name).unwrap();
            for sql in super::super::runbook::blocks(&runbook, "sql") {
                let parsed = crdb_sql::dialect::parse(sql.trim().trim_end_matches(';'));
                assert!(parsed.is_ok(), "{name}: {sql}: {parsed:?}");
            }
        }
    }

    #[test]
    fn every_metric_is_one_that_the_readme_lists() {
        let readme = workspace().unwrap().join("crates/crdb-observe/README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        let listed = metrics(&readme);
        let mut texts = vec![];
        for file in ["recording.yml", "alerts.yml", "dashboard.json"] {
            texts.push((file.to_owned(), read(file).unwrap()));
        }
        let alerts_text = read("alerts.yml").unwrap();
        for name in alerts(&alerts_text) {
            texts.push((name.to_owned(), super::super::runbook::read(name).unwrap()));
        }
        for (file, text) in &texts {
            for metric in metrics(text) {
                let base = ["_bucket", "_count", "_sum"]
                    .iter()
                    .find_map(|end| metric.strip_suffix(end))
                    .unwrap_or(metric);
                assert!(
                    listed.contains(base) || listed.contains(metric),
                    "{file} names {metric}, which is none"
                );
            }
        }
    }
}
