use std::fmt;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::BoxError;

/// Days from 1970-01-01 to 2000-01-01, where the servers begin to count.
const DAYS_TO_2000: i32 = 10_957;

/// A `DATE`: a day in the proleptic Gregorian calendar, or an infinity.
///
/// PostgreSQL has days from 4713 BC to 5874897 AD, CockroachDB too. Types of the field have fewer; they refuse the others.
/// The order is that of the servers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// Later than every day.
    pub const INFINITY: Self = Self(i32::MAX);
    /// Earlier than every day.
    pub const NEG_INFINITY: Self = Self(i32::MIN);

    /// The day this many days after 1970-01-01; `None` beyond what a DATE counts.
    #[must_use]
    pub const fn from_unix_days(days: i32) -> Option<Self> {
        match days.checked_sub(DAYS_TO_2000) {
            None | Some(i32::MAX | i32::MIN) => None,
            Some(days) => Some(Self(days)),
        }
    }

    /// Days since 1970-01-01; `None` for an infinity.
    #[must_use]
    pub const fn unix_days(self) -> Option<i64> {
        match self.0 {
            i32::MAX | i32::MIN => None,
            days => Some(days as i64 + DAYS_TO_2000 as i64),
        }
    }
}

/// As the servers print it by default: `2024-02-29`, `0044-03-15 BC`, `infinity`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unix_days(), self.0) {
            (Some(days), _) => {
                let era = day(f, days)?;
                f.write_str(era)
            }
            (None, i32::MAX) => f.write_str("infinity"),
            (None, _) => f.write_str("-infinity"),
        }
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

/// Writes a day, and gives what has to follow it for years before our era.
pub(super) fn day(f: &mut fmt::Formatter<'_>, unix_days: i64) -> Result<&'static str, fmt::Error> {
    // Civil from days: http://howardhinnant.github.io/date_algorithms.html, with years that begin in March.
    let days = unix_days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (year, era) = if year > 0 {
        (year, "")
    } else {
        (1 - year, " BC")
    };
    write!(f, "{year:04}-{month:02}-{day:02}")?;
    Ok(era)
}

/// Four bytes of days since 2000, the ends being the infinities (`date_send` in PostgreSQL, `writeBinaryDatum` in
/// CockroachDB's pkg/sql/pgwire/types.go).
impl<'a> FromSql<'a> for Date {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let days = super::exactly(raw, "a DATE")?;
        Ok(Self(i32::from_be_bytes(days)))
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::DATE
    }
}

impl ToSql for Date {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.put_i32(self.0);
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::DATE
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_the_servers_do() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (-719_162, "0001-01-01"),
            (-719_163, "0001-12-31 BC"),
            (-2_440_588, "4714-11-24 BC"),
            (2_145_042_905, "5874897-12-31"),
        ] {
            let date = Date::from_unix_days(days).unwrap();
            assert_eq!(date.to_string(), text);
            assert_eq!(date.unix_days(), Some(i64::from(days)));
        }
        assert_eq!(Date::INFINITY.to_string(), "infinity");
        assert_eq!(Date::NEG_INFINITY.unix_days(), None);
        assert!(Date::NEG_INFINITY < Date(0) && Date(0) < Date::INFINITY);
        assert_eq!(Date::from_unix_days(i32::MIN), None);
    }
}
