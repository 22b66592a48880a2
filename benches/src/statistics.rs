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
