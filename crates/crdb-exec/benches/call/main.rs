//! What this layer itself costs: a verdict, a delay, a call, a call that is tried again.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros write no docs"
)]

mod stub;

use std::hint::black_box;
use std::time::{Duration, Instant};

use crdb_exec::{
    Backoff, Engine, ExecutorExt as _, Fault, PooledExecutor, Position, ServerError, SqlState,
    Statement, verdict,
};
use criterion::{Criterion, criterion_group, criterion_main};
use stub::{Source, Stub};

fn decide(criterion: &mut Criterion) {
    let error = ServerError::new(SqlState::SERIALIZATION_FAILURE, "restart transaction");
    let fault = Fault::server(error);
    let position = Position::autocommit(&Statement::new("INSERT INTO t VALUES (1)"));
    criterion.bench_function("verdict", |bencher| {
        bencher.iter(|| verdict(black_box(&fault), black_box(position), Engine::CockroachDb));
    });
    let backoff = Backoff::default();
    let mut rng = rand::rng();
    criterion.bench_function("backoff", |bencher| {
        bencher.iter(|| backoff.delay(black_box(3), &mut rng));
    });
}

fn call(criterion: &mut Criterion) {
    for (name, refusals) in [("call", 0), ("call tried twice", 1)] {
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| run(Stub::refusing(refusals), times));
        });
    }
}

/// So many calls. Their delays pass at once: the runtime's clock jumps to the next timer.
fn run(source: Source, times: u64) -> Duration {
    const STATEMENT: Statement<'static> = Statement::new("SELECT v FROM points").named("get");
    let executor = PooledExecutor::new(source);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let started = Instant::now();
    runtime.block_on(async {
        for _ in 0..times {
            black_box(executor.fetch_one(STATEMENT, &[]).await.unwrap());
        }
    });
    started.elapsed()
}

criterion_group!(benches, decide, call);
criterion_main!(benches);
