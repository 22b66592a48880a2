//! Durations as people write them: a number and its unit.

use std::time::Duration;

const UNITS: [(&str, u128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

/// `500ms`, `10s`, `1.5h`, `1m30s`: the larger units first, as in the headers of queries. A number without a unit is refused:
/// the reader cannot tell what it means.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u128;
    let mut above = u128::MAX;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(unit_at);
        // A blank may stand before the first unit: `10 s`.
        let tail = if total == 0 { tail.trim_start() } else { tail };
        let end = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, behind) = tail.split_at(end);
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *unit >= above {
            return None;
        }
        total = total.checked_add(nanoseconds(number, *unit)?)?;
        (above, rest) = (*unit, behind);
    }
    if above == u128::MAX {
        return None;
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    let nanoseconds = u32::try_from(total % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, nanoseconds))
}

/// A number with or without a fraction, in this unit.
fn nanoseconds(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) || fraction.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u128>().ok()?.checked_mul(unit)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    whole.checked_add(fraction.parse::<u128>().ok()?.checked_mul(unit)? / scale)
}

/// The shortest exact form, in the largest unit that divides the duration.
pub(super) fn write(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let (name, unit) = UNITS
        .iter()
        .rev()
        .find(|(_, unit)| nanoseconds.is_multiple_of(*unit))
        .unwrap_or(&UNITS[0]);
    format!("{}{name}", nanoseconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_units_only() {
        for (text, expected) in [
            ("500ms", Some(Duration::from_millis(500))),
            (" 10s ", Some(Duration::from_secs(10))),
            ("10 s", Some(Duration::from_secs(10))),
            ("1.5h", Some(Duration::from_secs(5_400))),
            ("0s", Some(Duration::ZERO)),
            ("5m", Some(Duration::from_secs(300))),
            ("1d", Some(Duration::from_secs(86_400))),
            ("10", None),
            ("10.s", None),
            (".5s", None),
            ("s", None),
            ("", None),
            ("-1s", None),
            ("1 fortnight", None),
            ("1m30s", Some(Duration::from_secs(90))),
            ("1h30m", Some(Duration::from_secs(5_400))),
            ("1d12h0.5s", Some(Duration::new(129_600, 500_000_000))),
            ("30s1m", None),
            ("1m1m", None),
            ("1m 30s", None),
            ("1m30", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
            ("18446744073709551615999999999ns", Some(Duration::MAX)),
            ("18446744073709551616s", None),
            ("1.0000000000000s", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["1ns", "1us", "500ms", "10s", "90s", "5m", "36h", "1d", "0s"] {
            let duration = parse(text).unwrap();
            assert_eq!(parse(&write(duration)), Some(duration));
        }
        assert_eq!(parse(&write(Duration::MAX)), Some(Duration::MAX));
        assert_eq!(write(Duration::from_millis(1_000)), "1s");
        assert_eq!(write(Duration::from_secs(90)), "90s");
        assert_eq!(write(Duration::from_secs(3_600)), "1h");
    }
}
