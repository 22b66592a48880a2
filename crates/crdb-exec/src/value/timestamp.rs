use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{BoxError, ValueError, date, holds_all, time_of_day};

/// Microseconds from 1970 to 2000, where the servers begin to count.
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;
const DAY: i64 = 86_400_000_000;

/// A `TIMESTAMPTZ` or a `TIMESTAMP`: a point in time in microseconds, or an infinity.
///
/// Of a TIMESTAMPTZ it is the time in UTC; of a TIMESTAMP it is what the clock shows, as if that were UTC. PostgreSQL has
/// years from 4713 BC to 294276 AD, CockroachDB too. Types of the field have fewer years or no infinities; they refuse the
/// others. The order is that of the servers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than every time.
    pub const INFINITY: Self = Self(i64::MAX);
    /// Earlier than every time.
    pub const NEG_INFINITY: Self = Self(i64::MIN);

    /// The time this many microseconds after 1970-01-01 00:00; `None` beyond what a TIMESTAMP counts.
    #[must_use]
    pub const fn from_unix_microseconds(microseconds: i64) -> Option<Self> {
        match microseconds.checked_sub(MICROSECONDS_TO_2000) {
            None | Some(i64::MAX | i64::MIN) => None,
            Some(microseconds) => Some(Self(microseconds)),
        }
    }

    /// Microseconds since 1970-01-01 00:00; `None` for an infinity.
    #[must_use]
    pub const fn unix_microseconds(self) -> Option<i128> {
        match self.0 {
            i64::MAX | i64::MIN => None,
            microseconds => Some(microseconds as i128 + MICROSECONDS_TO_2000 as i128),
        }
    }
}

/// Refuses the infinities.
impl TryFrom<Timestamp> for SystemTime {
    type Error = ValueError;

    fn try_from(timestamp: Timestamp) -> Result<Self, ValueError> {
        let error = ValueError::new("this time is infinite, or beyond what the system counts");
        let microseconds = timestamp.unix_microseconds().ok_or(error)?;
        let distance = u64::try_from(microseconds.unsigned_abs()).map_err(|_| error)?;
        let distance = Duration::from_micros(distance);
        match microseconds < 0 {
            true => UNIX_EPOCH.checked_sub(distance),
            false => UNIX_EPOCH.checked_add(distance),
        }
        .ok_or(error)
    }
}

/// Refuses what is finer than a microsecond, and what a TIMESTAMP does not count.
impl TryFrom<SystemTime> for Timestamp {
    type Error = ValueError;

    fn try_from(time: SystemTime) -> Result<Self, ValueError> {
        let error = ValueError::new("a TIMESTAMP counts whole microseconds, and has no such year");
        let (distance, is_before) = match time.duration_since(UNIX_EPOCH) {
            Ok(distance) => (distance, false),
            Err(before) => (before.duration(), true),
        };
        let microseconds = i64::try_from(distance.as_micros()).map_err(|_| error)?;
        if distance.subsec_nanos() % 1_000 != 0 {
            return Err(error);
        }
        Self::from_unix_microseconds(if is_before {
            -microseconds
        } else {
            microseconds
        })
        .ok_or(error)
    }
}

/// As the servers print a TIMESTAMP by default: `2024-02-29 08:05:00.25`, `0044-03-15 00:00:00 BC`, `infinity`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            i64::MAX => f.write_str("infinity"),
            i64::MIN => f.write_str("-infinity"),
            microseconds => {
                let days = microseconds.div_euclid(DAY) + MICROSECONDS_TO_2000 / DAY;
                let era = date::day(f, days)?;
                f.write_str(" ")?;
                time_of_day::clock(f, microseconds.rem_euclid(DAY).unsigned_abs())?;
                f.write_str(era)
            }
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

/// Eight bytes of microseconds since 2000, the ends being the infinities (`timestamp_send` in PostgreSQL,
/// `writeBinaryDatum` in CockroachDB's pkg/sql/pgwire/types.go).
impl<'a> FromSql<'a> for Timestamp {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let microseconds = super::exactly(raw, "a TIMESTAMP")?;
        Ok(Self(i64::from_be_bytes(microseconds)))
    }

    fn accepts(sql_type: &Type) -> bool {
        holds_all(sql_type, &Type::TIMESTAMPTZ) || holds_all(sql_type, &Type::TIMESTAMP)
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.put_i64(self.0);
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(*sql_type, Type::TIMESTAMPTZ | Type::TIMESTAMP)
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_servers_do() {
        for (microseconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59.999999"),
            (1_709_193_900_250_000, "2024-02-29 08:05:00.25"),
            (-62_135_596_800_000_001, "0001-12-31 23:59:59.999999 BC"),
        ] {
            let time = Timestamp::from_unix_microseconds(microseconds).unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(time.unix_microseconds(), Some(i128::from(microseconds)));
            let system = SystemTime::try_from(time).unwrap();
            let signed = system.duration_since(UNIX_EPOCH).map_or_else(
                |error| -i128::try_from(error.duration().as_micros()).unwrap(),
                |since| i128::try_from(since.as_micros()).unwrap(),
            );
            assert_eq!(signed, i128::from(microseconds));
        }
        assert!(SystemTime::try_from(Timestamp::INFINITY).is_err());
        for (time, unix) in [
            (UNIX_EPOCH, Some(0)),
            (UNIX_EPOCH + Duration::from_micros(7), Some(7)),
            (UNIX_EPOCH - Duration::from_micros(7), Some(-7)),
            (UNIX_EPOCH + Duration::from_nanos(1), None),
            (UNIX_EPOCH - Duration::from_nanos(1), None),
            (UNIX_EPOCH + Duration::from_secs(10_000_000_000_000), None),
        ] {
            let found = Timestamp::try_from(time).ok();
            assert_eq!(found.and_then(Timestamp::unix_microseconds), unix);
        }
        assert_eq!(Timestamp::NEG_INFINITY.to_string(), "-infinity");
        assert_eq!(Timestamp::from_unix_microseconds(i64::MIN), None);
    }
}
