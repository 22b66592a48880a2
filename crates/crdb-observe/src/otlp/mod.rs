//! Sends traces, metrics and logs to a collector.

mod client;
mod destination;
mod environment;
mod openmetrics;
mod protobuf;
mod registry;
mod span_bytes;
mod spans;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use crate::Metrics;
use crate::opentelemetry::{OpenTelemetry, OpenTelemetryBuilder};
use destination::Destination;
use environment::Signal;
use registry::{Registry, Target};
use spans::Spans;

/// Sends traces, metrics and logs to an OpenTelemetry collector by OTLP: protobuf over HTTP.
///
/// Threads of its own send; a full queue drops what is new and never stops a caller. Spans that a collector does not take are sent again, three times
/// at most, where the reason may pass: it cannot be reached, or answers 429, 502, 503 or 504. A URL of `https` is reached over TLS, and the
/// collector's certificate and name are verified. It is shown no client certificate: use [headers](OtlpBuilder::header) for one that asks
/// who sends.
///
/// ```no_run
/// use std::time::Duration;
/// use crdb_observe::otlp::Otlp;
///
/// # fn example() -> Result<(), crdb_observe::otlp::Error> {
/// let otlp = Otlp::builder("bank").endpoint("http://localhost:4318").build()?;
/// let adapter = otlp.adapter(crdb_observe::OpenTelemetry::builder().namespace("bank"));
/// // .. give `adapter` to the layers; at the end of the service:
/// otlp.shutdown(Duration::from_secs(5))?;
/// # let _ = adapter;
/// # Ok(()) }
/// ```
pub struct Otlp {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
    loggers: SdkLoggerProvider,
    target: Target,
    registries: Vec<Registry>,
}

/// Makes an [`Otlp`].
#[must_use]
pub struct OtlpBuilder {
    service: String,
    endpoint: Option<String>,
    headers: HashMap<String, String>,
    roots: Vec<PathBuf>,
    attributes: Vec<KeyValue>,
    interval: Duration,
    timeout: Duration,
    sample_ratio: Option<f64>,
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("registries", &self.registries.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OtlpBuilder {
    /// Without endpoint and headers, which may hold what the collector is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpBuilder")
            .field("service", &self.service)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// What could not be set up or sent.
#[derive(Debug)]
pub struct Error {
    attempt: &'static str,
    source: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.attempt, self.source)
    }
}

impl StdError for Error {}

impl Otlp {
    /// An exporter for the service of this name (`service.name`).
    pub fn builder(service: impl Into<String>) -> OtlpBuilder {
        OtlpBuilder {
            service: service.into(),
            endpoint: None,
            headers: HashMap::new(),
            roots: Vec::new(),
            attributes: Vec::new(),
            interval: crate::defaults::OTLP_INTERVAL,
            timeout: Duration::from_secs(10),
            sample_ratio: None,
        }
    }

    /// The adapter for the layers, which sends what it records here.
    #[must_use]
    pub fn adapter(&self, builder: OpenTelemetryBuilder) -> OpenTelemetry {
        builder.build(&self.tracers, &self.meters)
    }

    /// The provider of tracers, for spans of the service's own.
    #[must_use]
    pub fn tracers(&self) -> &SdkTracerProvider {
        &self.tracers
    }

    /// The provider of meters, for metrics of the service's own.
    #[must_use]
    pub fn meters(&self) -> &SdkMeterProvider {
        &self.meters
    }

    /// The provider of loggers.
    #[must_use]
    pub fn loggers(&self) -> &SdkLoggerProvider {
        &self.loggers
    }

    /// Sends what [`Metrics`] holds as well, every interval: the same registry that Prometheus scrapes, under the same names.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn export(&mut self, metrics: Arc<Metrics>) -> Result<(), Error> {
        self.registries
            .push(Registry::start(metrics, self.target.clone())?);
        Ok(())
    }

    /// Sends what has gathered. Blocks until it is sent: in async code call it where blocking is allowed.
    ///
    /// # Errors
    /// The collector could not be reached, or did not take it.
    pub fn flush(&self) -> Result<(), Error> {
        let sent = [
            self.tracers.force_flush(),
            self.meters.force_flush(),
            self.loggers.force_flush(),
        ];
        for sent in sent {
            sent.map_err(|error| failed("sending telemetry", error))?;
        }
        self.registries
            .iter()
            .try_for_each(|registry| registry.flush(FLUSH_LIMIT))
    }

    /// Sends what has gathered and stops. Blocks, for as long as `within` for each of the three at most.
    ///
    /// # Errors
    /// The collector could not be reached, did not take it, or it took too long.
    pub fn shutdown(self, within: Duration) -> Result<(), Error> {
        let ended = [
            self.tracers.shutdown_with_timeout(within),
            self.meters.shutdown_with_timeout(within),
            self.loggers.shutdown_with_timeout(within),
        ];
        for ended in ended {
            ended.map_err(|error| failed("sending telemetry at the end", error))?;
        }
        self.registries
            .iter()
            .try_for_each(|registry| registry.flush(within))
    }
}

impl OtlpBuilder {
    /// Sets the collector's URL, without a path. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Adds a file of PEM certificates that the collector's has to come from, where its URL is one of `https`. Default: the system's.
    pub fn roots_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.roots.push(file.into());
        self
    }

    /// Adds a header to each request, for a collector that asks who sends. Those of `OTEL_EXPORTER_OTLP_HEADERS` are sent too, and hold where
    /// both have one of the same name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Adds headers as a file has them: each line is `name: value`. Lines that are empty, and such that begin with `#`, are left out.
    ///
    /// # Errors
    /// A line is no header. The error has its number, and nothing of what it holds.
    pub fn header_lines(mut self, text: &str) -> Result<Self, Error> {
        self.headers.extend(header_lines(text)?);
        Ok(self)
    }

    /// Adds an attribute of the service's resource: `deployment.environment.name`, `service.version`.
    pub fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push(KeyValue::new(name, value.into()));
        self
    }

    /// Sets how often metrics are sent. Default: 60 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets how long a request may take. Default: 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends this part of the traces that begin with a span of these [tracers](Otlp::tracers): 0 and less is none, 1 and more is all. A
    /// span inside another one, of the service or of a remote caller, is sent if that one is sampled. Metrics and log lines cover all
    /// calls. Default: what `OTEL_TRACES_SAMPLER` says, else all.
    pub fn sample_ratio(mut self, ratio: f64) -> Self {
        self.sample_ratio = Some(ratio);
        self
    }

    /// Starts the threads that send.
    ///
    /// # Errors
    /// The endpoint is no URL, a file of root certificates cannot be read, or a variable of the environment holds a wrong setting.
    pub fn build(self) -> Result<Otlp, Error> {
        let resource = Resource::builder()
            .with_service_name(self.service.clone())
            .with_attributes(self.attributes.iter().cloned())
            .build();
        let wrong = |error: ExporterBuildError| failed(SETTING_UP, error);
        let url = |signal: Signal| {
            let endpoint = self.endpoint.as_ref();
            endpoint.map(|endpoint| format!("{}{}", endpoint.trim_end_matches('/'), signal.path()))
        };
        let place = |signal| url(signal).map_or_else(|| environment::url(signal), Ok);
        let traces_url = place(Signal::Traces)?;
        let metrics_url = place(Signal::Metrics)?;
        let logs_url = place(Signal::Logs)?;
        let is_secure = [&traces_url, &metrics_url, &logs_url]
            .iter()
            .any(|url| url.starts_with("https:"));
        let roots = match is_secure {
            true => client::Roots::read(&self.roots)?,
            false => client::Roots::default(),
        };
        let client = client::Client::new(self.timeout, roots, &self.headers)?;
        let destination = |signal, url| Destination::new(signal, url, client.clone());
        let spans = Spans::start(destination(Signal::Traces, &traces_url)?, self.timeout)?;

        let mut metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_timeout(self.timeout);
        if let Some(url) = url(Signal::Metrics) {
            metrics = metrics.with_endpoint(url);
        }
        let mut logs = LogExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_timeout(self.timeout);
        if let Some(url) = url(Signal::Logs) {
            logs = logs.with_endpoint(url);
        }
        let target = Target {
            destination: destination(Signal::Metrics, &metrics_url)?,
            attributes: std::iter::once(("service.name".to_owned(), self.service.clone()))
                .chain(
                    self.attributes
                        .iter()
                        .map(|attribute| (attribute.key.to_string(), attribute.value.to_string())),
                )
                .collect(),
            interval: self.interval,
        };
        let reader = PeriodicReader::builder(metrics.build().map_err(wrong)?)
            .with_interval(self.interval)
            .build();
        let mut tracers = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_span_processor(spans);
        if let Some(ratio) = self.sample_ratio {
            let root = Sampler::TraceIdRatioBased(ratio);
            tracers = tracers.with_sampler(Sampler::ParentBased(Box::new(root)));
        }
        Ok(Otlp {
            tracers: tracers.build(),
            meters: SdkMeterProvider::builder()
                .with_resource(resource.clone())
                .with_reader(reader)
                .build(),
            loggers: SdkLoggerProvider::builder()
                .with_resource(resource)
                .with_batch_exporter(logs.build().map_err(wrong)?)
                .build(),
            target,
            registries: Vec::new(),
        })
    }
}

/// What an error of the building says that was attempted.
const SETTING_UP: &str = "setting up OTLP";

/// How long a flush waits for spans, and for metrics, to be sent.
const FLUSH_LIMIT: Duration = Duration::from_secs(30);

/// Headers as HTTP writes them, one a line.
fn header_lines(text: &str) -> Result<Vec<(String, String)>, Error> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let of_value = |byte: u8| byte == b'\t' || byte == b' ' || byte.is_ascii_graphic();
    let mut headers = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let header = line
            .split_once(':')
            .map(|(name, value)| (name.trim_end(), value.trim_start()))
            .filter(|(name, value)| {
                !name.is_empty() && name.bytes().all(of_name) && value.bytes().all(of_value)
            });
        let Some((name, value)) = header else {
            let wrong = format!("line {number} is not of the form `name: value`");
            return Err(failed(
                "reading the headers for OTLP",
                std::io::Error::other(wrong),
            ));
        };
        headers.push((name.to_owned(), value.to_owned()));
    }
    Ok(headers)
}

fn failed(attempt: &'static str, error: impl StdError + Send + Sync + 'static) -> Error {
    Error {
        attempt,
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::header_lines;

    #[test]
    fn headers_are_read_as_a_file_has_them() {
        let read =
            header_lines("# of the collector\r\nauthorization: Bearer a:b\r\n\nx-scope:bank\n");
        let expected = [("authorization", "Bearer a:b"), ("x-scope", "bank")];
        assert_eq!(
            read.unwrap(),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(header_lines("").unwrap(), []);
    }

    #[test]
    fn a_line_that_is_no_header_is_named_and_not_shown() {
        for line in [
            "s3cret",
            ": s3cret",
            "x y: s3cret",
            "x: s3cret\u{7f}",
            "x: s3crét",
        ] {
            let error = header_lines(&format!("x-scope: bank\n{line}\n")).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("line 2"), "{shown}");
            assert!(!shown.contains("s3cr"), "{shown}");
        }
    }
}
