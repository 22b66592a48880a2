//! P9: transfers between accounts of which many use the same few accounts, each serializable.

mod loops;
mod ours;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Role, Sample, Subject, Target},
    pgbench::{Run, rate},
    server::Server,
};
use loops::Loops;
use ours::Transact;

/// Tasks, each on a session of its own.
const TASKS: usize = 16;
/// Accounts that no two tasks share by more than chance.
const COLD: i64 = 10_000;
/// How many accounts every transfer gives to.
const HOT: [i64; 3] = [1, 10, 100];
/// What one account takes from another.
const TAKE: &str = "UPDATE transfers SET balance = balance - 1 WHERE id = $1";
/// What the other gets.
const GIVE: &str = "UPDATE transfers SET balance = balance + 1 WHERE id = $1";

/// The row.
#[derive(Debug)]
pub(super) struct Transfers;

impl Row for Transfers {
    fn heading(&self) -> Heading {
        headings::TRANSFERS
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let client = server.client().await?;
            client
                .batch_execute(&format!(
                    "CREATE TABLE transfers (id INT8 PRIMARY KEY, balance INT8 NOT NULL);
                     INSERT INTO transfers SELECT n, 0 FROM generate_series(1, {}) AS g (n);",
                    COLD + 100
                ))
                .await?;
            let time = Duration::from_millis(if settings.quick { 500 } else { 2_000 });
            let mut cases = Vec::new();
            for hot in HOT {
                let work = Work { hot, time };
                cases.push(Case {
                    name: format!("{TASKS} tasks, {hot} hot rows"),
                    metrics: vec![
                        Metric::higher("rate", "transfers/s"),
                        Metric::lower("p99", "us"),
                    ],
                    targets: vec![Target {
                        subject: Transact::NAME,
                        metric: "rate",
                        bound: Bound::RatioAtLeast(Pgbench::NAME, 1.0),
                    }],
                    rounds: 5,
                    subjects: vec![
                        Box::new(Transact::open(&server, work).await?),
                        Box::new(Loops::open(&server, work).await?),
                        Box::new(Pgbench {
                            server: Arc::clone(&server),
                            work,
                        }),
                    ],
                });
            }
            Ok(cases)
        }
        .boxed()
    }
}

/// How the work of a case is cut.
#[derive(Debug, Clone, Copy)]
struct Work {
    hot: i64,
    time: Duration,
}

impl Work {
    /// The accounts of a task's transfer with this number.
    fn accounts(&self, task: usize, number: i64) -> (i64, i64) {
        let task = i64::try_from(task).unwrap_or(0);
        // A walk by a stride that is prime to the number of accounts meets each of them.
        let cold = (task * 631 + number * 7_919) % COLD + 101;
        let hot = (task * 37 + number * 13) % self.hot + 1;
        (cold, hot)
    }
}

/// What the accounts hold: an update that was lost shows here.
async fn given(server: &Server) -> Result<i64, MeasureError> {
    let client = server.client().await?;
    let row = client
        .query_one(
            "SELECT sum(balance)::INT8, (sum(balance) FILTER (WHERE id <= 100))::INT8 FROM transfers",
            &[],
        )
        .await?;
    let (sum, given): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if sum != 0 {
        return Err(format!("updates were lost: the accounts hold {sum} in all").into());
    }
    Ok(given)
}

/// Runs every task until the time is over, and compares what they say with what the accounts hold.
async fn measure<F, T>(server: &Server, work: Work, task: F) -> Result<Sample, MeasureError>
where
    F: Fn(usize, Instant) -> T,
    T: Future<Output = Result<Vec<f64>, MeasureError>> + Send + 'static,
{
    let before = given(server).await?;
    let started = Instant::now();
    let until = started + work.time;
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| tokio::spawn(task(number, until)))
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.append(&mut task.await??);
    }
    let seconds = started.elapsed().as_secs_f64();
    let done = latencies.len();
    if given(server).await? - before != i64::try_from(done)? {
        return Err("updates were lost, or done twice".into());
    }
    Ok(crate::latency::percentiles(latencies).with("rate", done as f64 / seconds))
}

/// pgbench, which begins a transaction again at once.
struct Pgbench {
    server: Arc<Server>,
    work: Work,
}

impl Pgbench {
    const NAME: &str = "pgbench";
}

impl Subject for Pgbench {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!("--client={TASKS} --protocol=prepared --max-tries=1000000")
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let script = format!(
                "\\set cold random(101, {})\n\\set hot random(1, {})\nBEGIN ISOLATION LEVEL SERIALIZABLE;\n\
                 UPDATE transfers SET balance = balance - 1 WHERE id = :cold;\n\
                 UPDATE transfers SET balance = balance + 1 WHERE id = :hot;\nCOMMIT;\n",
                COLD + 100,
                self.work.hot
            );
            let run = Run {
                script: &script,
                clients: TASKS,
                transactions: 0,
                options: &["--max-tries=1000000", "--jobs=2"],
            };
            let rate = rate(&self.server, run, self.work.time).await?;
            given(&self.server).await?;
            Ok(Sample::new().with("rate", rate))
        }
        .boxed()
    }
}
