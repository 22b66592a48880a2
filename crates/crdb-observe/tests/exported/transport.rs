//! How it travels: with headers, over TLS, and to a collector that is not there.

use std::time::Duration;

use crdb_exec::{ExecutorExt as _, PooledExecutor};
use crdb_observe::otlp::Otlp;

use crate::{adapter, stub};

#[test]
fn a_collector_that_is_not_there_is_an_error_of_shutdown_alone() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let otlp = Otlp::builder("bank")
        .endpoint(format!("http://127.0.0.1:{port}"))
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let adapter = adapter(&otlp);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = PooledExecutor::builder(stub::Stub::refusing(0))
            .observer(adapter)
            .build();
        db.fetch_one("SELECT 1", &[]).await.unwrap();
    });
    let failed = otlp.shutdown(Duration::from_secs(60)).unwrap_err();
    assert!(
        failed.to_string().starts_with("sending telemetry"),
        "{failed}"
    );
}
