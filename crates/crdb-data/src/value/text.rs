//! Values as PostgreSQL's text format writes them: ISO dates, intervals in PostgreSQL's style, bytes in hexadecimal, the shortest
//! digits that read back as the same float. CockroachDB reads all of it.

use std::fmt::{self, Display, Formatter, Write as _};

use crdb_exec::{Interval, TimeOfDay, TimeTz, Timestamp};

use super::{ArrayValue, Value};

impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => f.write_str(if *value { "t" } else { "f" }),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float4(value) => float(f, f64::from(*value), &format!("{value:e}"), 6),
            Self::Float8(value) => float(f, *value, &format!("{value:e}"), 15),
            Self::Numeric(value) => write!(f, "{value}"),
            Self::Text(value) | Self::Json(value) => f.write_str(value),
            Self::Bytes(value) => {
                f.write_str("\\x")?;
                hex(f, value, false)
            }
            Self::Uuid(value) => uuid(f, value),
            Self::Date(value) => write!(f, "{value}"),
            Self::Time(value) => write!(f, "{value}"),
            Self::TimeTz(value) => time_tz(f, *value),
            Self::Timestamp(value) => write!(f, "{value}"),
            Self::TimestampTz(value) => timestamp_tz(f, *value),
            Self::Interval(value) => interval(f, *value),
            Self::Inet(value) => write!(f, "{value}"),
            Self::Bits(value) => write!(f, "{value}"),
            Self::Spatial(value) => hex(f, value, true),
            Self::Vector(value) => vector(f, value),
            Self::Array(value) => array(f, value),
        }
    }
}

fn hex(f: &mut Formatter<'_>, bytes: &[u8], upper: bool) -> fmt::Result {
    for byte in bytes {
        if upper {
            write!(f, "{byte:02X}")?;
        } else {
            write!(f, "{byte:02x}")?;
        }
    }
    Ok(())
}

fn uuid(f: &mut Formatter<'_>, bytes: &[u8; 16]) -> fmt::Result {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            f.write_char('-')?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

/// Writes a float of which `shortest` are the digits as `d.ddde±x`. Beyond `digits` before the point it has an exponent.
fn float(f: &mut Formatter<'_>, value: f64, shortest: &str, digits: i32) -> fmt::Result {
    if value.is_nan() {
        return f.write_str("NaN");
    }
    if value.is_infinite() {
        return f.write_str(if value < 0.0 { "-Infinity" } else { "Infinity" });
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits {
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(f, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let figures: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    f.write_str(sign)?;
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return write!(f, "0.{}{figures}", "0".repeat(zeros));
    }
    let point = usize::try_from(exponent).unwrap_or(0) + 1;
    match figures.split_at_checked(point) {
        Some((whole, "")) => f.write_str(whole),
        Some((whole, part)) => write!(f, "{whole}.{part}"),
        None => write!(f, "{figures}{}", "0".repeat(point - figures.len())),
    }
}

/// An infinity has no zone, and the era follows the zone.
fn timestamp_tz(f: &mut Formatter<'_>, value: Timestamp) -> fmt::Result {
    let text = value.to_string();
    if value.unix_microseconds().is_none() {
        return f.write_str(&text);
    }
    match text.strip_suffix(" BC") {
        Some(text) => write!(f, "{text}+00 BC"),
        None => write!(f, "{text}+00"),
    }
}

fn time_tz(f: &mut Formatter<'_>, value: TimeTz) -> fmt::Result {
    match TimeOfDay::from_microseconds(value.microseconds) {
        Some(time) => write!(f, "{time}")?,
        None => write!(f, "{}us", value.microseconds)?,
    }
    let sign = if value.offset < 0 { '-' } else { '+' };
    let offset = value.offset.unsigned_abs();
    write!(f, "{sign}{:02}", offset / 3_600)?;
    if !offset.is_multiple_of(3_600) {
        write!(f, ":{:02}", offset / 60 % 60)?;
    }
    if !offset.is_multiple_of(60) {
        write!(f, ":{:02}", offset % 60)?;
    }
    Ok(())
}

/// As `IntervalStyle = postgres` has it: `1 year 2 mons -3 days +04:05:06.7`.
fn interval(f: &mut Formatter<'_>, value: Interval) -> fmt::Result {
    let mut separator = "";
    let mut before_negative = false;
    let mut part = |f: &mut Formatter<'_>, count: i32, unit: &str| -> fmt::Result {
        if count == 0 {
            return Ok(());
        }
        let plus = if before_negative && count > 0 {
            "+"
        } else {
            ""
        };
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{separator}{plus}{count} {unit}{plural}")?;
        separator = " ";
        before_negative = count < 0;
        Ok(())
    };
    part(f, value.months / 12, "year")?;
    part(f, value.months % 12, "mon")?;
    part(f, value.days, "day")?;
    if value.microseconds == 0 && !separator.is_empty() {
        return Ok(());
    }
    f.write_str(separator)?;
    if value.microseconds < 0 {
        f.write_char('-')?;
    } else if before_negative {
        f.write_char('+')?;
    }
    let microseconds = value.microseconds.unsigned_abs();
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

fn vector(f: &mut Formatter<'_>, value: &[f32]) -> fmt::Result {
    f.write_char('[')?;
    for (index, number) in value.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(f, "{comma}{}", Value::Float4(*number))?;
    }
    f.write_char(']')
}

fn array(f: &mut Formatter<'_>, value: &ArrayValue<'_>) -> fmt::Result {
    if value.dimensions().is_empty() {
        return f.write_str("{}");
    }
    if !value.begins_at_one() {
        for &(length, lower) in value.dimensions() {
            let upper = i64::from(lower) + i64::try_from(length).unwrap_or(i64::MAX) - 1;
            write!(f, "[{lower}:{upper}]")?;
        }
        f.write_char('=')?;
    }
    dimension(f, value.dimensions(), value.elements())
}

fn dimension(
    f: &mut Formatter<'_>,
    dimensions: &[(usize, i32)],
    elements: &[Value<'_>],
) -> fmt::Result {
    let Some((&(length, _), inner)) = dimensions.split_first() else {
        return elements.first().map_or(Ok(()), |value| element(f, value));
    };
    f.write_char('{')?;
    let size = elements.len().checked_div(length).unwrap_or(0).max(1);
    for (index, part) in elements.chunks(size).enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        dimension(f, inner, part)?;
    }
    f.write_char('}')
}

/// In quotes where it would be misread without: `array_out` in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
fn element(f: &mut Formatter<'_>, value: &Value<'_>) -> fmt::Result {
    if value.is_null() {
        return f.write_str("NULL");
    }
    let text = value.to_string();
    let plain = !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|c: char| {
            matches!(c, '"' | '\\' | '{' | '}' | ',' | '\u{b}') || c.is_whitespace()
        });
    if plain {
        return f.write_str(&text);
    }
    f.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_the_shortest_digits_and_postgresqls_exponents() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (100.0, "100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1e+15"),
            (-1.25e300, "-1.25e+300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(Value::Float8(value).to_string(), text);
        }
        assert_eq!(Value::Float4(0.1).to_string(), "0.1");
        assert_eq!(Value::Float4(1e6).to_string(), "1e+06");
    }

    #[test]
    fn intervals_and_zones_are_in_postgresqls_style() {
        for (value, text) in [
            (Interval::new(0, 0, 0), "00:00:00"),
            (
                Interval::new(14, 3, 14_706_700_000),
                "1 year 2 mons 3 days 04:05:06.7",
            ),
            (Interval::new(-1, 2, -1), "-1 mons +2 days -00:00:00.000001"),
            (Interval::new(0, -1, 1_000_000), "-1 days +00:00:01"),
        ] {
            assert_eq!(Value::Interval(value).to_string(), text);
        }
        assert_eq!(
            Value::TimeTz(TimeTz::new(0, -19_800)).to_string(),
            "00:00:00-05:30"
        );
        assert_eq!(
            Value::TimestampTz(Timestamp::INFINITY).to_string(),
            "infinity"
        );
    }

    #[test]
    fn a_vector_and_a_shape_are_written_as_the_server_reads_them() {
        assert_eq!(Value::Vector(vec![1.0, -0.5]).to_string(), "[1,-0.5]");
        assert_eq!(Value::Spatial(&[1, 0xab]).to_string(), "01AB");
    }
}
