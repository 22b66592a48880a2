//! Spans of many threads: how they are gathered, and what becomes of those that do not arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crdb_observe::otlp::Otlp;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry::{InstrumentationScope, KeyValue};

use crate::arrived::attributes;
use crate::collector::Collector;
use crate::otlp;

/// Ends this many spans on each of four threads, half of them of another scope.
fn end_spans(otlp: &Otlp, each: usize) {
    let scope = InstrumentationScope::builder("service")
        .with_version("7")
        .with_schema_url("https://example.test/schema")
        .with_attributes([KeyValue::new("team", "payments")])
        .build();
    let tracers = [
        otlp.tracers().tracer("first"),
        otlp.tracers().tracer_with_scope(scope),
    ];
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let tracer = &tracers[thread % 2];
            threads.spawn(move || {
                for number in 0..each {
                    let mut span = tracer.start(format!("{thread}/{number}"));
                    span.set_attribute(KeyValue::new("number", number as i64));
                    span.end();
                }
            });
        }
    });
}

#[test]
fn spans_of_many_threads_arrive_once_in_requests_of_a_bounded_size() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    end_spans(&otlp, 500);
    otlp.shutdown(Duration::from_secs(60)).unwrap();
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let requests = collector.take().traces;
    for request in &requests {
        let [of_resource] = request.resource_spans.as_slice() else {
            panic!("{request:?}")
        };
        let resource = attributes(&of_resource.resource.as_ref().unwrap().attributes);
        assert_eq!(resource["service.name"], "bank");
        assert_eq!(resource["service.version"], "7");
        let spans: usize = of_resource
            .scope_spans
            .iter()
            .map(|of_scope| of_scope.spans.len())
            .sum();
        assert!((1..=512).contains(&spans), "{spans} spans in a request");
        for of_scope in &of_resource.scope_spans {
            let scope = of_scope.scope.as_ref().unwrap();
            let says = [&scope.name, &scope.version, &of_scope.schema_url].map(String::as_str);
            let team = attributes(&scope.attributes);
            match scope.name.as_str() {
                "first" => assert_eq!(says, ["first", "", ""]),
                _ => {
                    assert_eq!(says, ["service", "7", "https://example.test/schema"]);
                    assert_eq!(team["team"], "payments");
                }
            }
            let names = names.entry(scope.name.clone()).or_default();
            for span in &of_scope.spans {
                assert!(names.insert(span.name.clone()), "{} came twice", span.name);
            }
        }
    }
    assert!(requests.len() >= 4, "{} requests", requests.len());
    let counts: Vec<usize> = names.values().map(BTreeSet::len).collect();
    assert_eq!(counts, [1000, 1000]);
}

/// How many spans have arrived.
fn arrived(collector: &Collector) -> usize {
    let requests = collector.take().traces.into_iter();
    let resources = requests.flat_map(|request| request.resource_spans);
    let scopes = resources.flat_map(|of_resource| of_resource.scope_spans);
    scopes.map(|of_scope| of_scope.spans.len()).sum()
}

#[test]
fn spans_that_a_collector_does_not_take_are_an_error_of_the_flush() {
    let collector = Collector::start();
    collector.refuse(usize::MAX);
    let otlp = otlp(&collector);
    end_spans(&otlp, 1);
    let failed = otlp.flush().unwrap_err().to_string();
    assert!(failed.contains("503"), "{failed}");
    assert_eq!(failed.matches("sending").count(), 1, "{failed}");
    collector.refuse(0);
    end_spans(&otlp, 1);
    otlp.shutdown(Duration::from_secs(60)).unwrap();
    // What was refused four times has been given up.
    assert_eq!(arrived(&collector), 4);
}

#[test]
fn spans_that_a_collector_refuses_for_a_while_are_sent_again() {
    let collector = Collector::start();
    collector.refuse(3);
    let otlp = otlp(&collector);
    end_spans(&otlp, 1);
    otlp.shutdown(Duration::from_secs(60)).unwrap();
    assert_eq!(arrived(&collector), 4);
}
