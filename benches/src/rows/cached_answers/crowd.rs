//! 64 tasks that ask for one key again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crdb_cache::{Cache, CachedExecutor};
use crdb_exec::{Executor, ExecutorExt as _, Statement};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::source::{BALANCE, Source, balance};
use crate::case::{Bound, Case, MeasureError, Metric, Role, Sample, Subject, Target};

const OURS: &str = "CachedExecutor";
const NONE: &str = "no cache";
const RATE: &str = "rate";
const LOADS: &str = "loads";

const TASKS: usize = 64;
const SOURCE: Duration = Duration::from_millis(2);
const ROUND: Duration = Duration::from_millis(500);
/// Longer than all rounds, so that one load is enough.
const AGE: Duration = Duration::from_secs(3_600);

pub(super) fn case(rounds: usize) -> Case {
    let source = Source::new(SOURCE);
    let plain = Source::new(SOURCE);
    Case {
        name: "64 tasks on one hot key, source answers in 2 ms".to_owned(),
        metrics: vec![Metric::higher(RATE, "k/s"), Metric::lower(LOADS, "")],
        targets: vec![
            Target {
                subject: OURS,
                metric: RATE,
                bound: Bound::RatioAtLeast(NONE, 50.0),
            },
            Target {
                subject: OURS,
                metric: LOADS,
                bound: Bound::AtMost(1.0),
            },
        ],
        rounds,
        subjects: vec![
            Box::new(Cached { source }),
            Box::new(Plain { source: plain }),
        ],
    }
}

/// Gives thousands of answers a second.
async fn crowd<E: Executor + Clone + 'static>(
    db: E,
    statement: Statement<'static>,
) -> Result<f64, MeasureError> {
    let answers = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (db, answers) = (db.clone(), Arc::clone(&answers));
            tokio::spawn(async move {
                let mut count = 0_u64;
                while started.elapsed() < ROUND {
                    // So many that neither the clock nor the scheduler is measured.
                    for _ in 0..32 {
                        db.fetch_one(statement, &[&7_i64]).await?;
                        count += 1;
                    }
                    tokio::task::yield_now().await;
                }
                answers.fetch_add(count, Ordering::Relaxed);
                Ok::<_, crdb_exec::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let count = answers.load(Ordering::Relaxed) as f64;
    Ok(count / started.elapsed().as_secs_f64() / 1_000.0)
}

struct Cached {
    source: Source,
}

impl Subject for Cached {
    fn name(&self) -> &'static str {
        OURS
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        "empty at the beginning of each round".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let before = self.source.loads();
            let db: CachedExecutor<Source> = Cache::builder().build().over(self.source.clone());
            let rate = crowd(db, balance(AGE)).await?;
            #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
            let loads = (self.source.loads() - before) as f64;
            Ok(Sample::new().with(RATE, rate).with(LOADS, loads))
        }
        .boxed()
    }
}

struct Plain {
    source: Source,
}

impl Subject for Plain {
    fn name(&self) -> &'static str {
        NONE
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        "each task asks the source".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let rate = crowd(self.source.clone(), BALANCE).await?;
            Ok(Sample::new().with(RATE, rate))
        }
        .boxed()
    }
}
