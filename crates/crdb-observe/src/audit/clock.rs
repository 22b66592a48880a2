//! The time of an entry.

use chrono::{DateTime, Utc};

/// Writes times as RFC 3339 has them, in UTC with microseconds. What is the same for all of a second is written once.
#[derive(Default)]
pub(super) struct Clock {
    second: Option<i64>,
    /// The time up to the second.
    text: String,
}

impl Clock {
    /// `2026-11-30T22:17:05.123456Z`.
    pub(super) fn text(&mut self, time: DateTime<Utc>) -> String {
        let second = Some(time.timestamp());
        if self.second != second {
            self.second = second;
            self.text = time.format("%Y-%m-%dT%H:%M:%S").to_string();
        }
        format!("{}.{:06}Z", self.text, time.timestamp_subsec_micros())
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_writes_what_chrono_writes(
            times in prop::collection::vec((1_700_000_000_i64..1_700_000_003, 0_u32..1_000_000_000), 1..20),
            later in 0_i64..250_000_000_000,
        ) {
            let mut clock = Clock::default();
            for (second, nanosecond) in times.into_iter().chain([(later, 7_000)]) {
                let time = DateTime::from_timestamp(second, nanosecond).unwrap();
                prop_assert_eq!(clock.text(time), time.to_rfc3339_opts(SecondsFormat::Micros, true));
            }
        }
    }
}
