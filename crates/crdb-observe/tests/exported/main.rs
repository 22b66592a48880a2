//! What arrives at a collector: traces, metrics and logs of all layers, held against OpenTelemetry's own model.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod arrived;
mod batches;
mod collector;
#[path = "../door/mod.rs"]
mod door;
mod logs;
mod model;
mod pool;
mod pooled;
mod registry;
mod statements;
#[path = "../../../crdb-exec/benches/call/stub.rs"]
mod stub;
mod transport;
mod wire;

use std::sync::Arc;

use collector::Collector;
use crdb_observe::OpenTelemetry;
use crdb_observe::otlp::Otlp;

/// In every value and literal of these tests. Only one parameter is allowed to show it.
const CANARY: &str = "canary-4711";
const ALLOWED: &str = "allowed-4711";

fn otlp(collector: &Collector) -> Otlp {
    Otlp::builder("bank")
        .endpoint(collector.endpoint())
        .attribute("service.version", "7")
        .header("authorization", "Bearer of-the-collector")
        .build()
        .unwrap()
}

fn adapter(otlp: &Otlp) -> Arc<OpenTelemetry> {
    let builder = OpenTelemetry::builder()
        .namespace("bank")
        .allow_parameter("accounts.get", 1);
    Arc::new(otlp.adapter(builder))
}

/// Sends what has gathered, and ends.
async fn shut_down(otlp: Otlp) {
    let ended =
        tokio::task::spawn_blocking(move || otlp.shutdown(std::time::Duration::from_secs(60)));
    ended.await.unwrap().unwrap();
}
