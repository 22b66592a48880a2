//! The pool: spans and metrics.

use std::time::Duration;

use crdb_pool::Pool;

use crate::arrived::{attributes, spans, wrong_metrics, wrong_spans};
use crate::collector::Collector;
use crate::{adapter, door, otlp, shut_down};

#[tokio::test]
async fn the_pool_arrives_as_the_conventions_say() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let adapter = adapter(&otlp);
    let pool = Pool::builder(door::Door::default())
        .nodes([crdb_pool::NodeAddress::new("a.example", 26257)])
        .max_size(1)
        .observer(adapter.clone())
        .build()
        .unwrap();
    let watched = pool.clone();
    adapter.watch_pool(move || Some(watched.status()));
    let lease = pool.acquire().await.unwrap();
    let impatient = tokio::time::timeout(Duration::from_millis(20), pool.acquire());
    assert!(impatient.await.is_err());
    let options = crdb_pool::AcquireOptions {
        deadline: Some(std::time::Instant::now() + Duration::from_millis(20)),
        ..crdb_pool::AcquireOptions::default()
    };
    pool.acquire_with(options).await.unwrap_err();
    drop(lease);
    shut_down(otlp).await;

    let arrived = collector.take();
    let spans = spans(&arrived);
    assert_eq!(wrong_spans(&spans), [""; 0]);
    let ends: Vec<_> = spans
        .iter()
        .map(|span| {
            let given = attributes(&span.attributes);
            let end = ["server.address", "crdb.outcome", "error.type"];
            end.iter()
                .find_map(|name| given.get(*name).cloned())
                .unwrap()
        })
        .collect();
    assert_eq!(ends, ["a.example", "dropped", "timeout"]);
    let (wrong, seen) = wrong_metrics(&arrived);
    assert_eq!(wrong, [""; 0]);
    for name in [
        "db.client.connection.count",
        "db.client.connection.max",
        "db.client.connection.pending_requests",
        "db.client.connection.create_time",
        "db.client.connection.wait_time",
        "db.client.connection.use_time",
        "db.client.connection.timeouts",
    ] {
        assert!(seen.contains(name), "no {name} in {seen:?}");
    }
}
