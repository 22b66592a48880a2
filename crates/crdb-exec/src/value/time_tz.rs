use std::error::Error as StdError;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// Microseconds of a whole day.
const DAY: i64 = 86_400_000_000;
/// Offsets are below 16 hours (`MAX_TZDISP_HOUR` in PostgreSQL's src/include/datatype/timestamp.h).
const OFFSET_LIMIT: u32 = 16 * 3_600;

/// A `TIMETZ`: a time of day and the offset of its zone.
///
/// Values that no server has, beyond a day or 16 hours of offset, are refused when they are read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeTz {
    /// Microseconds since midnight, up to and with 24:00.
    pub microseconds: i64,
    /// Seconds that the zone is ahead of UTC: 7,200 for `+02`, negative in the west.
    pub offset: i32,
}

impl TimeTz {
    /// The time this many microseconds after midnight, in a zone this many seconds ahead of UTC.
    #[must_use]
    pub const fn new(microseconds: i64, offset: i32) -> Self {
        Self {
            microseconds,
            offset,
        }
    }

    fn checked(self) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        match (0..=DAY).contains(&self.microseconds) && self.offset.unsigned_abs() < OFFSET_LIMIT {
            true => Ok(self),
            false => Err("a TIMETZ is within a day, its offset below 16 hours".into()),
        }
    }
}

/// Eight bytes of microseconds, then four of seconds *behind* UTC (`timetz_send` in PostgreSQL, `writeBinaryDatum` in
/// CockroachDB's pkg/sql/pgwire/types.go).
impl<'a> FromSql<'a> for TimeTz {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        let [a, b, c, d, e, f, g, h, zone @ ..] = super::exactly::<12>(raw, "a TIMETZ")?;
        let microseconds = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let offset = i32::from_be_bytes(zone).saturating_neg();
        Self::new(microseconds, offset).checked()
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::TIMETZ
    }
}

impl ToSql for TimeTz {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let time = self.checked()?;
        out.put_i64(time.microseconds);
        out.put_i32(-time.offset);
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::TIMETZ
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_as_it_was_sent() {
        for time in [TimeTz::new(0, 0), TimeTz::new(86_400_000_000, -57_540)] {
            let mut bytes = BytesMut::new();
            time.to_sql(&Type::TIMETZ, &mut bytes).unwrap();
            assert_eq!(TimeTz::from_sql(&Type::TIMETZ, &bytes).unwrap(), time);
        }
        assert!(TimeTz::from_sql(&Type::TIMETZ, &[0; 16]).is_err());
        for time in [
            TimeTz::new(-1, 0),
            TimeTz::new(86_400_000_001, 0),
            TimeTz::new(0, i32::MIN),
        ] {
            assert!(
                time.to_sql(&Type::TIMETZ, &mut BytesMut::new()).is_err(),
                "{time:?}"
            );
        }
    }
}
