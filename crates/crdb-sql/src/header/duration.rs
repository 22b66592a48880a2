//! `500ms`, `2s`, `1m30s`, `1h`.

use std::time::Duration;

/// The longest duration that an annotation may name.
const MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Reads a duration of an annotation (`500ms`, `2s`, `1m30s`, `1h`; seven days at most), or says why it is none.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn parse(text: &str) -> Result<Duration, String> {
    let explain = || format!("`{text}` is not a duration such as `500ms`, `2s`, `1m30s` or `1h`");
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(explain());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| explain())?;
        let unit = tail.len()
            - tail
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let (unit, tail) = tail.split_at(unit);
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(explain()),
        };
        total = number
            .checked_mul(millis)
            .and_then(|millis| total.checked_add(Duration::from_millis(millis)))
            .filter(|total| *total <= MAX)
            .ok_or_else(|| format!("`{text}` is longer than seven days"))?;
        rest = tail;
    }
    if total.is_zero() {
        return Err(format!("`{text}` is no time at all"));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
        for bad in [
            "",
            "2",
            "s",
            "2 s",
            "-1s",
            "2d",
            "0s",
            "99999999999999999999s",
            "200h",
            "1s2",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
