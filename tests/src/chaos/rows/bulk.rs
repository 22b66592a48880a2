//! R18: loads and exports while connections are cut, statements fail and the program is killed.

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions};
use anyhow::Context as _;
use crdb_exec::Row as _;
use crdb_facade::data::{Csv, Destination, Error, Export, Load, Manifest, Source};
use crdb_testkit::{Cut, EngineKind};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The rows of a round.
const ROWS: i64 = 4_000;

/// How often a run that has failed is begun again before the round is given up.
const RUNS: u32 = 2_000;

pub(super) struct Bulk;

impl Row for Bulk {
    fn id(&self) -> &'static str {
        "R18"
    }

    fn title(&self) -> &'static str {
        "loads and exports under cuts, kills and serialization failures"
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
                round(context, number, &mut report, &mut sums).await?;
                number += 1;
            }
            report.count("rows loaded", sums.loaded);
            report.count("rows exported", sums.exported);
            report.count("kills", sums.kills);
            report.count("runs that failed and were begun again", sums.failed);
            report.figure("peak memory of the whole harness", peak_memory(), "MiB");
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
    failed: u64,
}

/// Loads a file and exports the table again, each to its end whatever happens.
async fn round(
    context: &Context,
    number: u64,
    report: &mut Report,
    sums: &mut Sums,
) -> anyhow::Result<()> {
    let options = StackOptions {
        sessions: 6,
        habits: Some(context.seed() ^ number),
        ..StackOptions::default()
    };
    let stack = Stack::open(context.engine(), options).await?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("item.csv");
    tokio::fs::write(&file, content()).await?;
    // Without a key, so that a row that comes twice is there twice.
    stack
        .truth
        .execute(
            "CREATE TABLE item (id INT8 NOT NULL, name TEXT NOT NULL)",
            &[],
        )
        .await?;
    let mut rng = context.random("bulk", number);
    let loaded = load(context, &stack, &file, &mut rng, sums).await?;
    let (rows, distinct) = counts(&stack).await?;
    let what =
        format!("round {number}: {rows} rows, {distinct} different ones, {loaded} told, of {ROWS}");
    let mut violations = Vec::new();
    if distinct < ROWS {
        violations.push(Violation::new("a row was lost in a load", what.clone()));
    }
    if rows > distinct {
        violations.push(Violation::new("a row was doubled in a load", what.clone()));
    }
    if loaded != ROWS.unsigned_abs() {
        violations.push(Violation::new(
            "a load did not tell what it has loaded",
            what,
        ));
    }
    sums.loaded += rows.unsigned_abs();
    if violations.is_empty() {
        stack
            .truth
            .execute("ALTER TABLE item ADD PRIMARY KEY (id)", &[])
            .await?;
        violations = export(context, &stack, directory.path(), &mut rng, sums).await?;
    }
    report.done += faults(&stack);
    if !violations.is_empty() {
        let name = format!("R18-round-{number}");
        context
            .evidence()
            .keep(&name, &violations, &[], &stack.trace)?;
        report.violations.extend(violations);
    }
    stack.close().await
}

fn content() -> String {
    let mut content = String::from("id,name\n");
    for id in 0..ROWS {
        // Writing into a String does not fail.
        let _ = writeln!(content, "{id},\"row\n{id}\"");
    }
    content
}

/// Runs until it has succeeded, while connections are cut and the work is dropped where it is. Gives how many rows it told.
async fn load(
    context: &Context,
    stack: &Stack,
    file: &Path,
    rng: &mut StdRng,
    sums: &mut Sums,
) -> anyhow::Result<u64> {
    let load = Load::into_table("item")
        .resumable("item")
        .chunk_rows(100)
        .sessions(3);
    for _ in 0..RUNS {
        let run = load.run(stack.db.executor(), Source::csv(file));
        let patience = Duration::from_millis(rng.random_range(500..6_000));
        match beset(context, stack, rng, run, patience).await {
            Some(Ok(done)) => return Ok(done.rows),
            Some(Err(_)) => sums.failed += 1,
            None => sums.kills += 1,
        }
    }
    anyhow::bail!("the load did not end in {RUNS} runs")
}

/// Exports until it has succeeded, and looks at what was written.
async fn export(
    context: &Context,
    stack: &Stack,
    directory: &Path,
    rng: &mut StdRng,
    sums: &mut Sums,
) -> anyhow::Result<Vec<Violation>> {
    let target = directory.join("out");
    let export = Export::table("item", Csv::postgres()).parts(3);
    for _ in 0..RUNS {
        let run = export.run(stack.db.executor(), Destination::Directory(target.clone()));
        let patience = Duration::from_millis(rng.random_range(500..6_000));
        let manifest = match beset(context, stack, rng, run, patience).await {
            Some(Ok(manifest)) => manifest,
            Some(Err(_)) => {
                sums.failed += 1;
                continue;
            }
            None => {
                sums.kills += 1;
                continue;
            }
        };
        sums.exported += manifest.rows;
        return Ok(check_export(&target, &manifest)?.into_iter().collect());
    }
    anyhow::bail!("the export did not end in {RUNS} runs")
}

fn check_export(directory: &Path, manifest: &Manifest) -> anyhow::Result<Option<Violation>> {
    if let Err(error) = Manifest::verify(&directory.join("manifest.json")) {
        let rule = "an export is not what its manifest says";
        return Ok(Some(Violation::new(rule, error.to_string())));
    }
    let mut ids = BTreeSet::new();
    let mut rows = 0_u64;
    for part in &manifest.parts {
        let text = std::fs::read_to_string(directory.join(&part.file))?;
        // Every row has two lines, the first of which begins with its id.
        for line in text.lines().skip(1).step_by(2) {
            let id = line.split(',').next().unwrap_or_default();
            ids.insert(id.parse::<i64>().context("the id of an exported row")?);
            rows += 1;
        }
    }
    let whole = rows == ROWS.unsigned_abs() && ids.len() as u64 == rows;
    Ok((!whole).then(|| {
        let seen = format!("{rows} rows, {} different ones, of {ROWS}", ids.len());
        Violation::new("a row was lost or doubled in an export", seen)
    }))
}

/// Runs the work while its connections are cut now and then; drops it when its patience is over. When the time of the row is up, nothing is
/// done to it any more.
async fn beset<T>(
    context: &Context,
    stack: &Stack,
    rng: &mut StdRng,
    work: impl Future<Output = Result<T, Error>>,
    patience: Duration,
) -> Option<Result<T, Error>> {
    if context.left().is_zero() {
        stack.heal().await;
        return Some(work.await);
    }
    let cutting = async {
        loop {
            tokio::time::sleep(Duration::from_millis(rng.random_range(20..300))).await;
            let cut = [Cut::Reset, Cut::Close, Cut::HalfClose][rng.random_range(0..3)];
            if let Some(proxy) = stack.proxies.get(rng.random_range(0..stack.proxies.len())) {
                proxy.cut_now(cut);
            }
        }
    };
    tokio::select! {
        result = work => Some(result),
        () = cutting => None,
        () = tokio::time::sleep(patience.min(context.left())) => None,
    }
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

/// The most memory that this process has had, in MiB.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
