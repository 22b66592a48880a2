//! OpenMetrics text as OTLP, by OpenTelemetry's
//! [mapping](https://github.com/open-telemetry/opentelemetry-specification/blob/main/specification/compatibility/prometheus_and_openmetrics.md).

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
};

/// The labels of a sample, in order.
type Labels = Vec<(String, String)>;

/// When the values began to be counted, and when they were read: nanoseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) began: u64,
    pub(super) read: u64,
}

/// A metric family while its lines are read.
#[derive(Default)]
struct Family {
    name: String,
    kind: String,
    unit: String,
    help: String,
    numbers: Vec<(Labels, f64)>,
    histograms: BTreeMap<Labels, Buckets>,
}

#[derive(Default)]
struct Buckets {
    /// Upper bounds and how many values lie at or below each.
    cumulative: Vec<(f64, u64)>,
    sum: f64,
    count: u64,
}

/// The metrics of a text that this crate has rendered.
pub(super) fn metrics(text: &str, span: Span) -> Vec<Metric> {
    let mut metrics = Vec::new();
    let mut family = Family::default();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (Some(word), Some(name)) = (words.next(), words.next()) else {
                continue;
            };
            let rest = words.next().unwrap_or_default().to_owned();
            if name != family.name {
                metrics.extend(std::mem::take(&mut family).finish(span));
                family.name = name.to_owned();
            }
            match word {
                "TYPE" => family.kind = rest,
                "UNIT" => family.unit = rest,
                "HELP" => family.help = rest,
                _ => {}
            }
        } else if let Some((name, labels, value)) = sample(line) {
            family.add(name, labels, value);
        }
    }
    metrics.extend(family.finish(span));
    metrics
}

impl Family {
    fn add(&mut self, name: &str, mut labels: Labels, value: f64) {
        let suffix = name.strip_prefix(self.name.as_str()).unwrap_or_default();
        if self.kind != "histogram" {
            self.numbers.push((labels, value));
            return;
        }
        let bound = labels.iter().position(|(name, _)| name == "le");
        let bound = bound.map(|at| labels.remove(at).1);
        let buckets = self.histograms.entry(labels).or_default();
        // Counts in the text are whole numbers.
        match (suffix, bound) {
            ("_sum", _) => buckets.sum = value,
            ("_count", _) => buckets.count = value as u64,
            ("_bucket", Some(bound)) => {
                let bound = bound.parse().unwrap_or(f64::INFINITY);
                buckets.cumulative.push((bound, value as u64));
            }
            _ => {}
        }
    }

    /// The metric, if there is anything to send.
    fn finish(self, span: Span) -> Option<Metric> {
        let temporality = AggregationTemporality::Cumulative as i32;
        let data = match self.kind.as_str() {
            _ if self.numbers.is_empty() && self.histograms.is_empty() => return None,
            "histogram" => Data::Histogram(Histogram {
                data_points: self
                    .histograms
                    .into_iter()
                    .map(|(labels, buckets)| buckets.point(labels, span))
                    .collect(),
                aggregation_temporality: temporality,
            }),
            "counter" => Data::Sum(Sum {
                data_points: numbers(self.numbers, span),
                aggregation_temporality: temporality,
                is_monotonic: true,
            }),
            _ => Data::Gauge(Gauge {
                data_points: numbers(self.numbers, span),
            }),
        };
        Some(Metric {
            name: self.name,
            description: self.help,
            unit: match self.unit.as_str() {
                "seconds" => "s".to_owned(),
                "bytes" => "By".to_owned(),
                _ => self.unit,
            },
            data: Some(data),
            ..Metric::default()
        })
    }
}

impl Buckets {
    fn point(self, labels: Labels, span: Span) -> HistogramDataPoint {
        let mut below = 0;
        let mut bucket_counts = Vec::with_capacity(self.cumulative.len());
        for (_, count) in &self.cumulative {
            bucket_counts.push(count.saturating_sub(below));
            below = *count;
        }
        HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: span.began,
            time_unix_nano: span.read,
            count: self.count,
            sum: Some(self.sum),
            bucket_counts,
            // The last bucket has no bound in OTLP.
            explicit_bounds: self
                .cumulative
                .iter()
                .map(|(bound, _)| *bound)
                .filter(|bound| bound.is_finite())
                .collect(),
            ..HistogramDataPoint::default()
        }
    }
}

fn numbers(numbers: Vec<(Labels, f64)>, span: Span) -> Vec<NumberDataPoint> {
    numbers
        .into_iter()
        .map(|(labels, value)| NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: span.began,
            time_unix_nano: span.read,
            value: Some(Value::AsDouble(value)),
            ..NumberDataPoint::default()
        })
        .collect()
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    labels
        .into_iter()
        .map(|(key, value)| pair(key, value))
        .collect()
}

/// An attribute with a string.
pub(super) fn pair(key: String, value: String) -> KeyValue {
    KeyValue {
        key,
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value)),
        }),
        ..KeyValue::default()
    }
}

/// A line's name, labels and value.
fn sample(line: &str) -> Option<(&str, Labels, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    // An exemplar or a time may follow.
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some((name, labels, value))
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches(',');
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        loop {
            match chars.next()?.1 {
                '"' => break,
                '\\' => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    escaped => escaped,
                }),
                char => value.push(char),
            }
        }
        labels.push((name.to_owned(), value));
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span { began: 1, read: 2 };

    #[test]
    fn a_label_holds_whatever_stands_between_its_quotes() {
        let line = r#"t{a="x,y=\"}\\\n",b=""} 3"#;
        let (name, labels, value) = sample(line).unwrap();
        assert_eq!((name, value), ("t", 3.0));
        let expected = [("a", "x,y=\"}\\\n"), ("b", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(labels, expected);
        assert_eq!(sample("t 1.5"), Some(("t", Vec::new(), 1.5)));
        for broken in ["", "t", "t{", "t{a", "t{a=\"", "t{a=\"\\", "t{a=\"b\"} x"] {
            assert_eq!(sample(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_histogram_has_counts_between_its_bounds() {
        let text = "# HELP h How long.\n# TYPE h histogram\n# UNIT h seconds\nh_sum{q=\"a\"} 5.5\n\
                    h_count{q=\"a\"} 4\nh_bucket{le=\"1.0\",q=\"a\"} 1\nh_bucket{le=\"2.0\",q=\"a\"} 3\n\
                    h_bucket{le=\"+Inf\",q=\"a\"} 4\n# EOF\n";
        let [metric] = metrics(text, SPAN).try_into().unwrap();
        assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("h", "s"));
        let Some(Data::Histogram(histogram)) = metric.data else {
            panic!("no histogram");
        };
        let [point] = histogram.data_points.try_into().unwrap();
        assert_eq!(point.explicit_bounds, [1.0, 2.0]);
        assert_eq!(point.bucket_counts, [1, 2, 1]);
        assert_eq!((point.count, point.sum), (4, Some(5.5)));
        assert_eq!(point.attributes, [pair("q".to_owned(), "a".to_owned())]);
    }
}
