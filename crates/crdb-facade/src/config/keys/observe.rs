//! `observe`: what is recorded.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crdb_observe::defaults;

use super::section;
use crate::config::setting::words;

/// How lines for operators are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// A JSON object a line.
    Json,
    /// Time, level, message and fields, for people.
    Human,
}

words!(LogFormat, "json, human or none", {
    "json" => LogFormat::Json,
    "human" => LogFormat::Human,
});

section! {
    /// Counts and measures, for `Database::metrics`.
    METRICS: bool = default("observe.metrics", "true");
    /// Emits events and spans to the `tracing` subscriber of the process.
    TRACING: bool = default("observe.tracing", "true");
    /// Where `/metrics`, `/health`, `/ready` and `/profile` are served over HTTP (feature `endpoint`), which has neither TLS nor login: a port alone is one of 127.0.0.1.
    ENDPOINT_LISTEN: Option<SocketAddr> = unset("observe.endpoint.listen");
    /// What the service is called in what is sent to a collector (`service.name`); unset, the program's name.
    SERVICE_NAME: Option<String> = unset("observe.service_name");
    /// The OpenTelemetry collector that traces, metrics and logs are sent to (feature `otlp`), by OTLP as protobuf over HTTP or HTTPS. What it asks of those who send is in the headers of `observe.otlp.headers_file`.
    OTLP_ENDPOINT: Option<String> = unset("observe.otlp.endpoint"), only "a URL of http:// or https:// without a user and a query, like http://localhost:4318" |url| url.as_ref().is_none_or(|url| is_collector(url));
    /// The file that holds the headers that the collector is shown, such as `authorization: Bearer ..`: one `name: value` a line. It is read when the database is opened. Those of OTEL_EXPORTER_OTLP_HEADERS are sent too.
    OTLP_HEADERS_FILE: Option<PathBuf> = unset("observe.otlp.headers_file");
    /// Files of PEM certificates that the collector's has to come from, where it is reached by https; none is those of the system.
    OTLP_ROOT_CERTIFICATES: Option<Vec<PathBuf>> = unset("observe.otlp.root_certificates");
    /// How often metrics are sent there.
    OTLP_INTERVAL: Duration = of_layer("observe.otlp.interval", || defaults::OTLP_INTERVAL), only "a duration above zero, like 60s" |interval| !interval.is_zero();
    /// The part of the traces that is sent there, of those that begin with a span of `Database::otlp` or of the database. A span inside another one, of the service or of a remote caller, is sent if that one is sampled. Metrics and logs cover all calls. Unset, what OTEL_TRACES_SAMPLER says, else all.
    OTLP_SAMPLE_RATIO: Option<f64> = unset("observe.otlp.sample_ratio"), only "a number from 0 to 1" |ratio| ratio.is_none_or(|ratio| (0.0..=1.0).contains(&ratio));
    /// Writes a line to standard error for each thing that an operator should read (feature `log`).
    LOG_FORMAT: Option<LogFormat> = unset("observe.log.format");
    /// From when on a statement or transaction is slow: it gets a line, and the profile keeps it.
    SLOW_AFTER: Duration = of_layer("observe.slow_after", || defaults::SLOW_AFTER);
    /// Records which queries cost most and where their time goes, for `/profile` and `Database::profile` (feature `profile`).
    PROFILE: bool = default("observe.profile", "false");
    /// Explains slow statements, on a session beside the pool, so that the profile has their plans without values (feature `profile`).
    INSPECT_PLANS: bool = default("observe.inspect.plans", "false");
    /// Asks which statements wait for which others, on that session too, for the profile (feature `profile`). On CockroachDB the user needs VIEWACTIVITY or VIEWACTIVITYREDACTED.
    INSPECT_CONTENTION: bool = default("observe.inspect.contention", "false");
    /// How often a statement is explained at most, and CockroachDB is asked about contention.
    INSPECT_WINDOW: Duration = of_layer("observe.inspect.window", || defaults::INSPECT_WINDOW), only "a duration above zero, like 10m" |window| !window.is_zero();
    /// One explanation in this many runs the statement (EXPLAIN ANALYZE), if it only reads: 1 is each, 0 none.
    INSPECT_ANALYZE_EVERY: u32 = of_layer("observe.inspect.analyze_every", || defaults::INSPECT_ANALYZE_EVERY);
    /// How often PostgreSQL is asked who waits now, while calls are under way.
    INSPECT_INTERVAL: Duration = of_layer("observe.inspect.interval", || defaults::INSPECT_INTERVAL), only "a duration above zero, like 1s" |interval| !interval.is_zero();
}

/// Whether a collector can be reached by this URL. A user and a query may hold a secret, which would be printed.
fn is_collector(url: &str) -> bool {
    url.strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .is_some_and(|rest| !rest.is_empty() && !rest.contains(['@', '?', '#']))
}
