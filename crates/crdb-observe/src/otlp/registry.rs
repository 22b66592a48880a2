//! Sends what [`Metrics`] holds.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

use super::destination::Destination;
use super::openmetrics::{self, Span, pair};
use super::{Error, failed};
use crate::Metrics;

/// Where metrics go, as whose, and how often.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) destination: Destination,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) interval: Duration,
}

/// The answer to one request to send now.
type Sent = Sender<Result<(), Error>>;

/// A thread that sends a registry's metrics every interval. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Registry(Sender<Sent>);

impl Registry {
    pub(super) fn start(metrics: Arc<Metrics>, target: Target) -> Result<Self, Error> {
        let (asked, requests) = channel();
        let began = now();
        std::thread::Builder::new()
            .name("crdb-otlp-metrics".to_owned())
            .spawn(move || run(&metrics, &target, began, &requests))
            .map_err(|error| failed("starting to send metrics", error))?;
        Ok(Self(asked))
    }

    /// Sends now, and waits for as long as `within`.
    pub(super) fn flush(&self, within: Duration) -> Result<(), Error> {
        const ATTEMPT: &str = "sending metrics";
        let (sent, answer) = channel();
        self.0.send(sent).map_err(|error| failed(ATTEMPT, error))?;
        answer
            .recv_timeout(within)
            .map_err(|error| failed(ATTEMPT, error))?
    }
}

fn run(metrics: &Metrics, target: &Target, began: u64, requests: &Receiver<Sent>) {
    loop {
        match requests.recv_timeout(target.interval) {
            Ok(sent) => {
                // Who has stopped waiting does not want to know.
                drop(sent.send(send(metrics, target, began)));
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = send(metrics, target, began) {
                    tracing::warn!(target: "crdb::otlp", %error, "the metrics of this interval were not sent; the next ones include them");
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn send(metrics: &Metrics, target: &Target, began: u64) -> Result<(), Error> {
    let span = Span { began, read: now() };
    let attributes = target.attributes.iter().cloned();
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: attributes.map(|(key, value)| pair(key, value)).collect(),
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "crdb.registry".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics: openmetrics::metrics(&metrics.render(), span),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    let message = request.encode_to_vec();
    match target.destination.post(&message) {
        Ok(_) => Ok(()),
        Err(source) => Err(Error {
            attempt: "sending metrics",
            source,
        }),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // Until the year 2554.
    since.map_or(0, |since| since.as_nanos() as u64)
}
