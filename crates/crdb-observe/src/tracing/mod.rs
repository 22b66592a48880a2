//! Spans and events for `tracing` subscribers.

#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "cache")]
mod cache;
#[cfg(feature = "data")]
mod data;
#[cfg(feature = "exec")]
mod exec;
#[cfg(feature = "migrate")]
mod migrate;
#[cfg(feature = "pool")]
mod pool;
#[cfg(feature = "wire")]
mod wire;

#[cfg(any(
    feature = "auth",
    feature = "pool",
    feature = "exec",
    feature = "wire",
    feature = "data"
))]
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};

/// Opens a `tracing` span for each operation of the layers, and emits an event for what happens between them.
///
/// Each span lies within the one that was current when its operation began, and the caller's own spans are left as they are:
///
/// ```text
/// transaction  DEBUG          connect  DEBUG
///   attempt  TRACE            batch    DEBUG
///     acquire  TRACE          copy     DEBUG
///     statement  DEBUG
/// ```
///
/// A load of a cache (`load` DEBUG) lies in the span of the call that began it, and its transaction in that of the load.
///
/// A statement outside a transaction has its attempts below it; the first of them has no span of its own. Fields are filled
/// in when the operation ends; `outcome` is `dropped` when its future was dropped.
///
/// Targets are `crdb::auth`, `crdb::pool`, `crdb::wire`, `crdb::exec`, `crdb::cache`, `crdb::data` and `crdb::migrate`. What needs an operator's attention (a connect that
/// failed, a node that left rotation, an unknown outcome, a leak) is a warning. Fields are named as
/// OpenTelemetry's [database conventions](https://opentelemetry.io/docs/specs/semconv/db/database-spans/) have them
/// (`db.system.name`, `db.query.summary`, `db.response.status_code`, `error.type`, `server.address`, `server.port`), durations
/// are in seconds under `duration`. No SQL text and no value is ever part of a span or event.
#[derive(Debug, Default)]
pub struct Tracing {
    /// Learned from what the servers say at login.
    is_postgresql: AtomicBool,
}

impl Tracing {
    /// Spans and events for CockroachDB, until a server says that it is PostgreSQL.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `db.system.name`.
    #[cfg_attr(
        not(any(feature = "auth", feature = "exec", feature = "wire", feature = "data")),
        allow(dead_code, reason = "used by these layers only")
    )]
    fn system(&self) -> &'static str {
        if self.is_postgresql.load(Ordering::Relaxed) {
            "postgresql"
        } else {
            "cockroachdb"
        }
    }
}

/// Keeps a span until its operation ends, where a subscriber wants it.
#[cfg(any(
    feature = "auth",
    feature = "pool",
    feature = "exec",
    feature = "wire",
    feature = "data"
))]
fn keep(span: tracing::Span) -> Option<Box<dyn Any + Send + Sync>> {
    (!span.is_disabled()).then(|| Box::new(span) as _)
}

/// The span that was kept.
#[cfg(any(
    feature = "auth",
    feature = "pool",
    feature = "exec",
    feature = "wire",
    feature = "data"
))]
fn kept(token: &Option<Box<dyn Any + Send + Sync>>) -> Option<&tracing::Span> {
    token.as_ref()?.downcast_ref()
}
