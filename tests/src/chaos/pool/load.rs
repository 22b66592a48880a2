//! Callers that ask for one row, again and again, and go to another node when theirs fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crdb_pool::{AcquireOptions, ErrorClass, Pool};

use super::login::{self, Login, class_of};

/// How long a statement may take before its caller takes the node for dead.
const PATIENCE: Duration = Duration::from_secs(1);
/// What a caller does with a row: long enough that the rate is what is asked for, and not what two slow cores can do.
const PAUSE: Duration = Duration::from_millis(25);

/// One call: when it began, how long it took, and why it failed, if it did.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it began.
    pub began: Instant,
    /// How long it took, with everything that was tried again.
    pub took: Duration,
    /// Why it failed.
    pub failure: Option<String>,
}

/// Lets `callers` work until they are told to `stop`, each with a pause between its calls; each call has `allowed`.
///
/// # Errors
/// When a caller panics.
///
/// # Cancel safety
/// Dropping the future stops no caller: they go on until they are told.
pub async fn run(
    pool: &Pool<Login>,
    callers: usize,
    stop: Arc<AtomicBool>,
    allowed: Duration,
) -> anyhow::Result<Vec<Call>> {
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (pool, stop) = (pool.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut calls = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let failure = call(&pool, began + allowed).await.err();
                    let took = began.elapsed();
                    calls.push(Call {
                        began,
                        took,
                        failure,
                    });
                    tokio::time::sleep(PAUSE).await;
                }
                calls
            })
        })
        .collect();
    let mut calls = Vec::new();
    for task in tasks {
        calls.extend(task.await.context("a caller failed")?);
    }
    Ok(calls)
}

/// Asks for one row until it is there or the deadline has passed.
async fn call(pool: &Pool<Login>, deadline: Instant) -> Result<(), String> {
    let mut options = AcquireOptions {
        deadline: Some(deadline),
        avoid: None,
    };
    loop {
        let mut lease = pool
            .acquire_with(options)
            .await
            .map_err(|error| error.to_string())?;
        let started = Instant::now();
        let class = match tokio::time::timeout(PATIENCE, login::ask(&lease)).await {
            Ok(Ok(())) => {
                lease.record_latency(started.elapsed());
                return Ok(());
            }
            Ok(Err(error)) => class_of(&error),
            Err(_elapsed) => ErrorClass::Dead,
        };
        lease.report(class);
        options.avoid = Some(lease.node());
    }
}

/// Answered calls per second between two moments.
#[must_use]
pub fn rate(calls: &[Call], from: Instant, to: Instant) -> f64 {
    let answered = |call: &&Call| {
        let end = call.began + call.took;
        call.failure.is_none() && end >= from && end < to
    };
    calls.iter().filter(answered).count() as f64 / (to - from).as_secs_f64()
}

/// How long after `moment` the rate of 100 ms reached 95 % of `full`: the end of these 100 ms.
#[must_use]
pub fn time_to_rate(calls: &[Call], moment: Instant, full: f64) -> Option<Duration> {
    const STEP: Duration = Duration::from_millis(100);
    (1..100).map(|step| STEP * step).find(|after| {
        let to = moment + *after;
        rate(calls, to - STEP, to) >= full * 0.95
    })
}

/// The time within which 99 of 100 calls were answered that were under way between two moments.
#[must_use]
pub fn p99(calls: &[Call], from: Instant, to: Instant) -> Duration {
    let during = |call: &&Call| call.began < to && call.began + call.took > from;
    let mut times: Vec<_> = calls.iter().filter(during).map(|call| call.took).collect();
    times.sort_unstable();
    let index = times.len().saturating_sub(1) * 99 / 100;
    times.get(index).copied().unwrap_or_default()
}
