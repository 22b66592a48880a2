//! Times that their own type would send as others. The same stands in crdb-wire, which this crate does not know; `cargo xtask tidy`
//! compares them.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};

use postgres_types::{Kind, ToSql, Type};

/// The seconds from 1970 to 2000, where the servers count from.
const EPOCH: i64 = 946_684_800;

/// So many seconds have fewer microseconds than 64 bits hold, and those that do stand for infinity.
const MOST: u64 = 9_223_372_036_853;

/// How its `Debug` begins.
const NAME: &str = "SystemTime { tv_sec: ";

/// Refuses a `SystemTime` that 64 bits of microseconds do not hold, also in an `Option`, a list or an array.
///
/// Its own `ToSql` multiplies without looking: beyond the years 290,000 BC and 294,000 another time would be sent, in debug builds it
/// panics. A parameter gives nothing of its value but its `Debug`; where that is written in another way nothing is refused.
///
/// # Errors
/// The time would be sent as another one.
pub fn check_time(
    value: &(impl ToSql + ?Sized),
    sql_type: &Type,
) -> Result<(), Box<dyn StdError + Sync + Send>> {
    let member = match sql_type.kind() {
        Kind::Array(member) => member,
        _ => sql_type,
    };
    if !matches!(*member, Type::TIMESTAMP | Type::TIMESTAMPTZ) {
        return Ok(());
    }
    let mut seen = Seen::default();
    // It fails by stopping early: what is no `SystemTime` is not looked at to its end.
    write!(seen, "{value:?}").ok();
    let mut rest = seen.text.as_str();
    while let Some((_, time)) = rest.split_once(NAME) {
        let (seconds, behind) = time.split_once(',').unwrap_or((time, ""));
        rest = behind;
        if let Ok(seconds) = seconds.parse::<i64>()
            && seconds.saturating_sub(EPOCH).unsigned_abs() > MOST
        {
            return Err("it is a SystemTime that a TIMESTAMP has no room for, and would be sent as another one".into());
        }
    }
    Ok(())
}

/// A text of times, as far as it is one.
#[derive(Default)]
struct Seen {
    text: String,
}

impl fmt::Write for Seen {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.text.push_str(part);
        let begun = self.text.trim_start_matches(['[', '(', '\n', ' ']);
        let begun = begun.strip_prefix("Some").unwrap_or(begun);
        let begun = begun.trim_start_matches(['(', '\n', ' ']);
        let length = begun.len().min(NAME.len());
        match begun.get(..length) == NAME.get(..length)
            || begun.starts_with("None")
            || "Some".starts_with(begun)
            || "None".starts_with(begun)
        {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn refused(value: &dyn ToSql, sql_type: &Type) -> bool {
        check_time(value, sql_type).is_err()
    }

    #[test]
    fn a_time_that_does_not_fit_is_refused_wherever_it_stands() {
        let last = UNIX_EPOCH + Duration::from_secs(EPOCH.unsigned_abs() + MOST);
        let far = last + Duration::from_secs(1);
        let farther = UNIX_EPOCH + Duration::from_secs(1 << 62);
        let first = UNIX_EPOCH - Duration::from_secs(MOST - EPOCH.unsigned_abs());
        let before = first - Duration::from_secs(1);
        for time in [last, first, SystemTime::now(), UNIX_EPOCH] {
            assert!(!refused(&time, &Type::TIMESTAMPTZ), "{time:?}");
            assert!(!refused(&vec![None, Some(time)], &Type::TIMESTAMPTZ_ARRAY));
        }
        for time in [far, farther, before] {
            assert!(refused(&time, &Type::TIMESTAMPTZ), "{time:?}");
            assert!(refused(&time, &Type::TIMESTAMP));
            assert!(refused(&Some(time), &Type::TIMESTAMP));
            assert!(refused(
                &[UNIX_EPOCH, time].as_slice(),
                &Type::TIMESTAMP_ARRAY
            ));
            assert!(refused(&vec![None, Some(time)], &Type::TIMESTAMPTZ_ARRAY));
        }
        assert!(!refused(&"SystemTime { tv_sec: 9e30", &Type::TEXT));
        assert!(!refused(&None::<SystemTime>, &Type::TIMESTAMP));
        assert!(!refused(&7_i64, &Type::TIMESTAMP));
    }
}
