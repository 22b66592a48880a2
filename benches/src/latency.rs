//! Percentiles of many latencies.

use std::time::Duration;

use crate::case::Sample;

/// The median and the 99th percentile, in microseconds, as the metrics `p50` and `p99`; without latencies there are
/// none.
#[must_use]
pub fn percentiles(mut microseconds: Vec<f64>) -> Sample {
    microseconds.sort_by(f64::total_cmp);
    let at = |fraction: f64| {
        let last = microseconds.len().checked_sub(1)?;
        // Both are small enough to be exact.
        microseconds
            .get((last as f64 * fraction).round() as usize)
            .copied()
    };
    match (at(0.5), at(0.99)) {
        (Some(p50), Some(p99)) => Sample::new().with("p50", p50).with("p99", p99),
        _ => Sample::new(),
    }
}

/// A duration as the metrics have it.
#[must_use]
pub fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred() {
        let sample = percentiles((1..=101).rev().map(f64::from).collect());
        assert_eq!(sample.get("p50"), Some(51.0));
        assert_eq!(sample.get("p99"), Some(100.0));
        assert_eq!(percentiles(Vec::new()), Sample::new());
    }
}
