//! Durations as people write them: a number and its unit.

use std::time::Duration;

const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

/// `500ms`, `10s`, `1.5h`. A number without a unit is refused: nobody can tell what it means.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let (_, nanoseconds) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) || fraction.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(*nanoseconds)?;
    let fraction = if fraction.is_empty() {
        0
    } else {
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        u64::try_from(fraction.parse::<u128>().ok()? * u128::from(*nanoseconds) / scale).ok()?
    };
    Some(Duration::from_nanos(whole.checked_add(fraction)?))
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
        .find(|(_, unit)| nanoseconds.is_multiple_of(u128::from(*unit)))
        .unwrap_or(&UNITS[0]);
    format!("{}{name}", nanoseconds / u128::from(*unit))
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
            ("1h30m", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
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
        assert_eq!(write(Duration::from_millis(1_000)), "1s");
        assert_eq!(write(Duration::from_secs(90)), "90s");
        assert_eq!(write(Duration::from_secs(3_600)), "1h");
    }
}
