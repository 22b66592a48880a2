//! What the literals of the dialect hold.

use crate::token::shape;

/// The value of a quoted name: quotes taken off, doubled quotes made one.
pub(super) fn quoted_word(source: &str) -> String {
    source[1..source.len() - 1].replace("\"\"", "\"")
}

/// The value of `'text'`.
pub(super) fn string(source: &str) -> String {
    let mut value = String::with_capacity(source.len());
    for part in parts(source) {
        let mut rest = part;
        while let Some(quote) = rest.find("''") {
            value.push_str(&rest[..=quote]);
            rest = &rest[quote + 2..];
        }
        value.push_str(rest);
    }
    value
}

/// The value of `$tag$text$tag$`.
pub(super) fn dollar_string(source: &str) -> String {
    let tag = source[1..].find('$').map_or(0, |at| at + 2);
    source[tag..source.len() - tag].to_owned()
}

/// The bytes of `e'text'` or `b'bytes'`, or why they are none.
pub(super) fn escaped(source: &str) -> Result<Vec<u8>, &'static str> {
    let mut value = Vec::with_capacity(source.len());
    for part in escaped_parts(&source[1..]) {
        unescape(part, &mut value)?;
    }
    Ok(value)
}

/// The bytes of `x'6865780a'`, or why they are none.
pub(super) fn hex(source: &str) -> Result<Vec<u8>, &'static str> {
    let digits: Vec<u8> = parts(&source[1..]).flat_map(str::bytes).collect();
    if !digits.len().is_multiple_of(2) {
        return Err("a hexadecimal string needs an even number of digits");
    }
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    digits
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect::<Option<_>>()
        .ok_or("a hexadecimal string holds only the digits 0-9 and a-f")
}

/// The digits of `B'0101'`, or why they are none.
pub(super) fn bits(source: &str) -> Result<String, &'static str> {
    let digits: String = parts(&source[1..]).collect();
    if digits.bytes().all(|byte| matches!(byte, b'0' | b'1')) {
        Ok(digits)
    } else {
        Err("a bit string holds only the digits 0 and 1")
    }
}

/// The inner texts of `'a' 'b'`: a literal may go on after a newline.
fn parts(source: &str) -> impl Iterator<Item = &str> {
    split_parts(source, false)
}

/// As [`parts`], where a backslash escapes a quote.
fn escaped_parts(source: &str) -> impl Iterator<Item = &str> {
    split_parts(source, true)
}

fn split_parts(source: &str, escapes: bool) -> impl Iterator<Item = &str> {
    let bytes = source.as_bytes();
    // Between the parts there is only white space.
    let mut quote = Some(0);
    std::iter::from_fn(move || {
        let start = quote? + 1;
        let mut end = start;
        while end < bytes.len() {
            if bytes[end] == b'\\' && escapes || bytes[end..].starts_with(b"''") {
                end += 2;
            } else if bytes[end] == b'\'' {
                break;
            } else {
                end += 1;
            }
        }
        quote = shape::next_part(bytes, end + 1);
        source.get(start..end)
    })
}

fn unescape(part: &str, value: &mut Vec<u8>) -> Result<(), &'static str> {
    let bytes = part.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => {
                value.push(b'\'');
                at += 2;
            }
            b'\\' => at = unescape_one(part, at + 1, value)?,
            byte => {
                value.push(byte);
                at += 1;
            }
        }
    }
    Ok(())
}

/// Decodes the escape whose letter is at `at`; returns where it ends.
fn unescape_one(part: &str, at: usize, value: &mut Vec<u8>) -> Result<usize, &'static str> {
    let bytes = part.as_bytes();
    let Some(letter) = bytes.get(at).copied() else {
        return Ok(at);
    };
    let simple = match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'x' | b'X' => {
            value.push(number(part, at + 1, 2, 16, "`\\x` needs two hexadecimal digits")? as u8);
            return Ok(at + 3);
        }
        b'0'..=b'7' => {
            let code = number(part, at, 3, 8, "an octal escape needs three digits")?;
            value.push(u8::try_from(code).map_err(|_| "an octal escape is at most `\\377`")?);
            return Ok(at + 3);
        }
        b'u' | b'U' => {
            let digits = if letter == b'u' { 4 } else { 8 };
            let code = number(
                part,
                at + 1,
                digits,
                16,
                "`\\u` needs four and `\\U` eight hexadecimal digits",
            )?;
            let character = char::from_u32(code).ok_or("this escape is no Unicode character")?;
            value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(at + 1 + digits);
        }
        // Any other escape is redundant: the character stands for itself.
        _ => letter,
    };
    value.push(simple);
    Ok(at + 1)
}

fn number(
    part: &str,
    at: usize,
    digits: usize,
    radix: u32,
    why: &'static str,
) -> Result<u32, &'static str> {
    part.get(at..at + digits)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .and_then(|text| u32::from_str_radix(text, radix).ok())
        .ok_or(why)
}

/// The names of the units of an interval, short and long.
const INTERVAL_UNITS: &[&str] = &[
    "ns",
    "nanosecond",
    "nanoseconds",
    "us",
    "µs",
    "μs",
    "microsecond",
    "microseconds",
    "usec",
    "usecs",
    "ms",
    "msec",
    "msecs",
    "millisecond",
    "milliseconds",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "m",
    "min",
    "mins",
    "minute",
    "minutes",
    "h",
    "hr",
    "hrs",
    "hour",
    "hours",
    "d",
    "day",
    "days",
    "w",
    "week",
    "weeks",
    "mon",
    "mons",
    "month",
    "months",
    "y",
    "yr",
    "yrs",
    "year",
    "years",
    "decade",
    "decades",
    "century",
    "centuries",
    "millennium",
    "millenniums",
    "millennia",
    "ago",
];

/// Whether `text` reads as an interval: `1 day 02:03:04`, `-7h0m5s`, `P1Y2M`, `1-2`, `12.5`.
///
/// CockroachDB reads the text of an interval literal while parsing, so a text that is none is a syntax error.
pub(super) fn is_interval(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    if let Some(iso) = text.strip_prefix(['P', 'p']) {
        return iso
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"YMWDTHSymwdths.,-+:".contains(&byte));
    }
    let mut rest = text;
    while !rest.is_empty() {
        let letters = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        if letters > 0 {
            if !INTERVAL_UNITS.contains(&rest[..letters].to_lowercase().as_str()) {
                return false;
            }
            rest = &rest[letters..];
        } else {
            let Some(first) = rest.chars().next() else {
                break;
            };
            if !(first.is_ascii_digit() || first.is_whitespace() || "+-.:,@".contains(first)) {
                return false;
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_quotes_are_one_and_parts_are_joined() {
        assert_eq!(string("'a''b'"), "a'b");
        assert_eq!(string("''''"), "'");
        assert_eq!(string("'a' \n\t'b'\n'c'"), "abc");
        assert_eq!(quoted_word("\"a\"\"b\""), "a\"b");
        assert_eq!(dollar_string("$a$x$b$y$a$"), "x$b$y");
        assert_eq!(dollar_string("$$$$"), "");
    }

    #[test]
    fn escapes_are_decoded_or_refused() {
        assert_eq!(escaped(r"e'a\'b\\c\n'").unwrap(), b"a'b\\c\n");
        assert_eq!(escaped(r"b'\xff\101'").unwrap(), b"\xffA");
        assert_eq!(escaped(r"e'\u00e4\q'").unwrap(), "äq".as_bytes());
        for source in [
            r"e'\x1'",
            r"e'\08'",
            r"e'\u12'",
            r"e'\Uffffffff'",
            r"e'\777'",
            "e'\\x'''",
        ] {
            assert!(escaped(source).is_err(), "{source}");
        }
    }

    #[test]
    fn hex_and_bits_hold_only_their_digits() {
        assert_eq!(hex("x'6a4B'").unwrap(), b"jK");
        assert!(hex("x'6'").is_err());
        assert!(hex("x'zz'").is_err());
        assert_eq!(bits("B'0101'").unwrap(), "0101");
        assert!(bits("B'2'").is_err());
    }

    #[test]
    fn intervals_are_told_from_words() {
        for text in [
            "1 day 02:03:04",
            "-7h0m5s",
            "P1Y2M3DT4H",
            "1-2",
            "12.5",
            "3 days ago",
            "0",
            "1µs",
        ] {
            assert!(is_interval(text), "{text}");
        }
        for text in ["", "foobar", "day", "1 fortnightx", "1;2"] {
            assert!(!is_interval(text), "{text}");
        }
    }
}
