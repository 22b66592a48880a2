use std::io::Write as _;

use crdb_exec::{Row, Timestamp};

use super::Encode;
use crate::error::{Error, ErrorKind};
use crate::value::{Columns, DataColumn, Value, ValueKind};

/// How rows are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonLayout {
    /// One object a line (JSON lines, NDJSON).
    #[default]
    Lines,
    /// One array of objects.
    Array,
}

/// How numbers are written that a reader with 64-bit floats would change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonNumbers {
    /// As JSON numbers with all their digits, as the servers' own `to_json` does. RFC 8259 allows any number of digits; a reader
    /// that keeps numbers as floats, as JavaScript does, rounds INT8 beyond 2^53 and DECIMAL.
    #[default]
    Digits,
    /// INT8 and DECIMAL as strings, so that every reader gets them unchanged.
    Strings,
}

/// JSON: an object a row, with the columns' names in their order.
///
/// The [crate's table](crate#types) says what each type becomes. It is what the servers' `to_json` gives, but for TIMESTAMPTZ, which
/// is always in UTC, and floats, which have an exponent where that is shorter.
#[derive(Clone, Debug, Default)]
pub struct Json {
    layout: JsonLayout,
    numbers: JsonNumbers,
    keys: Vec<Vec<u8>>,
    started: bool,
}

impl Json {
    /// JSON lines.
    #[must_use]
    pub fn lines() -> Self {
        Self::default()
    }

    /// One array.
    #[must_use]
    pub fn array() -> Self {
        Self {
            layout: JsonLayout::Array,
            ..Self::default()
        }
    }

    /// How numbers are written: with all their [digits](JsonNumbers::Digits) by default.
    #[must_use]
    pub fn numbers(mut self, numbers: JsonNumbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// The ending of files.
    pub(super) fn ending(&self) -> &'static str {
        match self.layout {
            JsonLayout::Lines => "jsonl",
            JsonLayout::Array => "json",
        }
    }

    fn object<R: Row>(&self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        for (value, key) in columns.values(row).zip(&self.keys) {
            let (column, value) = value?;
            out.extend_from_slice(key);
            self.value(column, &value, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn value(
        &self,
        column: &DataColumn,
        value: &Value<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match value {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Int(_) if self.numbers == JsonNumbers::Digits => display(value, out),
            Value::Int(number) if i32::try_from(*number).is_ok() => display(value, out),
            Value::Float4(number) => float(f64::from(*number), value, out),
            Value::Float8(number) => float(*number, value, out),
            Value::Numeric(number) => {
                let is_number = number
                    .to_string()
                    .ends_with(|end: char| end.is_ascii_digit());
                if is_number && self.numbers == JsonNumbers::Digits {
                    display(value, out);
                } else {
                    quoted(value, out);
                }
            }
            Value::Text(text) => string(text, out),
            Value::Json(text) => compact(text, out),
            Value::Timestamp(time) => timestamp(*time, "", out),
            Value::TimestampTz(time) => timestamp(*time, "+00:00", out),
            Value::Vector(numbers) => {
                for (index, number) in numbers.iter().enumerate() {
                    out.push(if index == 0 { b'[' } else { b',' });
                    float(f64::from(*number), &Value::Float4(*number), out);
                }
                out.extend_from_slice(if numbers.is_empty() { b"[]" } else { b"]" });
            }
            Value::Array(array) if array.dimensions().len() > 1 && holds_json(column.kind()) => {
                return Err(Error::new(
                    ErrorKind::Value,
                    format!(
                        "column \"{}\": in JSON a second dimension would be read as arrays within values",
                        column.name()
                    ),
                )
                .with_advice("cast it to TEXT in the query"));
            }
            Value::Array(array) if array.begins_at_one() => {
                self.array_value(column, array.dimensions(), array.elements(), out)?;
            }
            Value::Array(_) => {
                return Err(Error::new(
                    ErrorKind::Value,
                    format!(
                        "column \"{}\": an array whose index does not begin at 1 has no form in JSON",
                        column.name()
                    ),
                )
                .with_advice("cast it to TEXT in the query"));
            }
            value => quoted(value, out),
        }
        Ok(())
    }

    fn array_value(
        &self,
        column: &DataColumn,
        dimensions: &[(usize, i32)],
        elements: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let Some((&(length, _), inner)) = dimensions.split_first() else {
            return match elements.first() {
                Some(value) => self.value(column, value, out),
                None => {
                    out.extend_from_slice(b"[]");
                    Ok(())
                }
            };
        };
        let size = elements.len().checked_div(length).unwrap_or(0).max(1);
        out.push(b'[');
        for (index, part) in elements.chunks(size).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.array_value(column, inner, part, out)?;
        }
        out.push(b']');
        Ok(())
    }
}

impl Encode for Json {
    fn begin(&mut self, columns: &Columns, _: &mut Vec<u8>) -> Result<(), Error> {
        columns.check_names()?;
        self.keys = columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let mut key = vec![if index == 0 { b'{' } else { b',' }];
                string(column.name(), &mut key);
                key.push(b':');
                key
            })
            .collect();
        Ok(())
    }

    fn row<R: Row>(&mut self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        if self.layout == JsonLayout::Array {
            out.extend_from_slice(if self.started { b",\n" } else { b"[" });
        }
        if columns.is_empty() {
            out.push(b'{');
        }
        self.object(columns, row, out)
            .inspect_err(|_| out.truncate(start))?;
        if self.layout == JsonLayout::Lines {
            out.push(b'\n');
        }
        self.started = true;
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.layout == JsonLayout::Array {
            out.extend_from_slice(if self.started { b"]\n" } else { b"[]\n" });
        }
        Ok(())
    }
}

/// Whether an array's elements are JSON.
fn holds_json(kind: &ValueKind) -> bool {
    matches!(kind, ValueKind::Array(element) if matches!(**element, ValueKind::Json | ValueKind::Jsonb))
}

/// Writing into a Vec does not fail.
fn display(value: &Value<'_>, out: &mut Vec<u8>) {
    drop(write!(out, "{value}"));
}

fn quoted(value: &Value<'_>, out: &mut Vec<u8>) {
    string(&value.to_string(), out);
}

fn string(text: &str, out: &mut Vec<u8>) {
    drop(serde_json::to_writer(out, text));
}

/// JSON has no NaN and no infinities.
fn float(number: f64, value: &Value<'_>, out: &mut Vec<u8>) {
    if number.is_finite() {
        display(value, out);
    } else {
        quoted(value, out);
    }
}

/// ISO 8601, as the servers' `to_json` has it. The era is behind the zone.
fn timestamp(time: Timestamp, zone: &str, out: &mut Vec<u8>) {
    let text = time.to_string();
    if time.unix_microseconds().is_none() {
        return string(&text, out);
    }
    let (text, era) = match text.strip_suffix(" BC") {
        Some(text) => (text, " BC"),
        None => (text.as_str(), ""),
    };
    string(&format!("{}{zone}{era}", text.replacen(' ', "T", 1)), out);
}

/// JSON without white space between its parts: PostgreSQL's JSON keeps that of its input, ends of lines among it.
fn compact(text: &str, out: &mut Vec<u8>) {
    let mut in_string = false;
    let mut escaped = false;
    for &byte in text.as_bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_between_the_parts_goes_and_within_strings_stays() {
        let mut out = Vec::new();
        compact("{ \"a \\\" b\" :\n [1,\t\"\\\\\", 2] }", &mut out);
        assert_eq!(out, br#"{"a \" b":[1,"\\",2]}"#);
    }
}
