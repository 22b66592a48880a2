//! Comparing a run with an earlier one.

use crate::report::Record;

/// How one figure has changed since the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// `row case subject metric`.
    pub what: String,
    /// The baseline's median.
    pub before: f64,
    /// This run's median.
    pub now: f64,
    /// Whether the change is larger than the spread of this run's rounds, and the same again for the baseline's.
    pub beyond_noise: bool,
}

/// The changes of every figure that both runs have, the largest first.
///
/// Absolute figures of two runs differ with the machine's mood: compare runs of the same machine, and believe ratios.
#[must_use]
pub fn compare(
    baseline: &[Record],
    run: &[Record],
    spread: impl Fn(&Record) -> f64,
) -> Vec<Change> {
    let mut changes: Vec<Change> = run
        .iter()
        .filter_map(|now| {
            let before = baseline.iter().find(|before| same_figure(before, now))?;
            Some(Change {
                what: format!("{} {} {} {}", now.row, now.case, now.subject, now.metric),
                before: before.value,
                now: now.value,
                beyond_noise: relative(before.value, now.value) > 2.0 * spread(now),
            })
        })
        .collect();
    changes.sort_by(|a, b| relative(b.before, b.now).total_cmp(&relative(a.before, a.now)));
    changes.dedup_by(|a, b| a.what == b.what);
    changes
}

fn same_figure(a: &Record, b: &Record) -> bool {
    a.row == b.row && a.case == b.case && a.subject == b.subject && a.metric == b.metric
}

fn relative(before: f64, now: f64) -> f64 {
    if before == 0.0 {
        0.0
    } else {
        ((now - before) / before).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: f64) -> Record {
        Record {
            row: "P2".to_owned(),
            case: "c".to_owned(),
            subject: "ours".to_owned(),
            peer: None,
            metric: "p50".to_owned(),
            value,
            unit: "us".to_owned(),
            ratio: None,
            target: None,
            met: None,
        }
    }

    #[test]
    fn a_change_within_the_spread_is_noise() {
        let change =
            |spread| compare(&[record(100.0)], &[record(110.0)], |_| spread)[0].beyond_noise;
        assert!(!change(0.06));
        assert!(change(0.04));
    }

    #[test]
    fn figures_that_only_one_run_has_are_left_out() {
        let mut other = record(1.0);
        other.metric = "p99".to_owned();
        assert_eq!(compare(&[other], &[record(1.0)], |_| 0.0), []);
    }
}
