//! What the doctor found, for people and for machines.

use comfy_table::ContentArrangement;
use crdb_facade::auth::{Diagnosis, Finding, Outcome};
use serde_json::{Value, json};

use crate::table;

/// Findings are sentences: they are broken into lines.
const WIDTH: u16 = 120;

/// A table for each server, and what to do next where it is ill.
pub(super) fn print(diagnoses: &[Diagnosis]) {
    for diagnosis in diagnoses {
        let rows = diagnosis
            .findings()
            .iter()
            .map(|finding| {
                [
                    finding.step.to_string(),
                    finding.outcome.to_string(),
                    format!("{:.1}", milliseconds(finding)),
                    finding.text.clone(),
                ]
            })
            .collect();
        println!("{}", diagnosis.endpoint());
        let mut table = table(["step", "", "ms", "finding"], rows);
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH);
        println!("{table}");
        match diagnosis.next_step() {
            Some(advice) => println!("next: {advice}\n"),
            None => println!("healthy\n"),
        }
    }
}

/// One JSON object a line, one line a server.
pub(super) fn print_json(diagnoses: &[Diagnosis]) {
    for diagnosis in diagnoses {
        println!("{}", as_json(diagnosis));
    }
}

fn as_json(diagnosis: &Diagnosis) -> Value {
    let findings: Vec<Value> = diagnosis
        .findings()
        .iter()
        .map(|finding| {
            let kind = match finding.outcome {
                Outcome::Failed(kind) => Some(format!("{kind:?}")),
                _ => None,
            };
            json!({
                "step": finding.step.to_string(),
                "outcome": finding.outcome.to_string().to_lowercase(),
                "kind": kind,
                "finding": finding.text,
                "milliseconds": milliseconds(finding),
            })
        })
        .collect();
    json!({
        "server": diagnosis.endpoint().to_string(),
        "healthy": diagnosis.is_healthy(),
        "findings": findings,
        "next": diagnosis.next_step(),
    })
}

fn milliseconds(finding: &Finding) -> f64 {
    finding.took.as_secs_f64() * 1000.0
}
