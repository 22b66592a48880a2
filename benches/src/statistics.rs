//! Medians and spreads of a handful of rounds: pure functions.

/// The median and the quartiles of some rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Half of the rounds are at or below this.
    pub median: f64,
    /// A quarter of the rounds are at or below this.
    pub lower_quartile: f64,
    /// Three quarters of the rounds are at or below this.
    pub upper_quartile: f64,
    /// Where the median of endlessly many rounds lies, at a confidence of 95 %: between these two of the rounds (the
    /// interval of the sign test, which assumes no distribution). With five rounds or fewer, between their extremes.
    pub median_within: (f64, f64),
    /// How many rounds there were.
    pub rounds: usize,
}

impl Summary {
    /// Summarises `values`; `None` where there is none, or one is not a number.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| value.is_nan()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5),
            lower_quartile: quantile(&sorted, 0.25),
            upper_quartile: quantile(&sorted, 0.75),
            median_within: median_within(&sorted),
            rounds: sorted.len(),
        })
    }

    /// The distance between the quartiles as a fraction of the median; 0 where the median is 0.
    #[must_use]
    pub fn spread(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.upper_quartile - self.lower_quartile) / self.median.abs()
    }
}

/// The ratios of two subjects, round by round, so that a drift of the machine cancels out.
///
/// Rounds that only one subject has, or in which the peer's value is 0, are left out.
#[must_use]
pub fn paired_ratios(subject: &[f64], peer: &[f64]) -> Vec<f64> {
    subject
        .iter()
        .zip(peer)
        .filter(|(_, peer)| **peer != 0.0)
        .map(|(subject, peer)| subject / peer)
        .collect()
}

/// The narrowest pair of rounds, counted from both ends, outside of which the median lies with a probability of 5 % at most.
fn median_within(sorted: &[f64]) -> (f64, f64) {
    let count = sorted.len();
    let mut cut = 0;
    // Of exactly so many rounds below the median as are looked at next, and of at most so many on either side of it.
    let mut exactly = 0.5_f64.powi(count.try_into().unwrap_or(i32::MAX));
    let mut outside = 2.0 * exactly;
    loop {
        exactly *= (count - cut) as f64 / (cut + 1) as f64;
        outside += 2.0 * exactly;
        if outside > 0.05 {
            return (sorted[cut], sorted[count - 1 - cut]);
        }
        cut += 1;
    }
}

fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let position = fraction * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_median_of_five_is_the_third() {
        let summary = Summary::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).expect("five values");
        assert_eq!(
            (
                summary.lower_quartile,
                summary.median,
                summary.upper_quartile
            ),
            (2.0, 3.0, 4.0)
        );
    }

    /// Table of the sign test's intervals, for example Conover, Practical Nonparametric Statistics, section 3.2.
    #[test]
    fn the_median_lies_between_the_rounds_of_the_sign_test() {
        let within = |count: u32| {
            let values: Vec<f64> = (1..=count).map(f64::from).collect();
            Summary::of(&values).expect("values").median_within
        };
        assert_eq!(within(1), (1.0, 1.0));
        assert_eq!(within(5), (1.0, 5.0));
        assert_eq!(within(6), (1.0, 6.0));
        assert_eq!(within(9), (2.0, 8.0));
        assert_eq!(within(25), (8.0, 18.0));
        assert_eq!(within(45), (16.0, 30.0));
    }

    #[test]
    fn nothing_has_no_summary() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[f64::NAN]), None);
    }

    #[test]
    fn a_drift_of_the_machine_cancels_out_of_paired_ratios() {
        let ratios = paired_ratios(&[10.0, 20.0, 40.0], &[20.0, 40.0, 80.0]);
        assert_eq!(ratios, [0.5, 0.5, 0.5]);
    }

    proptest! {
        #[test]
        fn the_median_lies_between_the_quartiles(values in prop::collection::vec(-1e9..1e9f64, 1..50)) {
            let summary = Summary::of(&values).expect("values");
            prop_assert!(summary.lower_quartile <= summary.median);
            prop_assert!(summary.median <= summary.upper_quartile);
        }
    }
}
