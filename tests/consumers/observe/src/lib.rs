//! Uses crdb-observe with the layers that it observes, and adds an observer to its own.

use std::sync::Arc;

use crdb_observe::exec::FanOut;
use crdb_observe::{Metrics, Tracing};

/// The observers of statements, and the text for Prometheus.
pub fn observers() -> (FanOut, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new());
    let observers = FanOut::new([
        Arc::clone(&metrics) as Arc<dyn crdb_observe::exec::Observer>,
        Arc::new(Tracing::new()),
    ]);
    (observers, metrics)
}
