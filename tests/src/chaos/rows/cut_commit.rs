//! R2: the connection is cut at every byte of COMMIT and of its reply.

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::history::{Operation, Outcome, Recorder};
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions};
use crate::chaos::workload::{Findings, outcome};
use anyhow::Context as _;
use crdb_exec::{Executor, ExecutorExt, IdempotencyKey, Row as _, TransactionOptions};
use crdb_facade::Error;
use crdb_testkit::{Cut, Direction, EngineKind};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_all};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Transactions that are cut side by side, each on a stack of its own.
const LANES: u64 = 4;
/// After so many transactions a stack is checked and replaced.
const BATCH: u64 = 500;

pub(super) struct CutCommit;

/// One transaction that inserts a row, and where it was cut.
#[derive(Clone, Debug, Serialize)]
struct Attempt {
    id: i64,
    keyed: bool,
    tls: bool,
    #[serde(serialize_with = "debug")]
    direction: Direction,
    byte: u64,
    #[serde(serialize_with = "debug")]
    cut: Cut,
    /// Whether the cut came while it ran.
    hit: bool,
}

fn debug<S: serde::Serializer>(
    value: &impl std::fmt::Debug,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{value:?}"))
}

impl Attempt {
    /// The attempt of this number: every byte in each direction comes up, in each way to cut, with and without a key. The
    /// numbers go up from 0 whatever the seed is, so every run follows the same schedule.
    fn number(number: u64, tls: bool) -> Self {
        // In clear text COMMIT has 12 bytes and its reply 18; a TLS record adds 22.
        let longest = if tls { 44 } else { 20 };
        let direction = if number.is_multiple_of(2) {
            Direction::ToServer
        } else {
            Direction::ToClient
        };
        let cut = match number / 4 % 3 {
            0 => Cut::Reset,
            1 => Cut::Close,
            _ => Cut::HalfClose,
        };
        Self {
            id: i64::try_from(number).unwrap_or(i64::MAX),
            keyed: (number / 2).is_multiple_of(2),
            tls,
            direction,
            byte: number / 12 % longest,
            cut,
            hit: false,
        }
    }
}

impl Row for CutCommit {
    fn id(&self) -> &'static str {
        "R2"
    }

    fn title(&self) -> &'static str {
        "the connection cut at every byte of COMMIT and of its reply"
    }

    fn size(&self) -> Size {
        Size {
            count: 10_000,
            unit: "cuts",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let hits = AtomicU64::new(0);
            let lanes = (0..LANES).map(|lane| run_lane(context, lane, &hits, self.size()).boxed());
            let mut report = Report::default();
            let mut figures: BTreeMap<String, u64> = BTreeMap::new();
            let mut left: Vec<_> = lanes.collect();
            while !left.is_empty() {
                let (ended, _, others) = select_all(left).await;
                left = others;
                let lane = ended?;
                report.violations.extend(lane.violations);
                for (name, count) in lane.figures {
                    *figures.entry(name).or_default() += count;
                }
            }
            report.done = hits.load(Ordering::Relaxed);
            for (name, count) in figures {
                report.count(name, count);
            }
            Ok(report)
        }
        .boxed()
    }
}

#[derive(Default)]
struct Lane {
    violations: Vec<Violation>,
    figures: BTreeMap<String, u64>,
}

async fn run_lane(
    context: &Context,
    lane: u64,
    hits: &AtomicU64,
    size: Size,
) -> anyhow::Result<Lane> {
    let mut result = Lane::default();
    let mut batch = 0;
    while context.goes_on(hits.load(Ordering::Relaxed), size.count) && result.violations.is_empty()
    {
        // In clear text a byte is a byte of the protocol; not every server has it.
        let clear = context.engine().kind() == EngineKind::PostgreSql;
        let options = StackOptions {
            tls: !clear || batch % 2 == 1,
            sessions: 2,
            ..context.stack_options()
        };
        let stack = Stack::open(context.engine(), options).await?;
        for text in [
            "CREATE TABLE cut (id INT8 NOT NULL)",
            IdempotencyKey::SCHEMA,
        ] {
            stack.truth.execute(text, &[]).await?;
        }
        let recorder = Recorder::default();
        for index in 0..BATCH {
            if !context.goes_on(hits.load(Ordering::Relaxed), size.count) {
                break;
            }
            let number = (batch / 2 * BATCH + index) * LANES + lane;
            let attempt = Attempt::number(number, options.tls);
            let hit = cut_one(&stack, attempt, &recorder).await?;
            hits.fetch_add(u64::from(hit), Ordering::Relaxed);
        }
        let history = recorder.take();
        let rows = settled(&stack).await?;
        let violations = check(&history, &rows);
        count(&history, &mut result.figures);
        if !violations.is_empty() {
            let what = format!("R2-lane-{lane}-batch-{batch}");
            let findings = Findings::of(&history, violations, &rows);
            let (found, trace) = (&findings.violations, &stack.trace);
            context
                .evidence()
                .keep(&what, found, &findings.history, trace)?;
            result.violations.extend(findings.violations);
        }
        stack.close().await?;
        batch += 1;
    }
    Ok(result)
}

/// Runs a transaction and cuts it while it commits. Says whether it was hit.
async fn cut_one(
    stack: &Stack,
    mut attempt: Attempt,
    recorder: &Recorder<Attempt>,
) -> anyhow::Result<bool> {
    let options = if attempt.keyed {
        TransactionOptions::new().idempotency(IdempotencyKey::new(attempt.id.to_string()))
    } else {
        TransactionOptions::new()
    };
    let before: Vec<u64> = stack
        .proxies
        .iter()
        .map(|proxy| proxy.counts().cut)
        .collect();
    let each = || stack.proxies.iter().zip(&before);
    let began = recorder.begin();
    let (armed, mut fired) = tokio::sync::watch::channel(false);
    let result: Result<(), Error> = {
        let transaction = stack.db.transact_with(&options, async |tx| {
            tx.execute("INSERT INTO cut VALUES ($1)", &[&attempt.id])
                .await?;
            // Once only: the next run goes through.
            if !armed.send_replace(true) {
                for proxy in &stack.proxies {
                    proxy.cut_after(attempt.direction, attempt.byte, attempt.cut);
                }
            }
            Ok(())
        });
        let heal = async {
            if fired.wait_for(|armed| *armed).await.is_ok() {
                let waits = each().map(|(proxy, before)| {
                    proxy.wait_for(move |counts| counts.cut > *before).boxed()
                });
                drop(select_all(waits).await);
                stack.heal_connections().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            result = transaction => result,
            () = heal => unreachable!("it never ends"),
        }
    };
    stack.heal_connections().await;
    attempt.hit = each().any(|(proxy, before)| proxy.counts().cut > *before);
    let hit = attempt.hit;
    recorder.end(0, began, outcome(&result), attempt);
    Ok(hit)
}

/// The rows that are there, and will be: nothing is still being written.
async fn settled(stack: &Stack) -> anyhow::Result<Vec<i64>> {
    let postgres = stack.engine().kind() == EngineKind::PostgreSql;
    let options = TransactionOptions::new().timeout(Duration::from_secs(30));
    let rows: Result<Vec<i64>, Error> = stack
        .truth
        .transact_with(&options, async |tx| {
            if postgres {
                // Waits for every writer. CockroachDB's reads do that by themselves.
                tx.execute("LOCK TABLE cut IN ACCESS EXCLUSIVE MODE", &[])
                    .await?;
            }
            ids(tx).await
        })
        .await;
    rows.context("reading what is there")
}

async fn ids(db: &impl Executor) -> Result<Vec<i64>, Error> {
    let rows = db.fetch_all("SELECT id FROM cut ORDER BY id", &[]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// What was said has to be true of what is there.
fn check(history: &[Operation<Attempt>], rows: &[i64]) -> Vec<Violation> {
    let mut present: BTreeMap<i64, u64> = BTreeMap::new();
    for id in rows {
        *present.entry(*id).or_default() += 1;
    }
    let mut violations = Vec::new();
    for (index, operation) in history.iter().enumerate() {
        let attempt = &operation.action;
        let times = present.get(&attempt.id).copied().unwrap_or(0);
        let rule = match (operation.outcome, times) {
            (_, 2..) => "a transaction was committed twice",
            (Outcome::Done, 0) => "an acknowledged transaction is missing",
            (Outcome::Failed, 1) => "a transaction said to have no effect is committed",
            (Outcome::Unknown, _) if attempt.keyed => {
                "an unknown outcome was not resolved although there is a key"
            }
            _ => continue,
        };
        violations.push(Violation::new(rule, format!("{attempt:?}")).of([index]));
    }
    violations
}

fn count(history: &[Operation<Attempt>], figures: &mut BTreeMap<String, u64>) {
    for operation in history.iter().filter(|operation| operation.action.hit) {
        let key = if operation.action.keyed {
            "with a key"
        } else {
            "without a key"
        };
        let outcome = match operation.outcome {
            Outcome::Done => "committed",
            Outcome::Failed => "certainly not committed",
            Outcome::Unknown => "unknown",
        };
        *figures.entry(format!("{key}: {outcome}")).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::history::testing::op;
    use std::collections::BTreeSet;

    fn history(outcome: Outcome, keyed: bool) -> Vec<Operation<Attempt>> {
        let mut attempt = Attempt::number(0, false);
        attempt.keyed = keyed;
        vec![op((0, 1), outcome, attempt)]
    }

    #[test]
    fn each_wrong_verdict_is_found() {
        let wrong = |outcome, keyed, rows: &[i64]| {
            let found = check(&history(outcome, keyed), rows);
            found.first().map(|violation| violation.rule)
        };
        assert_eq!(wrong(Outcome::Done, false, &[0]), None);
        assert_eq!(wrong(Outcome::Failed, false, &[]), None);
        assert_eq!(wrong(Outcome::Unknown, false, &[]), None);
        assert_eq!(wrong(Outcome::Unknown, false, &[0]), None);
        assert_eq!(
            wrong(Outcome::Done, false, &[]),
            Some("an acknowledged transaction is missing")
        );
        assert_eq!(
            wrong(Outcome::Failed, false, &[0]),
            Some("a transaction said to have no effect is committed")
        );
        assert_eq!(
            wrong(Outcome::Done, true, &[0, 0]),
            Some("a transaction was committed twice")
        );
        assert_eq!(
            wrong(Outcome::Unknown, true, &[0]),
            Some("an unknown outcome was not resolved although there is a key")
        );
    }

    #[test]
    fn every_byte_is_cut_in_every_way() {
        for (tls, longest) in [(false, 20), (true, 44)] {
            let seen: BTreeSet<_> = (0..12 * longest)
                .map(|number| Attempt::number(number, tls))
                .map(|attempt| {
                    (
                        attempt.byte,
                        attempt.keyed,
                        format!("{:?}", attempt.direction),
                        format!("{:?}", attempt.cut),
                    )
                })
                .collect();
            assert_eq!(seen.len() as u64, longest * 12);
        }
    }
}
