use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// What a changefeed tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChangeEvent<T> {
    /// A row is new, changed or gone.
    Change(Change<T>),
    /// Every change up to this time has been told.
    Resolved(String),
}

/// A row that is new, changed or gone.
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
struct Told {
    after: Option<Value>,
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
    let told: Told =
        serde_json::from_slice(value).map_err(|error| unreadable("the value", error))?;
    if let Some(resolved) = told.resolved {
        return Ok(ChangeEvent::Resolved(resolved));
    }
    let key = key.map_or(Ok(Vec::new()), serde_json::from_slice);
    let after = told
        .after
        .filter(|after| !after.is_null())
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| {
            unreadable("the row", error)
                .with_advice("the type of the stream must fit the table's columns")
        })?;
    Ok(ChangeEvent::Change(Change {
        table: table.unwrap_or_default(),
        key: key.map_err(|error| unreadable("the key", error))?,
        after,
        updated: told.updated.unwrap_or_default(),
    }))
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
    fn times_are_compared_as_numbers() {
        assert!(is_before("9.0000000002", "10.0000000001"));
        assert!(is_before("10.0000000001", "10.0000000002"));
        assert!(!is_before("10.0", "10.0"));
    }
}
