//! The little of DER that is read here: of certificates, and of a KDC's answers.

use std::time::{Duration, SystemTime};

/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: u64 = 719_468;

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;

/// The content of the DER element at the start, which must have this tag, and what follows it.
pub(crate) fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    if found != tag {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        let length = bytes
            .iter()
            .fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
        (length, rest)
    };
    rest.split_at_checked(length)
}

/// The element at the start with its tag and length, and what follows it.
pub(crate) fn whole(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (_, rest) = element(der, tag)?;
    der.split_at_checked(der.len() - rest.len())
}

/// The time at the start, of either form (RFC 5280, 4.1.2.5), and what follows it.
pub(crate) fn time_element(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    if let Some((text, rest)) = element(der, UTC_TIME) {
        let year = number(text.get(..2)?)?;
        // RFC 5280, 4.1.2.5.1: 50 to 99 are of the twentieth century.
        let year = year + if year < 50 { 2000 } else { 1900 };
        Some((time(year, text.get(2..)?)?, rest))
    } else {
        let (text, rest) = element(der, GENERALIZED_TIME)?;
        Some((generalized_time(text)?, rest))
    }
}

/// `2026-11-28 14:55:00 UTC`, of a time from 1970 on.
pub(crate) fn date(time: SystemTime) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    // Years are counted from March, as in `time` below, in eras of 400 years.
    let days = seconds / 86_400 + EPOCH;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (era * 400 + year_of_era, month + 3)
    } else {
        (era * 400 + year_of_era + 1, month - 9)
    };
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `YYYYMMDDHHMMSSZ` of a year from 1970.
pub(crate) fn generalized_time(text: &[u8]) -> Option<SystemTime> {
    time(number(text.get(..4)?)?, text.get(4..)?)
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// `MMDDHHMMSSZ` of a year from 1970.
fn time(year: u64, text: &[u8]) -> Option<SystemTime> {
    let part = |at: usize| number(text.get(at..at + 2)?);
    let (month, day) = (part(0)?, part(2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years are counted from March, so that a leap day is a year's last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1;
    let seconds = (days - EPOCH) * 86_400 + part(4)? * 3600 + part(6)? * 60 + part(8)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_written_as_people_write_them() {
        let at = |seconds| date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[0-9]{0,16}") {
            let _ = time_element(&bytes);
            let _ = time(2000, text.as_bytes());
        }

        #[test]
        fn dates_go_both_ways(seconds in 0_u64..253_402_300_799) {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let digits: String = date(at).chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(generalized_time(format!("{digits}Z").as_bytes()), Some(at));
        }
    }
}
