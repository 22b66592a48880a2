//! Whether what came is what a file has.

use std::collections::HashMap;

use serde_json::Value;

use super::answer::kind;
use super::message::substitute;
use super::script::Options;
use crate::error::{Error, ErrorKind};

/// What was expected and what came, a line each.
pub(super) struct Difference {
    pub(super) expected: Vec<String>,
    pub(super) actual: Vec<String>,
}

/// Where an answer differs in what counts.
pub(super) fn differ(
    expected: &[String],
    actual: &[Value],
    options: &Options,
    values: &HashMap<String, String>,
) -> Result<Option<Difference>, Error> {
    let expected: Vec<Value> = expected
        .iter()
        .map(|line| {
            serde_json::from_str(&substitute(line, values)).map_err(|source| {
                Error::new(ErrorKind::InvalidInput, format!("not JSON: {line}")).with_source(source)
            })
        })
        .collect::<Result<_, _>>()?;
    let counted: Vec<&Value> = expected
        .iter()
        .filter(|value| !options.ignored.iter().any(|ignored| ignored == kind(value)))
        .collect();
    let names_constraint: Vec<bool> = counted
        .iter()
        .map(|value| {
            !value["ConstraintName"]
                .as_str()
                .unwrap_or_default()
                .is_empty()
        })
        .collect();
    let has_detail: Vec<bool> = counted
        .iter()
        .map(|value| !value["Detail"].as_str().unwrap_or_default().is_empty())
        .collect();
    let normal = |values: &[Value]| -> Vec<String> {
        values
            .iter()
            .filter(|value| !options.ignored.iter().any(|ignored| ignored == kind(value)))
            .enumerate()
            .map(|(at, value)| {
                let constraint = names_constraint.get(at).copied().unwrap_or(false);
                let detail = has_detail.get(at).copied().unwrap_or(false);
                normalised(value, options, constraint, detail).to_string()
            })
            .collect()
    };
    let (expected, actual) = (normal(&expected), normal(actual));
    Ok((expected != actual).then_some(Difference { expected, actual }))
}

/// A message with what counts of it.
fn normalised(value: &Value, options: &Options, constraint: bool, detail: bool) -> Value {
    let mut kept = value.clone();
    let Some(fields) = kept.as_object_mut() else {
        return kept;
    };
    match kind(value) {
        "ErrorResponse" => {
            fields.retain(|name, value| match name.as_str() {
                "Type" | "Code" => true,
                "Message" => options.keep_message,
                "Detail" => detail,
                "ConstraintName" => {
                    constraint && !options.ignore_constraint && value.as_str() != Some("")
                }
                _ => false,
            });
        }
        "NoticeResponse" => {
            fields.insert("Type".to_owned(), Value::from("NoticeResponse"));
            fields.retain(|name, _| {
                matches!(name.as_str(), "Type" | "Severity" | "Code" | "Message")
            });
        }
        "ParameterDescription" if value["ParameterOIDs"].is_null() => {
            fields.insert("ParameterOIDs".to_owned(), Value::Array(Vec::new()));
        }
        "RowDescription" => {
            let columns = fields.get_mut("Fields").and_then(Value::as_array_mut);
            for column in columns.into_iter().flatten() {
                if let Some(column) = column.as_object_mut() {
                    column.retain(|name, _| match name.as_str() {
                        "TableOID" => !options.ignore_table_oids,
                        "DataTypeOID" => !options.ignore_type_oids,
                        "DataTypeSize" => !options.ignore_type_sizes,
                        _ => true,
                    });
                }
            }
        }
        _ => {}
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(expected: &str, actual: &str, options: &Options) -> bool {
        let actual: Vec<Value> = actual
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let expected: Vec<String> = expected.lines().map(str::to_owned).collect();
        differ(&expected, &actual, options, &HashMap::new())
            .unwrap()
            .is_some()
    }

    #[test]
    fn only_what_counts_is_compared() {
        let error = r#"{"Type":"ErrorResponse","Code":"42601","Message":"a"}"#;
        let other = r#"{"Type":"ErrorResponse","Code":"42601","Message":"b","Severity":"ERROR"}"#;
        assert!(!differs(error, other, &Options::default()));
        let keep = Options {
            keep_message: true,
            ..Options::default()
        };
        assert!(differs(error, other, &keep));
        let notice =
            r#"{"Severity":"NOTICE","Code":"00000","Message":"m","Detail":"","Position":0}"#;
        let came = r#"{"Type":"NoticeResponse","Severity":"NOTICE","Code":"00000","Message":"m"}"#;
        assert!(!differs(notice, came, &Options::default()));
        assert!(differs("", came, &Options::default()));
        let ignore = Options {
            ignored: vec!["NoticeResponse".to_owned()],
            ..Options::default()
        };
        assert!(!differs("", came, &ignore));
        let ready = r#"{"Type":"ReadyForQuery","TxStatus":"I"}"#;
        assert!(differs(
            ready,
            r#"{"Type":"ReadyForQuery","TxStatus":"T"}"#,
            &Options::default()
        ));
    }
}
