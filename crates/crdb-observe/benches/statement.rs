//! What it costs that one statement is seen: metrics, and events without a subscriber.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros write no docs"
)]

#[path = "../../crdb-exec/benches/call/stub.rs"]
mod stub;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use crdb_exec::{ExecutorExt as _, FanOut, Observer, PooledExecutor, Statement};
use crdb_observe::{Metrics, Tracing};
use criterion::{Criterion, criterion_group, criterion_main};
use stub::Stub;

fn statement(criterion: &mut Criterion) {
    const STATEMENT: Statement<'static> = Statement::new("SELECT v FROM points").named("get");
    let seen: [Arc<dyn Observer>; 2] = [Arc::new(Metrics::new()), Arc::new(Tracing::new())];
    let observers: [(&str, Option<Arc<dyn Observer>>); 2] = [
        ("a statement unseen", None),
        ("a statement seen", FanOut::combine(seen)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for (name, observer) in observers {
        let mut executor = PooledExecutor::builder(Stub::refusing(0));
        if let Some(observer) = observer {
            executor = executor.observer(observer);
        }
        let executor = executor.build();
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let started = Instant::now();
                runtime.block_on(async {
                    for _ in 0..times {
                        black_box(executor.fetch_one(STATEMENT, &[]).await.unwrap());
                    }
                });
                started.elapsed()
            });
        });
    }
}

criterion_group!(benches, statement);
criterion_main!(benches);
