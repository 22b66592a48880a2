//! Why an answer differs, as far as the two answers tell.

use crdb_testkit::Disagreement;

/// A reason for a disagreement with a file that was written for CockroachDB.
pub(crate) fn reason(disagreement: &Disagreement) -> &'static str {
    let first = disagreement
        .expected
        .iter()
        .zip(&disagreement.actual)
        .find(|(expected, actual)| expected != actual);
    let came = first.map_or_else(
        || {
            disagreement
                .actual
                .get(disagreement.expected.len())
                .map_or("", String::as_str)
        },
        |(_, actual)| actual.as_str(),
    );
    let wanted = first.map_or("", |(expected, _)| expected.as_str());
    let code = |code: &str| came.contains(&format!("\"Code\":\"{code}\""));
    if came.contains("\"silence\"") || came.contains("hung up") {
        "the server fell silent or hung up"
    } else if code("42P01") || code("42P07") {
        "follows from an earlier disagreement: a table is missing, or is still there"
    } else if ["42704", "42883", "42601", "3F000", "42P18", "42710"]
        .into_iter()
        .any(code)
    {
        "the server does not know this statement, function, type or setting"
    } else if wanted.contains("RowDescription") && came.contains("RowDescription") {
        "types and names of columns are the server's own"
    } else if wanted.contains("DataRow") && came.contains("DataRow") {
        "a value is written or computed in another way"
    } else if wanted.contains("ParameterDescription") && came.contains("ParameterDescription") {
        "the types of placeholders are the server's own"
    } else if wanted.contains("ErrorResponse") && came.contains("ErrorResponse") {
        "another error"
    } else if wanted.contains("ErrorResponse") {
        "it is not refused"
    } else if came.contains("ErrorResponse") {
        "it is refused"
    } else if came.contains("NoticeResponse") || wanted.contains("NoticeResponse") {
        "another notice"
    } else {
        "another order or another state"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_found_in_the_first_message_that_differs() {
        let disagreement = |expected: &[&str], actual: &[&str]| {
            let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            Disagreement::new(1, lines(expected), lines(actual))
        };
        let ready = r#"{"Type":"ReadyForQuery","TxStatus":"I"}"#;
        let done = r#"{"Type":"CommandComplete","CommandTag":"SET"}"#;
        let unknown = r#"{"Type":"ErrorResponse","Code":"42704"}"#;
        let other = r#"{"Type":"ErrorResponse","Code":"25001"}"#;
        for (expected, actual, why) in [
            (
                &[done, ready][..],
                &[unknown, ready][..],
                "the server does not know",
            ),
            (&[other], &[done], "it is not refused"),
            (&[done], &[other], "it is refused"),
            (&[ready], &[r#"{"Type":"silence"}"#], "fell silent"),
        ] {
            let reason = reason(&disagreement(expected, actual));
            assert!(reason.contains(why), "{reason}");
        }
    }
}
