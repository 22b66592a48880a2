//! What it costs to borrow a session that is free, and to give it back clean.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros write no docs"
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Instant;

use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress, Pool};
use criterion::{Criterion, criterion_group, criterion_main};

/// Opens sessions that are nothing.
struct Nothing;

impl Connector for Nothing {
    type Session = ();
    type Error = Infallible;

    async fn connect(&self, _: &NodeAddress) -> Result<(), Infallible> {
        Ok(())
    }

    async fn check(&self, (): &mut ()) -> Result<(), Infallible> {
        Ok(())
    }

    fn condition(&self, (): &mut ()) -> Condition {
        Condition::Clean
    }

    async fn reset(&self, (): &mut ()) -> Result<(), Infallible> {
        Ok(())
    }

    fn classify(&self, error: &Infallible) -> ErrorClass {
        match *error {}
    }
}

fn lease(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    for nodes in [1, 3] {
        let addresses = (0..nodes).map(|node| NodeAddress::new("nowhere", node + 1));
        let build = async { Pool::builder(Nothing).nodes(addresses).build() };
        let pool = runtime.block_on(build).unwrap();
        let name = format!("borrow and return, {nodes} nodes");
        criterion.bench_function(&name, |bencher| {
            bencher.iter_custom(|times| {
                let started = Instant::now();
                runtime.block_on(async {
                    for _ in 0..times {
                        drop(black_box(pool.acquire().await.unwrap()));
                    }
                });
                started.elapsed()
            });
        });
    }
}

criterion_group!(benches, lease);
criterion_main!(benches);
