//! R21: verdicts against what the table holds.

use crate::chaos::call::{Abilities, Call, Left, Plan, check, execute, outcome};
use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::history::{Operation, Outcome, Recorder};
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions};
use crate::chaos::workload::Findings;
use anyhow::{Context as _, ensure};
use crdb_exec::{IdempotencyKey, Row as _};
use crdb_testkit::EngineKind;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Callers side by side, each with a session that it does not have to wait for.
const CALLERS: u64 = 8;
/// After so many calls a stack is checked and replaced.
const ROUND: u64 = 1_000;
/// How long what still runs in the server may take to end once its sessions are closed.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

pub(super) struct Verdicts;

impl Row for Verdicts {
    fn id(&self) -> &'static str {
        "R21"
    }

    fn title(&self) -> &'static str {
        "verdicts against what the table holds, under time-outs, cancels, cuts, drops and injected failures"
    }

    fn size(&self) -> Size {
        Size {
            count: 100_000,
            unit: "calls",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let mut report = Report::default();
            let mut figures = BTreeMap::<String, u64>::new();
            let mut round = 0;
            while context.goes_on(report.done, self.size().count) && report.violations.is_empty() {
                let calls = ROUND.min(self.size().count - report.done);
                let (done, violations) = run_round(context, round, calls, &mut figures).await?;
                report.done += done;
                report.violations.extend(violations);
                round += 1;
            }
            for (name, count) in figures {
                report.count(name, count);
            }
            Ok(report)
        }
        .boxed()
    }
}

/// Makes some calls on a stack of their own, and checks them. Every other round the server has CockroachDB's habits.
async fn run_round(
    context: &Context,
    round: u64,
    calls: u64,
    figures: &mut BTreeMap<String, u64>,
) -> anyhow::Result<(u64, Vec<Violation>)> {
    let habits = (round % 2 == 1).then_some(context.seed() ^ round);
    let options = StackOptions {
        // In clear text a byte is a byte of the protocol; not every server has it.
        tls: context.engine().kind() != EngineKind::PostgreSql,
        sessions: u32::try_from(CALLERS)?,
        habits,
        ..context.stack_options()
    };
    let stack = Stack::open(context.engine(), options).await?;
    let can = prepare(&stack).await?;
    let recorder = Recorder::default();
    let next = AtomicU64::new(0);
    let callers = (0..CALLERS).map(|caller| {
        let mut rng = context.random("calls", round * CALLERS + caller);
        let (stack, recorder, next) = (&stack, &recorder, &next);
        async move {
            while context.left() > Duration::ZERO {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    break;
                }
                let id = i64::try_from(round * ROUND + number).unwrap_or(i64::MAX);
                let plan = Plan::draw(id, can, &mut rng);
                let began = recorder.begin();
                let result = execute(stack, &plan).await;
                let ended = match &result {
                    None => "dropped".to_owned(),
                    Some(Ok(())) => "acknowledged".to_owned(),
                    Some(Err(error)) => format!("{:?}: {error}", error.kind()),
                };
                let client = u32::try_from(caller).unwrap_or(u32::MAX);
                let told = outcome(result.as_ref());
                recorder.end(client, began, told, Call { plan, ended });
            }
        }
    });
    join_all(callers).await;
    let history = recorder.take();
    let left = left(&stack).await?;
    let violations = check(&history, &left);
    count(&history, figures);
    if !violations.is_empty() {
        let findings = Findings::of(&history, violations.clone(), &left);
        let what = format!("R21-round-{round}");
        context
            .evidence()
            .keep(&what, &findings.violations, &findings.history, &stack.trace)?;
    }
    stack.close().await?;
    Ok((history.len() as u64, violations))
}

/// Makes what the calls need, and says what this server can do.
async fn prepare(stack: &Stack) -> anyhow::Result<Abilities> {
    for text in [
        "CREATE TABLE calls (id INT8 NOT NULL, part INT8 NOT NULL)",
        "CREATE TABLE taken (n INT8 PRIMARY KEY)",
        "INSERT INTO taken VALUES (1)",
        IdempotencyKey::SCHEMA,
    ] {
        stack.truth.execute(text, &[]).await?;
    }
    let raises = "CREATE FUNCTION fail(code TEXT) RETURNS INT8 LANGUAGE plpgsql AS $$ \
                  BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = code; END $$";
    let procedure = "CREATE PROCEDURE calls_twice(id INT8, code TEXT) LANGUAGE plpgsql AS $$ BEGIN \
                     INSERT INTO calls VALUES (id, 0); COMMIT; INSERT INTO calls VALUES (id, 1); \
                     IF code IS NOT NULL THEN PERFORM fail(code); END IF; END $$";
    let raises = stack.truth.execute(raises, &[]).await.is_ok();
    let procedures = raises && stack.truth.execute(procedure, &[]).await.is_ok();
    Ok(Abilities {
        raises,
        procedures,
        injections: !stack.habits.is_empty(),
    })
}

/// The rows that are there, and will be: no session of the stack is left in the server.
async fn left(stack: &Stack) -> anyhow::Result<Left> {
    stack.heal().await;
    drop(stack.db.close(Duration::from_secs(10)).await);
    let sessions = match stack.engine().kind() {
        EngineKind::CockroachDb => "[SHOW CLUSTER SESSIONS]",
        _ => "pg_stat_activity",
    };
    let text = format!(
        "SELECT * FROM {sessions} WHERE application_name = '{}'",
        stack.name
    );
    let deadline = Instant::now() + QUIET_WITHIN;
    loop {
        let rows = stack.truth.fetch_all(text.as_str(), &[]).await?;
        // CockroachDB may list sessions that have ended.
        let ended = rows.iter().all(|row| {
            row.position("status").is_some()
                && matches!(row.get::<Option<&str>>("status"), Ok(Some("CLOSED")))
        });
        if ended {
            break;
        }
        ensure!(
            Instant::now() < deadline,
            "sessions of the stack are still open in the server after {QUIET_WITHIN:?}"
        );
        sleep(Duration::from_millis(20)).await;
    }
    let rows = stack.truth.fetch_all("SELECT id, part FROM calls", &[]);
    let rows = rows.await.context("reading what is there")?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

fn count(history: &[Operation<Call>], figures: &mut BTreeMap<String, u64>) {
    for operation in history {
        let name = match operation.outcome {
            Outcome::Done => "acknowledged",
            Outcome::Failed => "certainly without effect",
            Outcome::Unknown => "unknown, or dropped",
        };
        *figures.entry(name.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::evidence::Evidence;
    use crdb_testkit::{Engine, EngineOptions};
    use std::sync::Arc;

    /// On the server as it is, and with CockroachDB's habits.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_few_hundred_verdicts_are_true() {
        let directory = tempfile::tempdir().unwrap();
        let evidence = Evidence::new(directory.path().to_owned(), "again".to_owned());
        let engine = Arc::new(Engine::start(EngineOptions::default()).await);
        let context = Context::new(engine, 21, None, evidence);
        for round in 0..2 {
            let (done, violations) = run_round(&context, round, 300, &mut BTreeMap::new())
                .await
                .unwrap();
            assert_eq!(done, 300);
            assert!(violations.is_empty(), "{violations:?}");
        }
    }
}
