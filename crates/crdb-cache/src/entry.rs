//! An answer that is kept, and whether it may be given.

use crate::clock::Moment;
use crate::feed::Feed;
use crate::observer::MissReason;
use crate::row::StoredRows;
use crate::timestamp::Timestamp;
use crate::token::{CommitToken, ReadAt};
use crdb_exec::CacheRule;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// An answer, and when it was read.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) rows: Arc<StoredRows>,
    pub(crate) read: ReadAt,
    /// Before the load was sent.
    pub(crate) started: Moment,
    /// How old what it read was at that moment, at most.
    pub(crate) lag: Duration,
    /// From this age on it is loaded anew before it is too old.
    pub(crate) refresh_from: Duration,
    pub(crate) refreshed: AtomicBool,
}

/// What a reader asks of an entry.
#[derive(Clone, Copy)]
pub(crate) struct Demand<'a> {
    pub(crate) rule: CacheRule,
    pub(crate) token: CommitToken,
    pub(crate) cache: u64,
    /// The latest invalidation of its tables.
    pub(crate) floor: u64,
    /// What vouches for entries of these tables, and how long ago the tables were known to be unaltered.
    pub(crate) feed: Option<(&'a Feed, &'a [String], Option<Duration>)>,
}

impl Entry {
    /// How long ago what it says was current, at most.
    pub(crate) fn age(&self, now: Moment) -> Duration {
        now.since(self.started).saturating_add(self.lag)
    }

    /// Whether it may be given at any age.
    fn is_valid(&self, demand: &Demand<'_>) -> Result<(), MissReason> {
        if self.read.sequence <= demand.floor {
            Err(MissReason::Invalidated)
        } else if !demand.token.is_seen_by(demand.cache, self.read) {
            Err(MissReason::BelowToken)
        } else {
            Ok(())
        }
    }

    /// Its age, if it may be given.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) fn judge(&self, demand: &Demand<'_>, now: Moment) -> Result<Duration, MissReason> {
        self.is_valid(demand)?;
        let max_age = demand.rule.max_age();
        let age = match demand.feed {
            None => self.age(now),
            Some((feed, tables, verified)) => {
                let age = feed.age(self, tables, now)?;
                // No feed reports an altered table or view.
                match verified {
                    Some(verified) if verified <= max_age => age,
                    _ => self.age(now),
                }
            }
        };
        if age > max_age {
            return Err(MissReason::TooOld);
        }
        Ok(age)
    }

    /// Its age, if it may be given while a newer one cannot be had.
    pub(crate) fn judge_on_error(&self, demand: &Demand<'_>, now: Moment) -> Option<Duration> {
        self.is_valid(demand).ok()?;
        let age = self.age(now);
        (age <= demand.rule.max_age_on_error()).then_some(age)
    }

    /// Whether it is to be loaded anew already: true for one caller at most.
    pub(crate) fn wants_refresh(&self, age: Duration) -> bool {
        age >= self.refresh_from && !self.refreshed.swap(true, Ordering::Relaxed)
    }
}

/// When an entry is loaded anew: after three to four quarters of its life, by chance, so that entries that were loaded together
/// are not loaded together again.
pub(crate) fn refresh_from(max_age: Duration, chance: f64) -> Duration {
    max_age.mul_f64(0.75 + 0.2 * chance.clamp(0.0, 1.0))
}

pub(crate) fn read_at(sequence: u64, timestamp: Timestamp) -> ReadAt {
    ReadAt {
        sequence,
        timestamp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(seconds: u64) -> Moment {
        Moment {
            monotonic: Duration::from_secs(seconds),
            wall: Duration::from_secs(1_000 + seconds),
        }
    }

    fn entry(sequence: u64, started: u64, lag: u64) -> Entry {
        Entry {
            rows: Arc::new(StoredRows::copy::<crate::CachedRow<NoRow>>(&[], 0).unwrap()),
            read: read_at(sequence, Timestamp::from_nanoseconds(started)),
            started: moment(started),
            lag: Duration::from_secs(lag),
            refresh_from: Duration::ZERO,
            refreshed: AtomicBool::new(false),
        }
    }

    struct NoRow;

    impl crdb_exec::Row for NoRow {
        fn len(&self) -> usize {
            0
        }
        fn column(&self, _: usize) -> Option<crdb_exec::Column<'_>> {
            None
        }
        fn value(&self, _: usize) -> Option<&[u8]> {
            None
        }
    }

    proptest! {
        /// An entry is given only while what it read was current no longer ago than the rule allows, and never below an
        /// invalidation or a token.
        #[test]
        fn nothing_older_than_declared_is_given(
            sequence in 1..10_u64, started in 0..20_u64, lag in 0..5_u64, now in 0..40_u64,
            max_age in 1..10_u64, floor in 0..10_u64, seen in 0..10_u64,
        ) {
            let now = now.max(started);
            let demand = Demand {
                rule: CacheRule::new(Duration::from_secs(max_age)).on_error(Duration::from_secs(20)),
                token: CommitToken::local(7, seen, None),
                cache: 7,
                floor,
                feed: None,
            };
            let entry = entry(sequence, started, lag);
            let age = now - started + lag;
            let valid = sequence > floor && sequence > seen;
            prop_assert_eq!(entry.judge(&demand, moment(now)).is_ok(), valid && age <= max_age);
            prop_assert_eq!(entry.judge_on_error(&demand, moment(now)).is_some(), valid && age <= 20);
        }

        #[test]
        fn a_refresh_comes_before_the_end(millis in 1..10_000_000_u64, chance in 0.0..1.0_f64) {
            let max_age = Duration::from_millis(millis);
            let from = refresh_from(max_age, chance);
            prop_assert!(from < max_age && from >= max_age.mul_f64(0.74));
        }
    }

    #[test]
    fn one_caller_refreshes() {
        let entry = entry(1, 0, 0);
        assert!(entry.wants_refresh(Duration::ZERO));
        assert!(!entry.wants_refresh(Duration::ZERO));
    }
}
