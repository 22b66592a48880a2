//! What Prometheus scrapes, by OTLP.

use std::collections::BTreeSet;
use std::sync::Arc;

use crdb_exec::{ExecutorExt as _, PooledExecutor, Statement};
use crdb_observe::Metrics;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;

use crate::arrived::attributes;
use crate::collector::Collector;
use crate::{otlp, shut_down, stub};

#[tokio::test]
async fn one_registry_gives_prometheus_text_and_otlp() {
    let collector = Collector::start();
    let mut otlp = otlp(&collector);
    let metrics = Arc::new(Metrics::new());
    metrics.set_build("7", "fingerprint \"quoted\"");
    otlp.export(metrics.clone()).unwrap();
    let db = PooledExecutor::builder(stub::Stub::refusing(1))
        .observer(metrics.clone())
        .build();
    for _ in 0..3 {
        let get = Statement::new("SELECT v FROM accounts").named("accounts.get");
        db.fetch_one(get, &[]).await.unwrap();
    }
    let text = metrics.render();
    shut_down(otlp).await;
    let arrived = collector.take();
    let sent: Vec<_> = arrived
        .metrics
        .iter()
        .flat_map(|sent| &sent.resource_metrics)
        .flat_map(|resource| {
            let about = attributes(&resource.resource.as_ref().unwrap().attributes);
            assert_eq!(
                (&*about["service.name"], &*about["service.version"]),
                ("bank", "7")
            );
            &resource.scope_metrics
        })
        .filter(|scope| scope.scope.as_ref().unwrap().name == "crdb.registry")
        .flat_map(|scope| &scope.metrics)
        .collect();
    // Every family of the text that has a sample, and no other.
    let families: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|family| text.lines().any(|line| line.starts_with(*family)))
        .collect();
    let names: BTreeSet<_> = sent.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, families);
    let data = |name: &str| {
        let metric = sent.iter().find(|metric| metric.name == name);
        metric.unwrap().data.as_ref().unwrap()
    };
    let Data::Histogram(statements) = data("crdb_exec_statement_seconds") else {
        panic!("no histogram");
    };
    let [point] = statements.data_points.as_slice() else {
        panic!("{statements:?}");
    };
    assert_eq!(attributes(&point.attributes)["query"], "accounts.get");
    assert_eq!(point.count, 3);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), 3);
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    let series = "crdb_exec_statement_seconds_sum{query=\"accounts.get\",outcome=\"ok\"} ";
    let sum = text.lines().find_map(|line| line.strip_prefix(series));
    // As a number: small ones are written in more than one way.
    assert_eq!(sum.unwrap().parse().ok(), point.sum);
    let Data::Sum(retries) = data("crdb_exec_retries") else {
        panic!("no sum");
    };
    assert!(retries.is_monotonic);
    let Data::Gauge(build) = data("crdb_build_info") else {
        panic!("no gauge");
    };
    let build = attributes(&build.data_points[0].attributes);
    assert_eq!(build["configuration"], "fingerprint \"quoted\"");
}
