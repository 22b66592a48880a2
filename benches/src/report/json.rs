//! One object a line: `row, case, subject, peer, metric, value, unit, ratio, target, met`.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::{runner::CaseResult, statistics::Summary, verdict::Verdict};

/// One figure, and the target that it was held against where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The row, for example `P2`.
    pub row: String,
    /// The case's name.
    pub case: String,
    /// Whose figure it is.
    pub subject: String,
    /// Whom the target compares it with.
    pub peer: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// The median over the rounds.
    pub value: f64,
    /// The metric's unit.
    pub unit: String,
    /// The median of the ratios to the peer, round by round.
    pub ratio: Option<f64>,
    /// The target, for example `<= 1.05x raw`.
    pub target: Option<String>,
    /// Whether it was reached; null where there is no target, or the figures are inconclusive.
    pub met: Option<bool>,
}

/// All figures of a case: one record a subject and metric, and one more for each further target on the same figure.
#[must_use]
pub fn records(result: &CaseResult) -> Vec<Record> {
    let mut records = Vec::new();
    for subject in &result.subjects {
        for metric in &result.metrics {
            let Some(summary) = Summary::of(&subject.values(metric.name)) else {
                continue;
            };
            let plain = record(result, subject.name, metric.name, metric.unit, summary);
            let judged = result
                .judgements
                .iter()
                .filter(|judgement| {
                    judgement.target.subject == subject.name
                        && judgement.target.metric == metric.name
                })
                .map(|judgement| Record {
                    peer: judgement.target.bound.peer().map(str::to_owned),
                    ratio: judgement
                        .target
                        .bound
                        .peer()
                        .map(|_| judgement.figure.median),
                    target: Some(judgement.target.bound.to_string()),
                    met: match judgement.verdict {
                        Verdict::Met => Some(true),
                        Verdict::Missed => Some(false),
                        Verdict::Inconclusive => None,
                    },
                    ..plain.clone()
                });
            let before = records.len();
            records.extend(judged);
            if records.len() == before {
                records.push(plain);
            }
        }
        let resources = [
            ("processor", "s", &subject.processor_seconds),
            ("resident", "MiB", &subject.resident_mebibytes),
        ];
        for (metric, unit, values) in resources {
            if let Some(summary) = Summary::of(values) {
                records.push(record(result, subject.name, metric, unit, summary));
            }
        }
    }
    records
}

fn record(
    result: &CaseResult,
    subject: &str,
    metric: &str,
    unit: &str,
    summary: Summary,
) -> Record {
    Record {
        row: result.row.to_owned(),
        case: result.case.clone(),
        subject: subject.to_owned(),
        peer: None,
        metric: metric.to_owned(),
        value: summary.median,
        unit: unit.to_owned(),
        ratio: None,
        target: None,
        met: None,
    }
}

/// Writes one object a line.
///
/// # Errors
/// Those of the writer.
pub fn write_records(records: &[Record], writer: &mut dyn Write) -> io::Result<()> {
    for record in records {
        serde_json::to_writer(&mut *writer, record)?;
        writeln!(writer)?;
    }
    Ok(())
}

/// Reads what [`write_records`] wrote, for example the baseline of an earlier run.
///
/// # Errors
/// Those of the reader, and `InvalidData` with the line's number where a line is not a record.
pub fn read_records(reader: impl BufRead) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    for (index, line) in reader.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let record = serde_json::from_str(&line).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("line {} is not a benchmark record: {error}", index + 1),
            )
        })?;
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::example;

    #[test]
    fn records_survive_writing_and_reading() {
        let records = records(&example());
        let mut text = Vec::new();
        write_records(&records, &mut text).expect("memory");
        assert_eq!(read_records(text.as_slice()).expect("own output"), records);
    }

    #[test]
    fn a_judged_figure_names_peer_ratio_and_target() {
        let all = records(&example());
        let judged = all
            .iter()
            .find(|record| record.target.is_some())
            .expect("one target");
        assert_eq!(
            (judged.subject.as_str(), judged.peer.as_deref()),
            ("ours", Some("peer"))
        );
        assert_eq!((judged.ratio, judged.met), (Some(0.5), Some(true)));
    }

    #[test]
    fn an_object_has_these_fields_and_no_others() {
        let record = serde_json::to_value(&records(&example())[0]).expect("JSON");
        let mut fields: Vec<_> = record.as_object().expect("an object").keys().collect();
        fields.sort_unstable();
        let mut expected = [
            "row", "case", "subject", "peer", "metric", "value", "unit", "ratio", "target", "met",
        ];
        expected.sort_unstable();
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = read_records("\n{oops\n".as_bytes()).expect_err("not JSON");
        assert!(
            error
                .to_string()
                .starts_with("line 2 is not a benchmark record"),
            "{error}"
        );
    }
}
