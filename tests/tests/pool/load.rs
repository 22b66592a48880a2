//! Callers that ask for one row, again and again, and go to another node when theirs fails.

use std::time::{Duration, Instant};

use crdb_pool::{ErrorClass, GetOptions, Pool};

use crate::login::{Login, class_of};

/// How long a statement may take before its caller takes the node for dead.
const PATIENCE: Duration = Duration::from_millis(300);

/// One call: when it began, how long it took, and why it failed, if it did.
pub(crate) struct Call {
    pub(crate) began: Instant,
    pub(crate) took: Duration,
    pub(crate) failure: Option<String>,
}

/// Lets `callers` work for `time`; each call has `allowed`.
pub(crate) async fn run(
    pool: &Pool<Login>,
    callers: usize,
    time: Duration,
    allowed: Duration,
) -> Vec<Call> {
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut calls = Vec::new();
                while Instant::now() < until {
                    let began = Instant::now();
                    let failure = call(&pool, began + allowed).await.err();
                    let took = began.elapsed();
                    calls.push(Call {
                        began,
                        took,
                        failure,
                    });
                }
                calls
            })
        })
        .collect();
    let mut calls = Vec::new();
    for task in tasks {
        calls.extend(task.await.unwrap());
    }
    calls
}

/// Asks for one row until it is there or the deadline has passed.
async fn call(pool: &Pool<Login>, deadline: Instant) -> Result<(), String> {
    let mut options = GetOptions {
        deadline: Some(deadline),
        avoid: None,
    };
    loop {
        let mut lease = pool
            .get_with(options)
            .await
            .map_err(|error| error.to_string())?;
        let started = Instant::now();
        let answer = {
            let call = lease.begin_call();
            let answer =
                tokio::time::timeout(PATIENCE, call.client().query_one("SELECT 1", &[])).await;
            if matches!(answer, Ok(Ok(_))) {
                call.finish();
            }
            answer
        };
        let class = match answer {
            Ok(Ok(_)) => {
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

/// Calls per second between two moments.
pub(crate) fn rate(calls: &[Call], from: Instant, to: Instant) -> f64 {
    let answered = |call: &&Call| {
        let end = call.began + call.took;
        call.failure.is_none() && end >= from && end < to
    };
    calls.iter().filter(answered).count() as f64 / (to - from).as_secs_f64()
}

/// How long after `moment` the rate of 100 ms reached 95 % of `full`.
pub(crate) fn time_to_rate(calls: &[Call], moment: Instant, full: f64) -> Option<Duration> {
    const STEP: Duration = Duration::from_millis(100);
    (0..100).map(|step| STEP * step).find(|after| {
        let from = moment + *after;
        rate(calls, from, from + STEP) >= full * 0.95
    })
}

/// The slowest but one in a hundred.
pub(crate) fn p99(calls: &[Call]) -> Duration {
    let mut times: Vec<_> = calls.iter().map(|call| call.took).collect();
    times.sort_unstable();
    times[(times.len() - 1) * 99 / 100]
}
