use std::fmt;
use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{BoxError, ValueError, holds_all};

/// Microseconds of a whole day.
const DAY: i64 = 86_400_000_000;

/// A `TIME`: from `00:00:00` up to and with `24:00:00`, in microseconds.
///
/// Types of the field end a day before `24:00:00`; they are given all other times.
///
/// ```
/// use crdb_exec::TimeOfDay;
///
/// let closing = TimeOfDay::from_microseconds(86_400_000_000);
/// assert_eq!(closing, Some(TimeOfDay::END));
/// assert_eq!(TimeOfDay::END.to_string(), "24:00:00");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// `00:00:00`.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00:00`, the end of the day.
    pub const END: Self = Self(DAY);

    /// The time this many microseconds after midnight; `None` when that is no time of a day.
    #[must_use]
    pub const fn from_microseconds(microseconds: i64) -> Option<Self> {
        if microseconds < 0 || microseconds > DAY {
            return None;
        }
        Some(Self(microseconds))
    }

    /// Microseconds since midnight.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0
    }
}

impl From<TimeOfDay> for Duration {
    fn from(time: TimeOfDay) -> Self {
        Self::from_micros(time.0.unsigned_abs())
    }
}

/// Refuses more than a day, and parts of a microsecond.
impl TryFrom<Duration> for TimeOfDay {
    type Error = ValueError;

    fn try_from(since_midnight: Duration) -> Result<Self, ValueError> {
        i64::try_from(since_midnight.as_micros())
            .ok()
            .and_then(Self::from_microseconds)
            .filter(|time| Duration::from(*time) == since_midnight)
            .ok_or(ValueError::new(
                "a TIME is a whole number of microseconds, a day at most",
            ))
    }
}

/// As the servers print it.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        clock(f, self.0.unsigned_abs())
    }
}

/// `08:05:00.25`, without zeros at the end.
pub(super) fn clock(f: &mut fmt::Formatter<'_>, microseconds: u64) -> fmt::Result {
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

/// Eight bytes of microseconds (`time_send` in PostgreSQL, `writeBinaryDatum` in CockroachDB's pkg/sql/pgwire/types.go).
impl<'a> FromSql<'a> for TimeOfDay {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let microseconds = i64::from_be_bytes(super::exactly(raw, "a TIME")?);
        Self::from_microseconds(microseconds).ok_or_else(|| "a TIME is a day long at most".into())
    }

    fn accepts(sql_type: &Type) -> bool {
        holds_all(sql_type, &Type::TIME)
    }
}

impl ToSql for TimeOfDay {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.put_i64(self.0);
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::TIME
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_within_a_day() {
        assert_eq!(TimeOfDay::from_microseconds(-1), None);
        assert_eq!(TimeOfDay::from_microseconds(DAY + 1), None);
        assert!(TimeOfDay::from_sql(&Type::TIME, &(DAY + 1).to_be_bytes()).is_err());
        assert!(TimeOfDay::try_from(Duration::from_nanos(1)).is_err());
        let time = TimeOfDay::from_microseconds(29_100_250_000).unwrap();
        assert_eq!(time.to_string(), "08:05:00.25");
        assert_eq!(TimeOfDay::try_from(Duration::from(time)), Ok(time));
    }
}
