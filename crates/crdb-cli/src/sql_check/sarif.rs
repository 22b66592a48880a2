//! Problems as SARIF 2.1.0, the OASIS standard for results of analyses.

use std::fmt::Write as _;
use std::path::Path;

use crdb_sql::{Code, Problem, Severity};
use serde_json::{Value, json};

/// A log of one run that found these problems. Every code is a rule of it, also one that nothing was found for.
pub(super) fn log(problems: &[Problem]) -> Value {
    let rules: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.as_str(),
                "shortDescription": { "text": code.summary() },
                "defaultConfiguration": { "level": level(code.severity()) },
            })
        })
        .collect();
    let results: Vec<Value> = problems.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "crdb-sql", "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(problem: &Problem) -> Value {
    let text = match problem.suggestion() {
        Some(help) => format!("{}: {help}", problem.message()),
        None => problem.message().to_owned(),
    };
    let mut place = json!({ "artifactLocation": { "uri": uri(problem.file()) } });
    if let (Some(line), Some(column)) = (problem.line(), problem.column())
        && let Some(place) = place.as_object_mut()
    {
        let end = problem.end_column().unwrap_or(column + 1);
        let region = json!({ "startLine": line, "startColumn": column, "endColumn": end });
        place.insert("region".to_owned(), region);
    }
    let mut result = json!({
        "ruleId": problem.code().as_str(),
        "level": level(problem.severity()),
        "message": { "text": text },
        "locations": [{ "physicalLocation": place }],
    });
    if let (Some(name), Some(result)) = (problem.query(), result.as_object_mut()) {
        result.insert("properties".to_owned(), json!({ "query": name }));
    }
    result
}

/// A path as a URI reference (RFC 3986): relative as it was given, or `file:///..`.
fn uri(path: &Path) -> String {
    let mut out = String::new();
    if path.is_absolute() {
        out.push_str("file://");
    }
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => out.push('/'),
            _ => {
                // Writing to a string does not fail.
                let _written = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_problem_is_a_result_at_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a b").join("q.sql");
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "-- name: q :exec\nDELETE FROM \u{fc}").unwrap();
        let problems: Vec<Problem> = crdb_sql::check(&file)
            .unwrap()
            .iter()
            .flat_map(|verdict| verdict.problems().iter().cloned())
            .collect();
        let log = log(&problems);
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "delete_without_where");
        assert_eq!(result["level"], "error");
        assert_eq!(result["properties"]["query"], "q.q");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            place["region"],
            json!({ "startLine": 2, "startColumn": 1, "endColumn": 7 })
        );
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            uri.starts_with("file:///") && uri.ends_with("/a%20b/q.sql"),
            "{uri}"
        );
        let rules = log["runs"][0]["tool"]["driver"]["rules"]
            .as_array()
            .unwrap();
        assert_eq!(rules.len(), Code::ALL.len());
        assert!(rules.iter().all(|rule| {
            !rule["shortDescription"]["text"]
                .as_str()
                .unwrap()
                .is_empty()
        }));
    }
}
