//! R5: deadlines on statements that hang, and cancels that race the reply.

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::history::{Operation, Outcome, Recorder};
use crate::chaos::pulse::Pulse;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions};
use crate::chaos::workload::Findings;
use anyhow::Context as _;
use crdb_exec::{Row as _, Statement};
use crdb_facade::Database;
use crdb_facade::ErrorKind;
use crdb_testkit::EngineKind;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Tasks that race side by side, on half as many sessions.
const TASKS: u64 = 8;
/// How much later than its deadline a caller may be freed.
const SLACK: Duration = Duration::from_millis(100);
/// How long a cancelled statement may go on in the server.
const GONE_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Deadlines;

/// One statement with a deadline, and a harmless one behind it.
#[derive(Clone, Debug, Serialize)]
struct Race {
    /// How long the statement sleeps, in microseconds.
    sleeps: u64,
    /// How long it may take, in microseconds.
    limit: u64,
    /// How long it took, in microseconds.
    took: u64,
    /// How much of that a bare timer beside it was late as well.
    stalled: u64,
    /// How the statement ended.
    ended: String,
    /// How the harmless statement ended, for which no cancel was sent.
    bystander: String,
    stray: bool,
}

impl Row for Deadlines {
    fn id(&self) -> &'static str {
        "R5"
    }

    fn title(&self) -> &'static str {
        "deadlines on hung statements, and cancels racing the reply"
    }

    fn size(&self) -> Size {
        Size {
            count: 10_000,
            unit: "races",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let options = StackOptions {
                sessions: u32::try_from(TASKS / 2)?,
                ..context.stack_options()
            };
            let stack = Arc::new(Stack::open(context.engine(), options).await?);
            let races = AtomicU64::new(0);
            let pulse = Pulse::start();
            let recorder = Recorder::default();
            let tasks = (0..TASKS).map(|task| {
                let mut rng = context.random("deadlines", task);
                let (stack, races, recorder, pulse) = (&stack, &races, &recorder, &pulse);
                async move {
                    while context.goes_on(races.load(Ordering::Relaxed), self.size().count) {
                        let began = recorder.begin();
                        let race = run_race(&stack.db, Plan::draw(&mut rng), pulse).await;
                        // What was answered long before its deadline was no race.
                        let raced = race.took >= race.limit;
                        races.fetch_add(u64::from(raced), Ordering::Relaxed);
                        let client = u32::try_from(task).unwrap_or(u32::MAX);
                        recorder.end(client, began, Outcome::Done, race);
                    }
                }
            });
            join_all(tasks).await;
            let history = recorder.take();
            let mut violations = check(&history);
            if let Some(running) = still_running(&stack).await? {
                violations.push(Violation::new(
                    "a statement goes on in the server after its deadline",
                    running.to_string(),
                ));
            }
            let mut report = tell(races.into_inner(), &history);
            let worst = pulse.worst().as_secs_f64() * 1000.0;
            report.figure("a bare timer beside it, worst", worst, "ms");
            if !violations.is_empty() {
                let findings = Findings::of(&history, violations, &());
                let (found, trace) = (&findings.violations, &stack.trace);
                context
                    .evidence()
                    .keep("R5", found, &findings.history, trace)?;
                report.violations = findings.violations;
            }
            let stack = Arc::into_inner(stack).context("the stack is still in use")?;
            stack.close().await?;
            Ok(report)
        }
        .boxed()
    }
}

/// What is tried, before it is known how it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    limit: Duration,
    sleeps: Duration,
    /// What the harmless statement asks for.
    number: i64,
}

impl Plan {
    fn draw(rng: &mut StdRng) -> Self {
        let limit = Duration::from_micros(rng.random_range(1_000..20_000));
        // Mostly about as long as it may; sometimes as good as forever.
        let sleeps = if rng.random_bool(0.1) {
            Duration::from_secs(60)
        } else {
            limit + Duration::from_micros(rng.random_range(0..1_000))
                - Duration::from_micros(rng.random_range(0..1_000))
        };
        Self {
            limit,
            sleeps,
            number: rng.random(),
        }
    }
}

async fn run_race(db: &Database, plan: Plan, pulse: &Pulse) -> Race {
    let Plan {
        limit,
        sleeps,
        number,
    } = plan;
    let text = format!("SELECT pg_sleep({:.6})", sleeps.as_secs_f64());
    let statement = Statement::new(&text).named("chaos.sleep").timeout(limit);
    let started = Instant::now();
    let ended = match db.execute(statement, &[]).await {
        Ok(_) => "answered".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    let took = started.elapsed();
    let stalled = pulse.stalled_since(started);
    let echo = db
        .fetch_one("SELECT $1::INT8, pg_sleep(0.001)", &[&number])
        .await
        .and_then(|row| Ok(row.get::<i64>(0)?));
    let stray = match &echo {
        Ok(echoed) => *echoed != number,
        Err(error) => error.kind() == ErrorKind::Cancelled,
    };
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Race {
        sleeps: micros(sleeps),
        limit: micros(limit),
        took: micros(took),
        stalled: micros(stalled),
        ended,
        bystander: match echo {
            Ok(_) => "answered".to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        },
        stray,
    }
}

fn check(history: &[Operation<Race>]) -> Vec<Violation> {
    let slack = SLACK.as_micros();
    let mut violations = Vec::new();
    for (index, operation) in history.iter().enumerate() {
        let race = &operation.action;
        if u128::from(race.took) > u128::from(race.limit + race.stalled) + slack {
            let late = format!(
                "after {} us, of which timers were late by {}, with a limit of {} us",
                race.took, race.stalled, race.limit
            );
            violations.push(Violation::new("a caller was freed too late", late).of([index]));
        }
        if race.stray {
            let detail = format!("{race:?}");
            violations.push(Violation::new("a cancel hit another statement", detail).of([index]));
        }
    }
    violations
}

/// How many of the statements that sleep as good as forever still do so, once they had time to end.
async fn still_running(stack: &Stack) -> anyhow::Result<Option<i64>> {
    let text = match stack.engine().kind() {
        EngineKind::CockroachDb => {
            // This one is among them.
            "SELECT count(*) FROM [SHOW CLUSTER QUERIES] \
             WHERE query LIKE '%pg_sleep(60%' AND query NOT LIKE '%CLUSTER QUERIES%'"
        }
        _ => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep(60%'"
        }
    };
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let row = stack.truth.fetch_one(text, &[]).await?;
        let running: i64 = row.get(0)?;
        if running == 0 {
            return Ok(None);
        }
        if Instant::now() >= deadline {
            return Ok(Some(running));
        }
        sleep(Duration::from_millis(50)).await;
    }
}

fn tell(races: u64, history: &[Operation<Race>]) -> Report {
    let mut report = Report {
        done: races,
        ..Report::default()
    };
    let ended = |how: &str| {
        let with = history
            .iter()
            .filter(|operation| operation.action.ended == how);
        with.count() as u64
    };
    report.count("answered all the same", ended("answered"));
    report.count("timed out", ended("Timeout"));
    let mut late: Vec<u64> = history
        .iter()
        .map(|operation| operation.action.took.saturating_sub(operation.action.limit))
        .collect();
    late.sort_unstable();
    let at = |share: f64| {
        let index = (late.len() as f64 * share) as usize;
        late.get(index.min(late.len().saturating_sub(1)))
            .map_or(0.0, |micros| *micros as f64 / 1000.0)
    };
    report.figure("freed after the deadline, p50", at(0.5), "ms");
    report.figure("freed after the deadline, p99", at(0.99), "ms");
    report.figure("freed after the deadline, worst", at(1.0), "ms");
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::context::Seed;
    use crate::chaos::history::testing::in_turn;

    #[test]
    fn the_seed_decides_what_is_tried() {
        let plans = |seed: u64| {
            let mut rng = Seed(seed).random("deadlines", 0);
            std::array::from_fn::<_, 100, _>(|_| Plan::draw(&mut rng))
        };
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
    }

    fn race(took: u64, stray: bool) -> Race {
        Race {
            sleeps: 0,
            limit: 1000,
            took,
            stalled: 0,
            ended: "Timeout".to_owned(),
            bystander: "answered".to_owned(),
            stray,
        }
    }

    #[test]
    fn what_the_machine_delays_is_not_held_against_the_stack() {
        let mut slow = race(150_000, false);
        slow.stalled = 50_000;
        assert!(check(&in_turn([slow])).is_empty());
    }

    #[test]
    fn late_callers_and_stray_cancels_are_found() {
        let history = in_turn([race(101_000, false), race(101_001, false), race(0, true)]);
        let found: Vec<_> = check(&history)
            .into_iter()
            .map(|violation| (violation.rule, violation.operations))
            .collect();
        assert_eq!(
            found,
            [
                ("a caller was freed too late", vec![1]),
                ("a cancel hit another statement", vec![2])
            ]
        );
    }
}
