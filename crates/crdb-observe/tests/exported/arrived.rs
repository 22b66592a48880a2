//! Reads what has arrived, and holds it against the model.

use std::collections::{BTreeMap, BTreeSet};

use crdb_observe::SCHEMA_URL;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::collector::Arrived;
use crate::model;

pub(crate) fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref())))
        .collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        other => panic!("a value of no known type: {other:?}"),
    }
}

pub(crate) fn names(attributes: &BTreeMap<String, String>) -> BTreeSet<String> {
    attributes.keys().cloned().collect()
}

/// All spans of the layers that have arrived. They are the bank's, and come with the schema.
pub(crate) fn spans(arrived: &Arrived) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource in arrived.traces.iter().flat_map(|sent| &sent.resource_spans) {
        let about = attributes(&resource.resource.as_ref().unwrap().attributes);
        assert_eq!(about["service.name"], "bank");
        assert!(
            about
                .get("service.version")
                .is_none_or(|version| version == "7")
        );
        for scope in &resource.scope_spans {
            if scope.scope.as_ref().unwrap().name == "crdb" {
                assert_eq!(scope.schema_url, SCHEMA_URL);
                spans.extend(scope.spans.iter().cloned());
            }
        }
    }
    spans
}

/// What is wrong with the spans by the model.
pub(crate) fn wrong_spans(spans: &[Span]) -> Vec<String> {
    const CLIENT: i32 = 3;
    const ERROR: i32 = 2;
    let mut wrong = Vec::new();
    for span in spans {
        let given = attributes(&span.attributes);
        let failed = span
            .status
            .as_ref()
            .is_some_and(|status| status.code == ERROR);
        let mut found = if span.kind == CLIENT {
            model::check(&model::SPAN, &model::OWN, &names(&given))
        } else {
            // No call of the database by itself: nothing is required.
            let model = model::SPAN.map(|(name, _)| (name, model::Level::Recommended));
            model::check(&model, &model::OWN, &names(&given))
        };
        if failed != given.contains_key("error.type") {
            found.push("error.type goes with the status".to_owned());
        }
        if given
            .get("db.operation.batch.size")
            .is_some_and(|size| size == "1")
        {
            found.push("a batch of one".to_owned());
        }
        for event in &span.events {
            let model = model::SPAN.map(|(name, _)| (name, model::Level::Recommended));
            let given = names(&attributes(&event.attributes));
            found.extend(model::check(&model, &model::OWN, &given));
        }
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{}: {what}", span.name)),
        );
    }
    wrong
}

/// What is wrong with the metrics by the model, and the names that were seen.
pub(crate) fn wrong_metrics(arrived: &Arrived) -> (Vec<String>, BTreeSet<String>) {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    let scopes = arrived
        .metrics
        .iter()
        .flat_map(|sent| &sent.resource_metrics)
        .flat_map(|resource| &resource.scope_metrics);
    for metric in scopes.flat_map(|scope| {
        assert_eq!(scope.schema_url, SCHEMA_URL);
        &scope.metrics
    }) {
        seen.insert(metric.name.clone());
        let Some(known) = model::METRICS
            .iter()
            .find(|known| known.name == metric.name)
        else {
            wrong.push(format!("{} is not in the model", metric.name));
            continue;
        };
        let (instrument, points): (_, Vec<_>) = match metric.data.as_ref().unwrap() {
            Data::Histogram(data) => (
                "histogram",
                data.data_points
                    .iter()
                    .map(|point| &point.attributes)
                    .collect(),
            ),
            Data::Sum(data) => (
                if data.is_monotonic {
                    "counter"
                } else {
                    "updowncounter"
                },
                data.data_points
                    .iter()
                    .map(|point| &point.attributes)
                    .collect(),
            ),
            _ => ("another", Vec::new()),
        };
        if (instrument, metric.unit.as_str()) != (known.instrument, known.unit) {
            wrong.push(format!("{}: {instrument} in {}", metric.name, metric.unit));
        }
        for point in points {
            let found = model::check(known.attributes, &[], &names(&attributes(point)));
            wrong.extend(
                found
                    .into_iter()
                    .map(|what| format!("{}: {what}", metric.name)),
            );
        }
    }
    (wrong, seen)
}

pub(crate) fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found
        .next()
        .unwrap_or_else(|| panic!("no span {name} in {spans:#?}"));
    assert!(found.next().is_none(), "several spans {name}");
    span
}
