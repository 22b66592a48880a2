//! R1: workloads of Jepsen's kind while everything around them breaks.

use crate::chaos::context::Context;
use crate::chaos::nemesis::Nemesis;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions};
use crate::chaos::workload::{
    Findings, Workload, append::Append, bank::Bank, register::Register, set::Set,
};
use anyhow::Context as _;
use crdb_facade::Database;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long a round lasts before its histories are checked.
const ROUND: Duration = Duration::from_secs(20);
/// How long clients may take to come back once everything is healed: several times their deadline.
const SETTLE: Duration = Duration::from_secs(20);
/// Clients of each workload.
const CLIENTS: u32 = 3;
/// A fault hits the connections of one proxy. There are so many that meanwhile most clients are on others.
const PROXIES: usize = 8;
/// More than clients, so that faults hit idle sessions too.
const SESSIONS: u32 = 24;

pub(super) struct Workloads;

impl Row for Workloads {
    fn id(&self) -> &'static str {
        "R1"
    }

    fn title(&self) -> &'static str {
        "bank, register, set and append workloads while connections are cut, backends killed, the server restarted"
    }

    fn size(&self) -> Size {
        Size {
            count: 100_000,
            unit: "faults",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let mut report = Report::default();
            let mut totals = Totals::default();
            let mut rounds = 0;
            while context.goes_on(report.done, self.size().count) && report.violations.is_empty() {
                let length = ROUND.min(context.left());
                let round = Round::run(context, rounds, length, workloads()).await?;
                rounds += 1;
                report.done += round.faults.values().sum::<u64>();
                totals.add(&round);
                round.end(context, rounds, &mut report).await?;
            }
            report.count("rounds", rounds);
            totals.tell(&mut report);
            Ok(report)
        }
        .boxed()
    }
}

#[derive(Default)]
struct Totals {
    faults: BTreeMap<&'static str, u64>,
    operations: BTreeMap<String, u64>,
}

impl Totals {
    fn add(&mut self, round: &Round) {
        for (name, count) in &round.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (workload, findings) in &round.findings {
            let outcomes = [
                ("acknowledged", findings.done),
                ("failed", findings.failed),
                ("unknown", findings.unknown),
            ];
            for (outcome, count) in outcomes {
                let name = format!("{workload}: {outcome}");
                *self.operations.entry(name).or_default() += count;
            }
        }
    }

    fn tell(self, report: &mut Report) {
        for (name, count) in self.faults {
            report.count(name, count);
        }
        for (name, count) in self.operations {
            report.count(name, count);
        }
    }
}

fn workloads() -> Vec<Arc<dyn Workload>> {
    vec![
        Arc::new(Bank::default()),
        Arc::new(Register::default()),
        Arc::new(Set::default()),
        Arc::new(Append::default()),
    ]
}

/// All workloads on a stack of their own for some seconds.
struct Round {
    stack: Arc<Stack>,
    faults: BTreeMap<&'static str, u64>,
    findings: Vec<(&'static str, Findings)>,
}

impl Round {
    async fn run(
        context: &Context,
        number: u64,
        length: Duration,
        workloads: Vec<Arc<dyn Workload>>,
    ) -> anyhow::Result<Self> {
        let options = StackOptions {
            // Both ways in turn.
            tls: number.is_multiple_of(2),
            proxies: PROXIES,
            sessions: SESSIONS,
            habits: (number % 3 == 2).then(|| context.random("habits", number).random()),
            ..context.stack_options()
        };
        let stack = Arc::new(Stack::open(context.engine(), options).await?);
        for workload in &workloads {
            workload
                .set_up(&stack.truth)
                .await
                .with_context(|| format!("setting up {}", workload.name()))?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = workloads
            .iter()
            .flat_map(|workload| (0..CLIENTS).map(move |client| (workload, client)))
            .map(|(workload, client)| {
                let rng = context.random(workload.name(), (number << 8) | u64::from(client));
                let workload = Arc::clone(workload);
                let (db, stop) = (stack.db.clone(), Arc::clone(&stop));
                tokio::spawn(async move { drive(&*workload, &db, client, rng, &stop).await })
            })
            .collect();
        let faults = {
            let (stack, stop) = (Arc::clone(&stack), Arc::clone(&stop));
            let rngs = (0..).map(|part| context.random("nemesis", (number << 8) | part));
            let nemesis = Nemesis::new(stack);
            let rngs = rngs.take(nemesis.parts()).collect();
            tokio::spawn(async move { nemesis.run(rngs, &stop).await })
        };
        sleep(length).await;
        stop.store(true, Ordering::Relaxed);
        let faults = faults.await.context("the nemesis failed")?;
        let clients = timeout(SETTLE, join_all(clients)).await;
        for client in clients.context("a client did not come back after everything was healed")? {
            client.context("a client failed")?;
        }
        let mut findings = Vec::new();
        for workload in workloads {
            let name = workload.name();
            let found = workload
                .finish(&stack.truth)
                .await
                .with_context(|| format!("reading the end of {name}"))?;
            findings.push((name, found));
        }
        Ok(Self {
            stack,
            faults,
            findings,
        })
    }

    /// Keeps the evidence of what was found, and closes the stack.
    async fn end(self, context: &Context, number: u64, report: &mut Report) -> anyhow::Result<()> {
        for (workload, found) in self.findings {
            if found.violations.is_empty() {
                continue;
            }
            let what = format!("R1-{workload}-round-{number}");
            let trace = &self.stack.trace;
            context
                .evidence()
                .keep(&what, &found.violations, &found.history, trace)?;
            report.violations.extend(found.violations);
        }
        let stack = Arc::into_inner(self.stack).context("the stack is still in use")?;
        stack.close().await
    }
}

async fn drive(
    workload: &dyn Workload,
    db: &Database,
    client: u32,
    mut rng: StdRng,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::Relaxed) {
        workload.step(db, client, &mut rng).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::checker::set::{self, Action};
    use crate::chaos::evidence::Evidence;
    use crate::chaos::history::{Outcome, Recorder};
    use crdb_exec::Row as _;
    use crdb_facade::Error;
    use crdb_testkit::{Engine, EngineOptions};
    use std::sync::atomic::AtomicI64;

    /// Says of every tenth element that it was added, and does not add it.
    #[derive(Default)]
    struct Forgetful {
        recorder: Recorder<Action>,
        next: AtomicI64,
    }

    impl Workload for Forgetful {
        fn name(&self) -> &'static str {
            "forgetful"
        }

        fn set_up<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<(), Error>> {
            async move {
                truth
                    .execute("CREATE TABLE element (value INT8 NOT NULL)", &[])
                    .await?;
                Ok(())
            }
            .boxed()
        }

        fn step<'a>(
            &'a self,
            db: &'a Database,
            client: u32,
            _: &'a mut StdRng,
        ) -> BoxFuture<'a, ()> {
            async move {
                let element = self.next.fetch_add(1, Ordering::Relaxed);
                let began = self.recorder.begin();
                let text = "INSERT INTO element VALUES ($1)";
                let outcome = if element % 10 == 0 {
                    Outcome::Done
                } else {
                    crate::chaos::workload::outcome(&db.execute(text, &[&element]).await)
                };
                self.recorder
                    .end(client, began, outcome, Action::Add(element));
            }
            .boxed()
        }

        fn finish<'a>(&'a self, truth: &'a Database) -> BoxFuture<'a, Result<Findings, Error>> {
            async move {
                let rows = truth.fetch_all("SELECT value FROM element", &[]).await?;
                let last: Vec<i64> = rows
                    .iter()
                    .map(|row| row.get(0))
                    .collect::<Result<_, _>>()?;
                let history = self.recorder.take();
                let violations = set::check(&history, &last);
                Ok(Findings::of(&history, violations, &last))
            }
            .boxed()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_wrong_workload_is_found_and_leaves_what_explains_it() {
        let directory = tempfile::tempdir().unwrap();
        let again = "cargo xtask chaos R1 --seed 7".to_owned();
        let evidence = Evidence::new(directory.path().to_owned(), again.clone());
        let engine = Engine::try_start(EngineOptions::default()).await.unwrap();
        let context = Context::new(Arc::new(engine), 7, None, evidence);
        // An odd round has no TLS, so that the bytes can be read.
        let wrong: Vec<Arc<dyn Workload>> = vec![Arc::new(Forgetful::default())];
        let round = Round::run(&context, 1, Duration::from_secs(1), wrong)
            .await
            .unwrap();
        let mut report = Report::default();
        round.end(&context, 1, &mut report).await.unwrap();
        assert_eq!(report.violations[0].rule, "an element is lost");
        let read = |name| {
            let file = directory.path().join("R1-forgetful-round-1").join(name);
            std::fs::read_to_string(file).unwrap()
        };
        let page = read("README.md");
        assert!(
            page.contains(&again) && page.contains("an element is lost"),
            "{page}"
        );
        assert!(read("history.jsonl").contains("\"add\":0"));
        assert!(read("trace.log").contains("fault on proxy"));
        let wire = read("wire.log");
        assert!(
            wire.contains("-> server") && wire.contains("INSERT INTO element"),
            "{wire}"
        );
    }
}
