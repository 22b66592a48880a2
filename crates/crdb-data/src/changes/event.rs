use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crdb_exec::JsonText;

use crate::error::{Error, ErrorKind};

/// What a changefeed tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChangeEvent<T> {
    /// A row is new, changed or gone.
    Change(Change<T>),
    /// Every change up to this time has been reported.
    Resolved(String),
}

/// A row that is new, changed or gone.
///
/// CockroachDB writes a DECIMAL as a number of JSON. One that 64 bits do not hold is a string of its digits here, in the key
/// and in the row, so that it is never rounded: [`JsonNumeric`](crate::JsonNumeric) reads both, and a field that takes numbers
/// only, such as an `f64`, refuses it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change<T> {
    /// The table.
    pub table: String,
    /// The values of its primary key.
    pub key: Vec<Value>,
    /// The row as it is now; `None` where it is gone.
    pub after: Option<T>,
    /// When that was committed, as CockroachDB writes its times: nanoseconds, a point, and a logical part of ten digits.
    pub updated: String,
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    after: Option<&'a RawValue>,
    updated: Option<String>,
    resolved: Option<String>,
}

/// Reads a row of a changefeed.
pub(super) fn event<T: DeserializeOwned>(
    table: Option<String>,
    key: Option<&[u8]>,
    value: &[u8],
) -> Result<ChangeEvent<T>, Error> {
    let unreadable = |what: &str, error: serde_json::Error| {
        Error::new(
            ErrorKind::Value,
            format!("{what} of a change is not as expected"),
        )
        .with_source(error)
    };
    let told: Told<'_> =
        serde_json::from_slice(value).map_err(|error| unreadable("the value", error))?;
    if let Some(resolved) = told.resolved {
        return Ok(ChangeEvent::Resolved(resolved));
    }
    let key = key.map_or(Ok(Vec::new()), |key| exactly(&String::from_utf8_lossy(key)));
    let after = told
        .after
        .map(|after| exactly(after.get()))
        .transpose()
        .map_err(|error| {
            unreadable("the row", error)
                .with_advice("the type of the stream must fit the table's columns")
        })?;
    Ok(ChangeEvent::Change(Change {
        table: table.unwrap_or_default(),
        key: key.map_err(|error| unreadable("the key", error))?,
        after: after.flatten(),
        updated: told.updated.unwrap_or_default(),
    }))
}

/// Reads a document without rounding its numbers.
fn exactly<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(&JsonText::from(text).long_numbers_as_strings())
}

/// Whether the first time is before the second. Times are of different lengths only in a far past.
pub(super) fn is_before(first: &str, second: &str) -> bool {
    let parts = |time: &str| -> (u128, u128) {
        let (whole, logical) = time.split_once('.').unwrap_or((time, "0"));
        (whole.parse().unwrap_or(0), logical.parse().unwrap_or(0))
    };
    parts(first) < parts(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_and_resolved_times_are_told_apart() {
        let change = event::<Value>(
            Some("t".to_owned()),
            Some(b"[1]"),
            br#"{"after": {"id": 1}, "updated": "5.0"}"#,
        );
        let ChangeEvent::Change(change) = change.unwrap() else {
            panic!("a change");
        };
        assert_eq!((change.key.len(), change.updated.as_str()), (1, "5.0"));
        assert!(change.after.is_some());
        let gone = event::<Value>(
            Some("t".to_owned()),
            Some(b"[1]"),
            br#"{"after": null, "updated": "6.0"}"#,
        );
        assert!(matches!(
            gone.unwrap(),
            ChangeEvent::Change(Change { after: None, .. })
        ));
        let resolved = event::<Value>(None, None, br#"{"resolved": "7.0000000001"}"#).unwrap();
        assert_eq!(resolved, ChangeEvent::Resolved("7.0000000001".to_owned()));
        assert!(
            event::<i64>(
                Some("t".to_owned()),
                Some(b"[1]"),
                br#"{"after": {"id": 1}}"#
            )
            .is_err()
        );
    }

    #[test]
    fn numbers_are_kept_or_refused() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Row<N> {
            n: N,
        }
        fn read<N: DeserializeOwned>(number: &str) -> Result<(Vec<Value>, N), Error> {
            let key = format!("[{number}]");
            let value = format!(r#"{{"after": {{"n": {number}}}, "updated": "5.0"}}"#);
            match event::<Row<N>>(None, Some(key.as_bytes()), value.as_bytes())? {
                ChangeEvent::Change(change) => Ok((change.key, change.after.unwrap().n)),
                ChangeEvent::Resolved(_) => panic!("a change"),
            }
        }
        for number in [
            "99999999999999999999.99999999999999999999",
            "9007199254740993.5",
            "-1e-30",
            "12345678901234567890123",
        ] {
            let exact: crdb_exec::Numeric = number.parse().unwrap();
            let (key, read_as) = read::<crate::JsonNumeric>(number).unwrap();
            assert_eq!(read_as, crate::JsonNumeric(exact), "{number}");
            let told = match &key[0] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(told.parse(), Ok(read_as.0), "{number}");
        }
        for number in [
            "99999999999999999999.99999999999999999999",
            "9007199254740993.5",
        ] {
            assert!(read::<f64>(number).is_err(), "{number}");
        }
        assert_eq!(read::<f64>("0.5").unwrap().1, 0.5);
        assert_eq!(
            read::<i64>("9007199254740993").unwrap().1,
            9_007_199_254_740_993
        );
        for number in ["0.5", "-7", "18446744073709551615", "1.10"] {
            let exact: crdb_exec::Numeric = number.parse().unwrap();
            assert_eq!(read::<crate::JsonNumeric>(number).unwrap().1.0, exact);
        }
    }

    #[test]
    fn times_are_compared_as_numbers() {
        assert!(is_before("9.0000000002", "10.0000000001"));
        assert!(is_before("10.0000000001", "10.0000000002"));
        assert!(!is_before("10.0", "10.0"));
    }
}
