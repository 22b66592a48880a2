use std::error::Error as StdError;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// An `INTERVAL`: months, days and microseconds, which are kept apart because a month has no fixed number of days and a day
/// no fixed number of hours.
///
/// The server compares intervals by their length; this type compares field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Whole months, of any sign.
    pub months: i32,
    /// Whole days, of any sign.
    pub days: i32,
    /// Microseconds, of any sign; may be more than a day.
    pub microseconds: i64,
}

impl Interval {
    /// An interval of these months, days and microseconds.
    #[must_use]
    pub const fn new(months: i32, days: i32, microseconds: i64) -> Self {
        Self {
            months,
            days,
            microseconds,
        }
    }
}

/// Eight bytes of microseconds, four of days, four of months (`interval_send` in PostgreSQL, `writeBinaryDatum` in
/// CockroachDB's pkg/sql/pgwire/types.go).
impl<'a> FromSql<'a> for Interval {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        let [a, b, c, d, e, f, g, h, i, j, k, l, months @ ..] =
            super::exactly::<16>(raw, "an INTERVAL")?;
        Ok(Self {
            months: i32::from_be_bytes(months),
            days: i32::from_be_bytes([i, j, k, l]),
            microseconds: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
        })
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::INTERVAL
    }
}

impl ToSql for Interval {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        out.put_i64(self.microseconds);
        out.put_i32(self.days);
        out.put_i32(self.months);
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::INTERVAL
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_comes_back_as_it_was_sent() {
        for interval in [
            Interval::new(0, 0, 0),
            Interval::new(-1, 2, -3),
            Interval::new(i32::MIN, i32::MAX, i64::MIN),
        ] {
            let mut bytes = BytesMut::new();
            interval.to_sql(&Type::INTERVAL, &mut bytes).unwrap();
            assert_eq!(
                Interval::from_sql(&Type::INTERVAL, &bytes).unwrap(),
                interval
            );
        }
        let short = Interval::from_sql(&Type::INTERVAL, &[0; 15]).unwrap_err();
        assert_eq!(short.to_string(), "an INTERVAL is 16 bytes long, not 15");
    }
}
