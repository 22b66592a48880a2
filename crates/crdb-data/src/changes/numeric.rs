use std::fmt;

use crdb_exec::Numeric;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A DECIMAL in a row of a changefeed: any number, read from JSON's number or from a string of its digits.
///
/// ```
/// use crdb_data::JsonNumeric;
///
/// let balance: JsonNumeric = serde_json::from_str("\"99999999999999999999.99999999999999999999\"")?;
/// assert_eq!(balance.0.to_string(), "99999999999999999999.99999999999999999999");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// A number of JSON comes through `serde_json`, which makes 64 bits of it: those that do not fit are strings where
/// [`Change`](crate::Change) is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonNumeric(pub Numeric);

impl<'de> Deserialize<'de> for JsonNumeric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Digits)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = JsonNumeric;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a string of its digits")
    }

    fn visit_str<E: Error>(self, digits: &str) -> Result<JsonNumeric, E> {
        let number = digits.parse().map(JsonNumeric);
        number.map_err(|_| E::custom("a string that is no number"))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<JsonNumeric, E> {
        Ok(JsonNumeric(Numeric::from(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<JsonNumeric, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<JsonNumeric, E> {
        self.visit_str(&format!("{number:e}"))
    }
}
