//! The `db.client.*` metrics.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use super::conventions::{ROWS, SECONDS};
use crate::label::Bounded;

pub(super) struct Meters {
    operation: Histogram<f64>,
    rows: Histogram<u64>,
    create_time: Histogram<f64>,
    wait_time: Histogram<f64>,
    use_time: Histogram<f64>,
    timeouts: Counter<u64>,
    queries: Bounded,
    pool: KeyValue,
    meter: Meter,
}

impl Meters {
    pub(super) fn new(meter: &Meter, pool_name: String, label_limit: usize) -> Self {
        let seconds = |name: &'static str, description: &'static str| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(description)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        Self {
            operation: seconds(
                "db.client.operation.duration",
                "Duration of database client operations.",
            ),
            rows: meter
                .u64_histogram("db.client.response.returned_rows")
                .with_unit("{row}")
                .with_description(
                    "The actual number of records returned by the database operation.",
                )
                .with_boundaries(ROWS.to_vec())
                .build(),
            create_time: seconds(
                "db.client.connection.create_time",
                "The time it took to create a new connection.",
            ),
            wait_time: seconds(
                "db.client.connection.wait_time",
                "The time it took to obtain an open connection from the pool.",
            ),
            use_time: seconds(
                "db.client.connection.use_time",
                "The time between borrowing a connection and returning it to the pool.",
            ),
            timeouts: meter
                .u64_counter("db.client.connection.timeouts")
                .with_unit("{timeout}")
                .with_description(
                    "The number of connection timeouts that have occurred trying to obtain a connection from the pool.",
                )
                .build(),
            queries: Bounded::new(label_limit),
            pool: KeyValue::new("db.client.connection.pool.name", pool_name),
            meter: meter.clone(),
        }
    }

    /// The query's summary as an attribute, bounded in number.
    pub(super) fn query(&self, summary: &str) -> KeyValue {
        let summary = self.queries.value(summary);
        KeyValue::new("db.query.summary", summary)
    }

    pub(super) fn operation(&self, took: Duration, attributes: &[KeyValue]) {
        self.operation.record(took.as_secs_f64(), attributes);
    }

    pub(super) fn rows(&self, rows: u64, attributes: &[KeyValue]) {
        self.rows.record(rows, attributes);
    }

    pub(super) fn created(&self, took: Duration) {
        let pool = std::slice::from_ref(&self.pool);
        self.create_time.record(took.as_secs_f64(), pool);
    }

    pub(super) fn waited(&self, took: Duration) {
        let pool = std::slice::from_ref(&self.pool);
        self.wait_time.record(took.as_secs_f64(), pool);
    }

    pub(super) fn used(&self, took: Duration) {
        let pool = std::slice::from_ref(&self.pool);
        self.use_time.record(took.as_secs_f64(), pool);
    }

    pub(super) fn timed_out(&self) {
        self.timeouts.add(1, std::slice::from_ref(&self.pool));
    }

    /// Shows the state of a pool when the metrics are read.
    #[cfg(feature = "pool")]
    pub(super) fn watch(
        &self,
        status: std::sync::Arc<dyn Fn() -> Option<crdb_pool::Status> + Send + Sync>,
    ) {
        let observed = |name: &'static str,
                        unit: &'static str,
                        description: &'static str,
                        read: fn(&crdb_pool::Status) -> i64| {
            let (status, pool) = (status.clone(), self.pool.clone());
            // The callback stays registered as long as the provider.
            let _registered = self
                .meter
                .i64_observable_up_down_counter(name)
                .with_unit(unit)
                .with_description(description)
                .with_callback(move |instrument| {
                    if let Some(status) = status() {
                        instrument.observe(read(&status), std::slice::from_ref(&pool));
                    }
                })
                .build();
        };
        observed(
            "db.client.connection.max",
            "{connection}",
            "The maximum number of open connections allowed.",
            |status| i64::from(status.max_size),
        );
        observed(
            "db.client.connection.pending_requests",
            "{request}",
            "The number of current pending requests for an open connection.",
            |status| i64::try_from(status.waiting).unwrap_or(i64::MAX),
        );
        let pool = self.pool.clone();
        let _registered =
            self.meter
                .i64_observable_up_down_counter("db.client.connection.count")
                .with_unit("{connection}")
                .with_description(
                    "The number of connections that are currently in state described by the `state` attribute.",
                )
                .with_callback(move |instrument| {
                    let Some(status) = status() else { return };
                    let sum = |count: fn(&crdb_pool::NodeStatus) -> u32| {
                        status.nodes.iter().map(|node| i64::from(count(node))).sum()
                    };
                    for (state, count) in [("idle", sum(|node| node.idle)), ("used", sum(|node| node.in_use))] {
                        let state = KeyValue::new("db.client.connection.state", state);
                        instrument.observe(count, &[pool.clone(), state]);
                    }
                })
                .build();
    }
}
