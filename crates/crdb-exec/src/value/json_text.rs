use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::{BoxError, Numeric, holds_all};

/// A `JSON` or `JSONB` as its text: numbers of any size and precision, names in their order.
///
/// `serde_json` reads numbers into 64 bits, not always the nearest, and keeps the last of two equal names, so it is given only documents that come
/// through it unchanged. This type checks nothing; the server refuses what is no JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct JsonText(pub String);

impl JsonText {
    /// The document with each number that 64 bits do not hold as a string of its digits: what `serde_json` makes of it is not
    /// rounded, and a type that takes numbers only refuses what it would change.
    ///
    /// ```
    /// use crdb_exec::JsonText;
    ///
    /// let text = JsonText::from(r#"{"a": 1.5, "b": 12345678901234567890.5}"#);
    /// assert_eq!(text.long_numbers_as_strings(), r#"{"a": 1.5, "b": "12345678901234567890.5"}"#);
    /// ```
    #[must_use]
    pub fn long_numbers_as_strings(&self) -> Cow<'_, str> {
        let mut out = String::new();
        let (mut kept, mut at) = (0, 0);
        let bytes = self.0.as_bytes();
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match rest {
                [b'"', tail @ ..] => at += string_length(tail) + 2,
                [b'-' | b'0'..=b'9', ..] => {
                    let length = number_length(rest);
                    let number = self.0.get(at..at + length).unwrap_or_default();
                    if !fits_64_bits(number.as_bytes()) {
                        out.push_str(self.0.get(kept..at).unwrap_or_default());
                        out.push('"');
                        out.push_str(number);
                        out.push('"');
                        kept = at + length;
                    }
                    at += length;
                }
                _ => at += 1,
            }
        }
        if kept == 0 {
            return Cow::Borrowed(&self.0);
        }
        out.push_str(self.0.get(kept..).unwrap_or_default());
        Cow::Owned(out)
    }
}

impl From<String> for JsonText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for JsonText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A `JSON` or `JSONB` as its text, borrowed from a row. As [`JsonText`], it holds every document and checks nothing.
///
/// ```
/// use crdb_exec::{Error, JsonStr, Row};
///
/// fn length(row: &impl Row) -> Result<usize, Error> {
///     Ok(row.get::<JsonStr<'_>>("document")?.0.len())
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct JsonStr<'a>(pub &'a str);

impl From<JsonStr<'_>> for JsonText {
    fn from(text: JsonStr<'_>) -> Self {
        text.0.into()
    }
}

impl fmt::Display for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'a> FromSql<'a> for JsonStr<'a> {
    fn from_sql(sql_type: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let text = text(sql_type, raw).ok_or("a JSONB is of an unknown version")?;
        Ok(Self(std::str::from_utf8(text)?))
    }

    fn accepts(sql_type: &Type) -> bool {
        holds_all(sql_type, &Type::JSONB) || holds_all(sql_type, &Type::JSON)
    }
}

/// The version that precedes the text of a JSONB (`jsonb_send` in PostgreSQL, `writeBinaryDatum` in CockroachDB's
/// pkg/sql/pgwire/types.go).
const JSONB_VERSION: u8 = 1;

fn text<'a>(sql_type: &Type, raw: &'a [u8]) -> Option<&'a [u8]> {
    match (sql_type == &Type::JSONB, raw) {
        (true, [JSONB_VERSION, text @ ..]) => Some(text),
        (true, _) => None,
        (false, text) => Some(text),
    }
}

impl<'a> FromSql<'a> for JsonText {
    fn from_sql(sql_type: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        JsonStr::from_sql(sql_type, raw).map(Self::from)
    }

    fn accepts(sql_type: &Type) -> bool {
        <JsonStr<'_> as FromSql<'_>>::accepts(sql_type)
    }
}

impl ToSql for JsonText {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        if *sql_type == Type::JSONB {
            out.put_u8(JSONB_VERSION);
        }
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(*sql_type, Type::JSON | Type::JSONB)
    }

    to_sql_checked!();
}

/// Whether a tree with numbers of 64 bits and distinct names holds this document.
///
/// What is no JSON survives: the conversion refuses it.
pub(super) fn survives(sql_type: &Type, raw: &[u8]) -> bool {
    let Some(mut rest) = text(sql_type, raw) else {
        return true;
    };
    // The names of each object that is open; of arrays none.
    let mut open: Vec<Option<HashSet<Cow<'_, [u8]>>>> = Vec::new();
    while let Some((first, tail)) = rest.split_first() {
        match first {
            b'{' => open.push(Some(HashSet::new())),
            b'[' => open.push(None),
            b'}' | b']' => {
                open.pop();
            }
            b'"' => {
                let string = tail.get(..string_length(tail)).unwrap_or(tail);
                rest = tail.get(string.len() + 1..).unwrap_or_default();
                let is_name = rest.trim_ascii_start().starts_with(b":");
                if let Some(Some(names)) = open.last_mut().filter(|_| is_name)
                    && !names.insert(unescaped(string))
                {
                    return false;
                }
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let (number, tail) = rest.split_at(number_length(rest));
                if !fits_64_bits(number) {
                    return false;
                }
                rest = tail;
                continue;
            }
            _ => {}
        }
        rest = tail;
    }
    true
}

/// How long the number is that a text begins with.
fn number_length(text: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    text.iter().take_while(|byte| is_part(byte)).count()
}

/// The bytes before the quotation mark that ends a string.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    text.iter()
        .take_while(|byte| {
            let ends = **byte == b'"' && !escaped;
            escaped = **byte == b'\\' && !escaped;
            !ends
        })
        .count()
}

/// A string with its escapes as what they stand for: `\u0061` is the name `a` once more. What is no escape stays as it is.
fn unescaped(string: &[u8]) -> Cow<'_, [u8]> {
    if !string.contains(&b'\\') {
        return Cow::Borrowed(string);
    }
    let mut out = Vec::with_capacity(string.len());
    let mut rest = string;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let escape = tail.first().filter(|_| *first == b'\\');
        let Some(escape) = escape else {
            out.push(*first);
            continue;
        };
        rest = tail.get(1..).unwrap_or_default();
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (unit, tail) = utf16_unit(rest);
                rest = tail;
                let pair = [
                    unit,
                    utf16_unit(rest.strip_prefix(b"\\u").unwrap_or_default()).0,
                ];
                let mut units = pair.into_iter().flatten();
                match char::decode_utf16(units.by_ref()).next() {
                    Some(Ok(letter)) => {
                        if letter.len_utf16() == 2 {
                            rest = rest.get(6..).unwrap_or_default();
                        }
                        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    // Half a pair is a letter of its own, which no text has.
                    _ => out.extend(
                        [0xff]
                            .into_iter()
                            .chain(unit.unwrap_or_default().to_be_bytes()),
                    ),
                }
            }
            other => out.push(*other),
        }
    }
    Cow::Owned(out)
}

/// The four hexadecimal digits at the beginning, and what follows.
fn utf16_unit(text: &[u8]) -> (Option<u16>, &[u8]) {
    let digits = text
        .get(..4)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
        Some(unit) => (Some(unit), text.get(4..).unwrap_or_default()),
        None => (None, text),
    }
}

/// Whether `serde_json` reads this number and writes the same one: an integer of 64 bits, or a number whose nearest `f64` it
/// finds and writes alike.
fn fits_64_bits(number: &[u8]) -> bool {
    // 15 digits always survive.
    if number.len() <= 15 && number.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(number) else {
        return true;
    };
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return true;
    }
    let Ok(nearest) = text.parse::<f64>() else {
        return true;
    };
    if nearest == 0.0 {
        // A zero, or a number too small for an f64.
        let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
        return !mantissa.contains(|c: char| matches!(c, '1'..='9'));
    }
    quick(text) == Some(nearest.abs())
        && text
            .parse::<Numeric>()
            .is_ok_and(|exact| format!("{nearest:e}").parse() == Ok(exact))
}

/// What `serde_json` makes of a number without its sign, if it has not the feature `float_roundtrip`: its digits times a
/// power of ten, which may be a neighbour of the nearest `f64` (`f64_from_parts` in its src/de.rs).
fn quick(text: &str) -> Option<f64> {
    let text = text.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    let power = exponent.parse::<i32>().ok()?.checked_sub(places)?;
    let ten: f64 = format!("1e{}", power.unsigned_abs()).parse().ok()?;
    // The conversion of so many digits is rounded, as it is there.
    #[allow(clippy::cast_precision_loss, reason = "this is what is asked about")]
    let digits = digits as f64;
    Some(if power < 0 {
        digits / ten
    } else {
        digits * ten
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_numbers_become_strings() {
        for (text, wanted) in [
            ("12345678901234567890123", "\"12345678901234567890123\""),
            (
                r#"{"a\"1": -0.12345678901234567890, "b": ["1e400", 1e400, 0.5]}"#,
                r#"{"a\"1": "-0.12345678901234567890", "b": ["1e400", "1e400", 0.5]}"#,
            ),
            (
                r#"{"a": "12345678901234567890123"}"#,
                r#"{"a": "12345678901234567890123"}"#,
            ),
            (
                "[1, 9223372036854775807, 1.10]",
                "[1, 9223372036854775807, 1.10]",
            ),
            (
                "\"open 12345678901234567890123",
                "\"open 12345678901234567890123",
            ),
            ("", ""),
        ] {
            assert_eq!(JsonText::from(text).long_numbers_as_strings(), wanted);
        }
    }

    #[test]
    fn a_tree_is_given_what_it_holds() {
        for (text, held) in [
            ("{}", true),
            (
                r#"{"a": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]}"#,
                true,
            ),
            (r#"{"a": 1, "a": 2}"#, false),
            (r#"[{"b": {"a": 1 , "a": 2}}]"#, false),
            (r#"{"a": "a", "b": "a"}"#, true),
            (r#"{"a\"": 1, "a": "\\"}"#, true),
            (r#"{"a": 1, "\u0061": 2}"#, false),
            (r#"{"\/": 1, "/": 2}"#, false),
            (r#"{"\n": 1, "n": 2, "\t": 3}"#, true),
            (r#"{"\ud83d\ude00": 1, "\u00e9": 2, "é": 3}"#, false),
            (r#"{"\ud83d\ude00": 1, "😀": 2}"#, false),
            (r#"{"\ud83d\ude00": 1, "\ud83d\ude01": 2, "\u": 3}"#, true),
            (r#"{"\ud83d": 1, "\ud83e": 2, "\ud83da": 3}"#, true),
            ("0.1", true),
            ("-1.10", true),
            ("1e2", true),
            ("9223372036854775807", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("18446744073709551617", false),
            ("12345678901234567890123", false),
            ("0.1234567890123456789", false),
            // serde_json without `float_roundtrip` reads a neighbour.
            ("0.2331e29", false),
            ("2.331e28", false),
            ("0e999", true),
            ("-0.0", true),
            ("1e400", false),
            ("1e-400", false),
            ("1e99999999999", false),
            ("1.7976931348623157e308", true),
            (r#"{"text": "12345678901234567890123"}"#, true),
            (r#"["#, true),
            ("\"", true),
        ] {
            assert_eq!(survives(&Type::JSON, text.as_bytes()), held, "{text}");
        }
        assert!(!survives(&Type::JSONB, b"\x0112345678901234567890123"));
    }
}
