//! Metrics and traces for the crdb crates.
//!
//! Each layer tells an observer of its own what happens in it ([`crdb_auth::Observer`],
//! [`crdb_pool::Observer`], [`crdb_exec::Observer`]). This crate has the observers that most services
//! want, one optional feature for each layer:
//!
//! - [`Metrics`] counts and measures, and renders what it has as OpenMetrics text, which Prometheus scrapes.
//! - [`Tracing`] emits `tracing` events whose fields follow OpenTelemetry's database conventions.
//! - [`FanOut`] hands each event to several observers.
//!
//! It is no exporter and no HTTP server: who serves the text and who subscribes to the events is up to the
//! service.
//!
//! ```
//! use std::sync::Arc;
//! use crdb_observe::{FanOut, Metrics, Tracing};
//!
//! # #[cfg(feature = "exec")] {
//! let metrics = Arc::new(Metrics::new());
//! let observer: FanOut<dyn crdb_exec::Observer> = FanOut::new([
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
//! | `exec` (default) | observes `crdb-exec`: statements, transactions, retries |
//! | `audit` | the module `audit`: a log of who did what, in which every change shows |

#[cfg(feature = "audit")]
pub mod audit;
mod fan_out;
mod metrics;
mod tracing;

pub use fan_out::FanOut;
pub use metrics::Metrics;
pub use tracing::Tracing;

// The layers, for the names of their observers and events.
#[cfg(feature = "auth")]
pub use crdb_auth as auth;
#[cfg(feature = "exec")]
pub use crdb_exec as exec;
#[cfg(feature = "pool")]
pub use crdb_pool as pool;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
