//! Events for `tracing` subscribers.

#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "exec")]
mod exec;
#[cfg(feature = "pool")]
mod pool;

use std::sync::atomic::{AtomicBool, Ordering};

/// Emits a `tracing` event for what the layers report.
///
/// Targets are `crdb::auth`, `crdb::pool` and `crdb::exec`. What needs an operator's attention (a connect that failed, a node that
/// left rotation, an unknown outcome, a leak) is a warning; everything else is at debug level. Fields are named as
/// OpenTelemetry's [database conventions](https://opentelemetry.io/docs/specs/semconv/db/database-spans/) have them
/// (`db.system.name`, `db.query.summary`, `db.response.status_code`, `error.type`, `server.address`, `server.port`), durations
/// are in seconds under `duration`. No SQL text and no value is ever part of an event.
#[derive(Debug, Default)]
pub struct Tracing {
    /// Learned from what the servers say at login.
    is_postgresql: AtomicBool,
}

impl Tracing {
    /// Events for CockroachDB, until a server says that it is PostgreSQL.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `db.system.name`.
    #[cfg_attr(
        not(any(feature = "auth", feature = "exec")),
        allow(dead_code, reason = "used by these layers only")
    )]
    fn system(&self) -> &'static str {
        if self.is_postgresql.load(Ordering::Relaxed) {
            "postgresql"
        } else {
            "cockroachdb"
        }
    }

    /// A span for one call on the database, to run the call in. Of OpenTelemetry's kind *client*, named after the query or
    /// transaction; the events of the call are inside it, and its fields are filled in as they become known.
    #[must_use]
    pub fn call_span(&self, name: &str) -> tracing::Span {
        tracing::debug_span!(
            target: "crdb",
            "db.call",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            db.system.name = self.system(),
            db.query.summary = name,
            db.response.status_code = tracing::field::Empty,
            db.response.returned_rows = tracing::field::Empty,
            "error.type" = tracing::field::Empty,
        )
    }
}
