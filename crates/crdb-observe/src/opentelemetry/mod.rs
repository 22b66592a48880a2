//! Spans and metrics of OpenTelemetry.

#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "cache")]
mod cache;
mod conventions;
#[cfg(feature = "data")]
mod data;
#[cfg(feature = "exec")]
mod exec;
mod meters;
#[cfg(feature = "migrate")]
mod migrate;
#[cfg(feature = "pool")]
mod pool;
#[cfg(any(feature = "exec", feature = "pool"))]
mod remembered;
mod span;
#[cfg(feature = "wire")]
mod wire;

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

pub use conventions::SCHEMA_URL;
#[cfg(feature = "exec")]
pub use exec::traceparent;
use meters::Meters;
#[cfg(any(feature = "exec", feature = "pool"))]
use remembered::Remembered;
use span::Tracing as StartSpan;

/// Opens an OpenTelemetry span for each operation of the layers, and records the `db.client.*` metrics.
///
/// Names and attributes follow the database conventions of version 1.44.0, whose schema URL is on the instrumentation scope:
///
/// | span | kind | name |
/// | --- | --- | --- |
/// | statement | client | the query's name; without one, its operation and tables: `SELECT accounts` |
/// | batch, COPY | client | `BATCH`, `COPY` |
/// | connect | client | `connect` |
/// | load, export | internal | `load accounts`, `export accounts` |
/// | migration, a statement of one | internal | `migration`, `migration step` |
/// | transaction, attempt, acquire | internal | the transaction's name or `transaction`; `attempt`, `acquire` |
///
/// A statement's parent is the attempt of its transaction, else the context that is current where it is called. Its first attempt has
/// no span of its own, nor has an acquire that found an idle session at once. An operation that is dropped has the attribute `crdb.outcome` = `dropped` and no error.
///
/// | attribute | |
/// | --- | --- |
/// | `db.system.name`, `db.namespace`, `db.query.summary`, `db.operation.name`, `db.operation.batch.size`, `db.response.status_code`, `error.type`, `server.address`, `server.port` | stable |
/// | `db.query.text` | stable; only with [`query_text`](OpenTelemetryBuilder::query_text) |
/// | `db.response.returned_rows`, `db.query.parameter.<key>` | in development; parameters only where [allowed](OpenTelemetryBuilder::allow_parameter) |
/// | `crdb.query.fingerprint`, `crdb.outcome`, `crdb.attempts`, `crdb.attempt`, `crdb.retry.delay`, `crdb.batch.atomic`, `crdb.copy.direction`, `crdb.copy.bytes`, `crdb.tls`, `crdb.data.rows`, `crdb.data.rejected_rows`, `crdb.migration.version`, `crdb.migration.name`, `crdb.migration.step` | this crate's own |
///
/// `error.type` is the SQLSTATE where the server answered, else the kind of the layer's error. `server.*` is the node that the pool lent
/// the latest session from; statements on lanes do not have it.
///
/// `db.client.operation.duration` is stable, with the advised buckets and 0.1, 0.25 and 0.5 ms below them. The others are in development:
/// `db.client.response.returned_rows`, `db.client.connection.create_time`, `.wait_time`, `.use_time`, `.timeouts`, and with
/// [`watch_pool`](Self::watch_pool) `.count`, `.max`, `.pending_requests`.
///
/// No value is recorded unless its parameter was allowed.
pub struct OpenTelemetry {
    spans: Box<dyn StartSpan>,
    meters: Meters,
    namespace: Option<KeyValue>,
    query_text: bool,
    parameters: HashSet<(String, usize)>,
    #[cfg(feature = "exec")]
    statements: Remembered<exec::Known>,
    #[cfg(feature = "pool")]
    servers: Remembered<span::Server>,
    /// Learned from what the servers say at login.
    is_postgresql: AtomicBool,
}

/// Makes an [`OpenTelemetry`].
#[must_use]
pub struct OpenTelemetryBuilder {
    namespace: Option<String>,
    pool_name: String,
    query_text: bool,
    parameters: HashSet<(String, usize)>,
    label_limit: usize,
}

impl OpenTelemetry {
    /// An adapter with the defaults, for these providers.
    pub fn new<P>(tracers: &P, meters: &dyn MeterProvider) -> Self
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Span + Send + Sync + 'static,
    {
        Self::builder().build(tracers, meters)
    }

    /// An adapter with other settings.
    pub fn builder() -> OpenTelemetryBuilder {
        OpenTelemetryBuilder {
            namespace: None,
            pool_name: "crdb".to_owned(),
            query_text: false,
            parameters: HashSet::new(),
            label_limit: 500,
        }
    }

    /// The value of `db.system.name`.
    fn system(&self) -> KeyValue {
        let name = if self.is_postgresql.load(Ordering::Relaxed) {
            "postgresql"
        } else {
            "cockroachdb"
        };
        KeyValue::new("db.system.name", name)
    }

    /// What every span and metric of an operation has.
    fn common(&self) -> Vec<KeyValue> {
        let mut attributes = Vec::with_capacity(12);
        attributes.push(self.system());
        attributes.extend(self.namespace.clone());
        attributes
    }
}

impl OpenTelemetryBuilder {
    /// Sets the database's name, `db.namespace`. By default it is left out.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = Some(name.into());
        self
    }

    /// Sets the pool's name, `db.client.connection.pool.name`. Default: `crdb`.
    pub fn pool_name(mut self, name: impl Into<String>) -> Self {
        self.pool_name = name.into();
        self
    }

    /// Records the text of statements that have a name. They come from reviewed files, and values are bound to them. Default: no.
    pub fn query_text(mut self, record: bool) -> Self {
        self.query_text = record;
        self
    }

    /// Allows the value of one parameter of one named query to be recorded, as `db.query.parameter.<index>`. `index` counts from 0.
    pub fn allow_parameter(mut self, query: impl Into<String>, index: usize) -> Self {
        self.parameters.insert((query.into(), index));
        self
    }

    /// Sets how many different queries the metrics tell apart; later ones are recorded as `other`. Default: 500.
    pub fn label_limit(mut self, limit: usize) -> Self {
        self.label_limit = limit;
        self
    }

    /// The adapter, for these providers.
    #[must_use]
    pub fn build<P>(self, tracers: &P, meters: &dyn MeterProvider) -> OpenTelemetry
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Span + Send + Sync + 'static,
    {
        let scope = InstrumentationScope::builder("crdb")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL)
            .build();
        OpenTelemetry {
            spans: Box::new(tracers.tracer_with_scope(scope.clone())),
            meters: Meters::new(
                &meters.meter_with_scope(scope),
                self.pool_name,
                self.label_limit,
            ),
            namespace: self.namespace.map(|name| {
                let name: std::sync::Arc<str> = name.into();
                KeyValue::new("db.namespace", name)
            }),
            query_text: self.query_text,
            parameters: self.parameters,
            #[cfg(feature = "exec")]
            statements: Remembered::default(),
            #[cfg(feature = "pool")]
            servers: Remembered::default(),
            is_postgresql: AtomicBool::new(false),
        }
    }
}

/// The context that was kept for an operation.
fn kept(token: &Option<Box<dyn Any + Send + Sync>>) -> Option<&Context> {
    token.as_ref()?.downcast_ref()
}

impl fmt::Debug for OpenTelemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTelemetry")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OpenTelemetryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTelemetryBuilder")
            .field("namespace", &self.namespace)
            .field("pool_name", &self.pool_name)
            .finish_non_exhaustive()
    }
}
