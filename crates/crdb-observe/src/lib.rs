//! Metrics and traces for the crdb crates.
//!
//! Each layer tells an observer of its own what happens in it ([`crdb_auth::Observer`],
//! [`crdb_pool::Observer`], [`crdb_wire::Observer`], [`crdb_exec::Observer`]). This crate has the observers that most services
//! want, one optional feature for each layer:
//!
//! - [`Metrics`] counts and measures, and renders what it has as OpenMetrics text, which Prometheus scrapes.
//! - [`Tracing`] opens `tracing` spans whose fields follow OpenTelemetry's database conventions.
//! - `LogLines`, `OpenTelemetry` and `otlp`: see the features below.
//!
//! Several observers of one layer are one: see the layer's `FanOut`.
//!
//! The service serves the text itself, or lets the module `endpoint` do it; who subscribes to the events is up to the service.
//!
//! ```
//! use std::sync::Arc;
//! use crdb_observe::{Metrics, Tracing};
//!
//! # #[cfg(feature = "exec")] {
//! let metrics = Arc::new(Metrics::new());
//! let observer = crdb_exec::FanOut::new([
//!     metrics.clone() as Arc<dyn crdb_exec::Observer>,
//!     Arc::new(Tracing::new()),
//! ]);
//! // .. give `observer` to the executor; later, in the handler of /metrics:
//! let text = metrics.render();
//! assert!(text.ends_with("# EOF\n"));
//! # let _ = observer; }
//! ```
//!
//! # Guarantees
//! - No parameter value, no result, no SQL text and no secret is recorded, at whatever level.
//! - A label has a bounded number of values: see [`Metrics::with_label_limit`].
//! - Recording metrics and traces does no I/O and waits for nothing but short locks.
//!
//! # Features
//! | feature | what |
//! | --- | --- |
//! | `auth` (default) | observes `crdb-auth`: connects, cancels |
//! | `pool` (default) | observes `crdb-pool`: waiting, sessions, nodes |
//! | `wire` (default) | observes `crdb-wire`: batches, COPY, notices |
//! | `exec` (default) | observes `crdb-exec`: statements, transactions, retries |
//! | `data` | observes `crdb-data`: loads and exports |
//! | `cache` | observes `crdb-cache`: hits, misses and why, loads |
//! | `migrate` | observes `crdb-migrate`: migrations |
//! | `log` | `LogLines`: one line for each thing that an operator should read, as JSON or for people |
//! | `opentelemetry` | `OpenTelemetry`: spans and `db.client.*` metrics through the API of the crate `opentelemetry` |
//! | `otlp` | the module `otlp`: sends traces, metrics and logs to a collector; with `opentelemetry` and `log` |
//! | `endpoint` | the module `endpoint`: serves `/metrics`, `/health` and `/ready` over HTTP |
//! | `profile` | the module `profile`: which queries cost most, and where their time goes |
//! | `audit` | the module `audit`: a log of who did what, in which every change shows |

#[cfg(feature = "audit")]
pub mod audit;
pub mod defaults;
#[cfg(feature = "endpoint")]
pub mod endpoint;
#[cfg(any(
    feature = "auth",
    feature = "pool",
    feature = "wire",
    feature = "exec",
    feature = "data",
    feature = "opentelemetry"
))]
mod label;
#[cfg(feature = "log")]
#[cfg_attr(
    not(all(feature = "auth", feature = "pool", feature = "wire", feature = "exec")),
    allow(dead_code, reason = "each layer uses a part of it")
)]
mod log;
mod metrics;
pub mod monitoring;
#[cfg(feature = "opentelemetry")]
#[cfg_attr(
    not(all(feature = "auth", feature = "pool", feature = "wire", feature = "exec")),
    allow(dead_code, reason = "each layer uses a part of it")
)]
mod opentelemetry;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(feature = "profile")]
pub mod profile;
#[cfg_attr(
    not(all(feature = "opentelemetry", feature = "exec")),
    allow(dead_code, reason = "summaries are for spans of statements")
)]
mod query_text;
mod tracing;

#[cfg(feature = "log")]
pub use log::{Field, Level, Line, LogLines};
pub use metrics::Metrics;
#[cfg(all(feature = "opentelemetry", feature = "exec"))]
pub use opentelemetry::traceparent;
#[cfg(feature = "opentelemetry")]
pub use opentelemetry::{OpenTelemetry, OpenTelemetryBuilder, SCHEMA_URL};
pub use query_text::fingerprint;
pub use tracing::Tracing;

// The layers, for the names of their observers and events.
#[cfg(feature = "auth")]
pub use crdb_auth as auth;
#[cfg(feature = "cache")]
pub use crdb_cache as cache;
#[cfg(feature = "data")]
pub use crdb_data as data;
#[cfg(feature = "exec")]
pub use crdb_exec as exec;
#[cfg(feature = "migrate")]
pub use crdb_migrate as migrate;
#[cfg(feature = "pool")]
pub use crdb_pool as pool;
#[cfg(feature = "wire")]
pub use crdb_wire as wire;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
