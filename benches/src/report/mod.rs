//! How results are shown: a table for people, JSON lines for machines, a page with plots for the docs.

mod json;
mod page;
mod plot;
mod table;

pub use json::{Record, read_records, records, write_records};
pub use page::{Machine, RowResult, page, plot_file};
pub use plot::plot;
#[cfg(test)]
pub(crate) use sample::example;
pub use table::table;

/// Prints a figure with three significant digits or none behind the point, whichever is more.
pub(crate) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod sample {
    use crate::{
        case::{Bound, Metric, Role, Sample, Target},
        runner::{CaseResult, SubjectResult},
        verdict::judge,
    };

    /// A case in which ours takes half of the peer's time.
    pub(crate) fn example() -> CaseResult {
        let subject = |name, role, p50: f64| SubjectResult {
            name,
            role,
            settings: format!("{name} at its best"),
            samples: vec![Sample::new().with("p50", p50); 5],
            processor_seconds: vec![0.1; 5],
            resident_mebibytes: vec![20.0; 5],
        };
        let target = Target {
            subject: "ours",
            metric: "p50",
            bound: Bound::RatioAtMost("peer", 1.0),
        };
        CaseResult {
            row: "P2",
            case: "one statement at a time".to_owned(),
            metrics: vec![Metric::lower("p50", "us")],
            subjects: vec![
                subject("ours", Role::Ours, 50.0),
                subject("peer", Role::Peer, 100.0),
            ],
            judgements: judge(target, &[50.0; 5], Some(&[100.0; 5]))
                .into_iter()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_have_three_significant_digits() {
        assert_eq!(figure(12_345.6), "12346");
        assert_eq!(figure(12.34), "12.3");
        assert_eq!(figure(1.234), "1.23");
        assert_eq!(figure(0.1234), "0.123");
        assert_eq!(figure(f64::NAN), "-");
    }
}
