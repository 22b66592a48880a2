//! Uses crdb-observe with the layers that it observes, and adds an observer to its own.

use std::sync::Arc;

use crdb_observe::{FanOut, Metrics, Tracing};

/// Everybody who watches statements, and the text for Prometheus.
pub fn observers() -> (FanOut<dyn crdb_observe::exec::Observer>, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new());
    let observers = FanOut::new([
        Arc::clone(&metrics) as Arc<dyn crdb_observe::exec::Observer>,
        Arc::new(Tracing::new()),
    ]);
    (observers, metrics)
}
