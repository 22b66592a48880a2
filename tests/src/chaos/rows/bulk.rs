//! R18: loads and exports while connections are cut, nodes are lost, statements fail and the loading process is killed.

mod loader;

pub use loader::run_if_ordered;

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Access, Stack, StackOptions};
use anyhow::Context as _;
use crdb_exec::Row as _;
use crdb_facade::data::Manifest;
use crdb_testkit::{Accept, Cut, EngineKind};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use loader::{Ended, Failure, Loader, Orders, Work};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The rows of a round that is given the time for them, and those of a short one.
const ROWS: u32 = 1_000_000;
const FEW_ROWS: u32 = 4_000;

/// A round of [`ROWS`] takes about as long as this.
const LONG: Duration = Duration::from_secs(15 * 60);

/// How often a process that has ended without success is started again before the round is given up.
const RUNS: u32 = 5_000;

/// So many exports are killed; a killed one begins anew, so one that is always killed never ends.
const EXPORTS_KILLED: u32 = 5;

/// The most memory of its own that a loader may take, in MiB.
const MOST_MEMORY: f64 = 32.0;

pub(super) struct Bulk;

impl Row for Bulk {
    fn id(&self) -> &'static str {
        "R18"
    }

    fn title(&self) -> &'static str {
        "loads and exports of a million rows by processes that are killed, under cuts, lost nodes and serialization failures"
    }

    fn size(&self) -> Size {
        Size {
            count: 10_000,
            unit: "faults",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let mut report = Report::default();
            let mut sums = Sums::default();
            let mut number = 0;
            while context.goes_on(report.done, self.size().count) && report.violations.is_empty() {
                Box::pin(round(context, number, &mut report, &mut sums)).await?;
                number += 1;
            }
            report.count("rows loaded", sums.loaded);
            report.count("rows exported", sums.exported);
            report.count("loading processes killed", sums.kills);
            let failed = sums.failed.values().sum();
            report.count("processes that failed and were begun again", failed);
            for (reason, count) in &sums.failed {
                report.count(format!("failed: {reason}"), *count);
            }
            for failure in &sums.unexplained {
                let rule = "a process failed for a reason that no fault gives";
                report
                    .violations
                    .push(Violation::new(rule, failure.as_str()));
            }
            let peak = (sums.peak > 0).then_some(f64::from(sums.peak) / 1024.0);
            report.figure("peak memory of a loading process", peak, "MiB");
            if let Some(peak) = peak.filter(|peak| *peak > MOST_MEMORY) {
                let rule = "a loading process took more memory than it may";
                report
                    .violations
                    .push(Violation::new(rule, format!("{peak:.1} MiB")));
            }
            Ok(report)
        }
        .boxed()
    }
}

#[derive(Default)]
struct Sums {
    loaded: u64,
    exported: u64,
    kills: u64,
    /// By their reasons.
    failed: BTreeMap<String, u64>,
    /// What was said of those that no fault explains.
    unexplained: Vec<String>,
    /// In KiB.
    peak: u32,
}

/// What the stacks of this row have in common.
fn stack_options(habits: Option<u64>) -> StackOptions {
    StackOptions {
        sessions: 6,
        habits,
        ..StackOptions::default()
    }
}

/// A round's bed: a table, a file for it, and what loads the one into the other.
struct Bed<'a> {
    context: &'a Context,
    stack: &'a Stack,
    directory: &'a Path,
    rows: u32,
}

/// Loads a file and exports the table again, each to its end whatever happens.
async fn round(
    context: &Context,
    number: u64,
    report: &mut Report,
    sums: &mut Sums,
) -> anyhow::Result<()> {
    let options = stack_options(Some(context.seed() ^ number));
    let stack = Stack::open(context.engine(), options).await?;
    let directory = tempfile::tempdir()?;
    let bed = Bed {
        context,
        stack: &stack,
        directory: directory.path(),
        rows: if context.left() > LONG {
            ROWS
        } else {
            FEW_ROWS
        },
    };
    // Without a key, so that a row that comes twice is there twice.
    stack
        .truth
        .execute(
            "CREATE TABLE item (id INT8 NOT NULL, name TEXT NOT NULL)",
            &[],
        )
        .await?;
    let mut rng = context.random("bulk", number);
    let kills = sums.kills;
    let loaded = bed.load(&mut rng, sums).await?;
    let rows = i64::from(bed.rows);
    let (there, distinct) = counts(&stack).await?;
    let what = format!(
        "round {number}: {there} rows, {distinct} different ones, {loaded} told, of {rows}"
    );
    let mut violations = Vec::new();
    if distinct < rows {
        violations.push(Violation::new("a row was lost in a load", what.clone()));
    }
    if there > distinct {
        violations.push(Violation::new("a row was doubled in a load", what.clone()));
    }
    if loaded != u64::from(bed.rows) {
        violations.push(Violation::new(
            "a load did not tell what it has loaded",
            what,
        ));
    }
    sums.loaded += there.unsigned_abs();
    if violations.is_empty() {
        stack
            .truth
            .execute("ALTER TABLE item ADD PRIMARY KEY (id)", &[])
            .await?;
        violations.extend(bed.export(&mut rng, sums).await?);
    }
    report.done += faults(&stack) + (sums.kills - kills);
    if !violations.is_empty() {
        let name = format!("R18-round-{number}");
        context
            .evidence()
            .keep(&name, &violations, &[], &stack.trace)?;
        report.violations.extend(violations);
    }
    stack.close().await
}

impl Bed<'_> {
    fn orders(&self, work: Work) -> Orders {
        Orders {
            access: Access::of(self.stack.engine(), &self.stack.name, true),
            database: self.stack.name.clone(),
            nodes: self
                .stack
                .proxies
                .iter()
                .map(|proxy| (proxy.host().to_owned(), proxy.port()))
                .collect(),
            work,
        }
    }

    /// Gives how many rows it told.
    async fn load(&self, rng: &mut StdRng, sums: &mut Sums) -> anyhow::Result<u64> {
        let file = self.directory.join("item.csv");
        let (rows, target) = (self.rows, file.clone());
        tokio::task::spawn_blocking(move || write_rows(&target, rows)).await??;
        let orders = self.orders(Work::Load {
            file,
            // So that a million rows meet ten thousand faults.
            chunk_rows: 80,
        });
        self.until_done(&orders, u32::MAX, rng, sums).await
    }

    /// Exports, and looks at what was written.
    async fn export(&self, rng: &mut StdRng, sums: &mut Sums) -> anyhow::Result<Option<Violation>> {
        let directory = self.directory.join("out");
        let orders = self.orders(Work::Export {
            directory: directory.clone(),
        });
        let told = self.until_done(&orders, EXPORTS_KILLED, rng, sums).await?;
        sums.exported += told;
        let rows = self.rows;
        tokio::task::spawn_blocking(move || check_export(&directory, rows)).await?
    }

    /// Starts a process again and again until one has succeeded, while connections are cut; `kills` of them are killed at most. When the
    /// time of the row is up, nothing is done to them any more.
    async fn until_done(
        &self,
        orders: &Orders,
        kills: u32,
        rng: &mut StdRng,
        sums: &mut Sums,
    ) -> anyhow::Result<u64> {
        let mut killed = 0;
        let mut last = String::new();
        for _ in 0..RUNS {
            let over = self.context.left().is_zero();
            if over {
                self.stack.heal().await;
            }
            let patience = match over || killed >= kills {
                true => Duration::MAX,
                false => Duration::from_millis(rng.random_range(300..8_000)),
            };
            let ended = AtomicBool::new(over);
            let loader = async {
                let kill = async {
                    let patience = patience.min(self.context.left());
                    match over || killed >= kills {
                        true => std::future::pending().await,
                        false => tokio::time::sleep(patience).await,
                    }
                };
                let result = Loader::start(orders)?.end(kill).await;
                ended.store(true, Ordering::Relaxed);
                result
            };
            let (result, ()) = join(loader, self.beset(rng, &ended)).await;
            let (how, peak) = result?;
            sums.peak = sums.peak.max(u32::try_from(peak)?);
            match how {
                Ended::Done(rows) => return Ok(rows),
                Ended::Killed => {
                    killed += 1;
                    sums.kills += 1;
                }
                Ended::Failed(failure) => {
                    if !failure.is_answer {
                        let Failure {
                            reason, message, ..
                        } = &failure;
                        sums.unexplained.push(format!("{reason}: {message}"));
                    }
                    *sums.failed.entry(failure.reason).or_default() += 1;
                    last = failure.message;
                }
            }
        }
        anyhow::bail!("no process ended well in {RUNS} runs; the last said: {last}")
    }

    /// Cuts connections and loses nodes now and then, until the work has ended or the time of the row is up.
    async fn beset(&self, rng: &mut StdRng, ended: &AtomicBool) {
        while !ended.load(Ordering::Relaxed) && !self.context.left().is_zero() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(20..200))).await;
            let Some(proxy) = self
                .stack
                .proxies
                .get(rng.random_range(0..self.stack.proxies.len()))
            else {
                return;
            };
            let cut = [Cut::Reset, Cut::Close, Cut::HalfClose][rng.random_range(0..3)];
            if rng.random_bool(0.1) {
                // The node is gone for a while, also for new callers.
                proxy.set_accept(Accept::Refuse).await;
                proxy.cut_now(cut);
                tokio::time::sleep(Duration::from_millis(rng.random_range(50..500))).await;
                proxy.heal().await;
            } else {
                proxy.cut_now(cut);
            }
        }
        self.stack.heal_connections().await;
    }
}

fn write_rows(file: &Path, rows: u32) -> anyhow::Result<()> {
    use std::io::Write as _;

    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(out, "id,name")?;
    for id in 0..rows {
        writeln!(out, "{id},\"row\n{id}\"")?;
    }
    Ok(out.flush()?)
}

fn check_export(directory: &Path, rows: u32) -> anyhow::Result<Option<Violation>> {
    let manifest = match Manifest::verify(&directory.join("manifest.json")) {
        Ok(manifest) => manifest,
        Err(error) => {
            let rule = "an export is not what its manifest says";
            return Ok(Some(Violation::new(rule, error.to_string())));
        }
    };
    let mut seen = vec![false; rows as usize];
    let (mut count, mut doubled) = (0_u64, 0_u64);
    for part in &manifest.parts {
        let lines = BufReader::new(std::fs::File::open(directory.join(&part.file))?).lines();
        // Every row has two lines, the first of which begins with its id.
        for line in lines.skip(1).step_by(2) {
            let line = line?;
            let id: usize = line
                .split(',')
                .next()
                .unwrap_or_default()
                .parse()
                .context("the id of an exported row")?;
            count += 1;
            match seen.get_mut(id) {
                Some(seen) => doubled += u64::from(std::mem::replace(seen, true)),
                None => doubled += 1,
            }
        }
    }
    let lost = seen.iter().filter(|seen| !**seen).count();
    Ok((lost > 0 || doubled > 0).then(|| {
        let found = format!("{count} rows of {rows}: {lost} lost, {doubled} doubled");
        Violation::new("a row was lost or doubled in an export", found)
    }))
}

/// The rows that are there and will be, and how many are different.
async fn counts(stack: &Stack) -> anyhow::Result<(i64, i64)> {
    let postgres = stack.engine().kind() == EngineKind::PostgreSql;
    let options = stack
        .truth
        .transaction_options()
        .timeout(Duration::from_secs(60));
    let row: Result<_, crdb_facade::Error> = stack
        .truth
        .transact_with(&options, async |tx| {
            if postgres {
                // Waits for every writer. CockroachDB's reads do that by themselves.
                tx.execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE", &[])
                    .await?;
            }
            let row = tx
                .fetch_one("SELECT count(*), count(DISTINCT id) FROM item", &[])
                .await?;
            Ok((row.get(0)?, row.get(1)?))
        })
        .await;
    row.context("counting the rows")
}

/// What was done to the stack.
fn faults(stack: &Stack) -> u64 {
    let cuts: u64 = stack.proxies.iter().map(|proxy| proxy.counts().cut).sum();
    let habits = stack.habits.iter().map(|habit| {
        let counts = habit.counts();
        counts.retries + counts.ambiguous + counts.cuts
    });
    cuts + habits.sum::<u64>()
}
