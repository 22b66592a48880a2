//! Quantiles of times, in a fixed number of counters.

use std::time::Duration;

/// Counters between a time and its double: what a quantile is too high by at most is a part of the time, 1/16.
const STEPS: u64 = 16;

/// Times are counted in units of this.
const UNIT: u128 = 1_000;

/// Microseconds of about an hour: what takes longer counts as that.
const LONGEST: u64 = (1 << 32) - 1;

/// Below `2 * STEPS` each unit has its counter, above it each doubling has `STEPS`.
const COUNTERS: usize = ((32 - 3) * STEPS) as usize;

/// Counts times by their size.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    counters: Box<[u32; COUNTERS]>,
    count: u64,
}

impl Default for Quantiles {
    fn default() -> Self {
        Self {
            counters: Box::new([0; COUNTERS]),
            count: 0,
        }
    }
}

/// The counter for a time in microseconds.
fn index(micros: u64) -> usize {
    let micros = micros.min(LONGEST);
    if micros < STEPS {
        return micros as usize;
    }
    // How often it has to be halved until it is below twice the steps, and at least the steps.
    let halvings = u64::from(63 - micros.leading_zeros()) - 4;
    (halvings * STEPS + (micros >> halvings)) as usize
}

/// The longest time that a counter counts, in microseconds.
fn longest(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * STEPS {
        return index;
    }
    let halvings = index / STEPS - 1;
    (((index % STEPS) + STEPS + 1) << halvings) - 1
}

impl Quantiles {
    /// Counts one.
    pub(super) fn add(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_nanos().div_ceil(UNIT)).unwrap_or(LONGEST);
        if let Some(counter) = self.counters.get_mut(index(micros)) {
            *counter = counter.saturating_add(1);
            self.count += 1;
        }
    }

    /// The time that this part of what was counted does not exceed; zero where nothing was.
    pub(super) fn quantile(&self, part: f64) -> Duration {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank may be off by one in 2^53"
        )]
        let rank = ((self.count as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, counter) in self.counters.iter().enumerate() {
            seen += u64::from(*counter);
            if seen >= rank {
                return Duration::from_micros(longest(index));
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_counter_is_used_and_none_is_missing() {
        assert_eq!(index(LONGEST), COUNTERS - 1);
        for counter in 0..COUNTERS {
            assert_eq!(index(longest(counter)), counter);
            if counter + 1 < COUNTERS {
                assert_eq!(index(longest(counter) + 1), counter + 1);
            }
        }
    }

    proptest! {
        #[test]
        fn a_quantile_is_never_too_low_and_seven_percent_too_high_at_most(
            mut micros in prop::collection::vec(1_u64..LONGEST, 1..200),
            part in 0.01_f64..1.0,
        ) {
            let mut quantiles = Quantiles::default();
            for micros in &micros {
                quantiles.add(Duration::from_micros(*micros));
            }
            micros.sort_unstable();
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let rank = ((micros.len() as f64 * part).ceil() as usize).max(1);
            let exact = micros[rank - 1];
            let found = u64::try_from(quantiles.quantile(part).as_micros()).unwrap_or_default();
            prop_assert!(found >= exact, "{found} < {exact}");
            prop_assert!(found <= exact + exact / 15, "{found} > {exact}");
        }
    }

    #[test]
    fn nothing_counted_is_zero() {
        assert_eq!(Quantiles::default().quantile(0.5), Duration::ZERO);
    }
}
