//! Lines for operators as log records.

use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{ExecutorExt as _, PooledExecutor, Statement};
use crdb_observe::LogLines;

use crate::arrived::attributes;
use crate::collector::Collector;
use crate::{otlp, shut_down, stub};

#[tokio::test]
async fn log_lines_arrive_as_records() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let lines = LogLines::records(otlp.loggers()).slow_after(Duration::ZERO);
    let db = PooledExecutor::builder(stub::Stub::refusing(1))
        .observer(Arc::new(lines))
        .build();
    let get = Statement::new("SELECT v FROM accounts").named("accounts.get");
    db.fetch_one(get, &[]).await.unwrap();
    shut_down(otlp).await;
    let arrived = collector.take();
    let records: Vec<_> = arrived
        .logs
        .iter()
        .flat_map(|sent| &sent.resource_logs)
        .flat_map(|resource| &resource.scope_logs)
        .flat_map(|scope| &scope.log_records)
        .map(|record| {
            let given = attributes(&record.attributes);
            (
                record.event_name.clone(),
                record.severity_text.clone(),
                given["query"].clone(),
            )
        })
        .collect();
    let get = "accounts.get".to_owned();
    assert_eq!(
        records,
        [
            ("retry".to_owned(), "INFO".to_owned(), get.clone()),
            ("statement.slow".to_owned(), "WARN".to_owned(), get),
        ]
    );
}
