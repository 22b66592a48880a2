//! The demo's course.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use crdb_facade::migrate::Migrations;
use crdb_facade::{Config, Database};

use super::progress::{bar, watch};
use super::witness::{Seen, Witness};
use super::{Arguments, bank, ledger, slow, transfers};
use crate::server::Server;
use crate::workspace;
use crdb_cli::dev::{Interruptions, run_statements};
use crdb_cli::table;
use crdb_testkit::CockroachVersion;

/// The demo ends within this.
const LIMIT: Duration = Duration::from_secs(60);

/// How many sessions the pool may have.
const SESSIONS: u32 = 8;

/// Runs the demo to its end, or until a signal asks it to stop; either way nothing stays behind.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let server = Box::pin(Server::start(
            &arguments.engine,
            CockroachVersion::default(),
        ));
        let server = match interruptions.unless_interrupted(server).await {
            Ok(server) => server?,
            Err(code) => return Ok(ExitCode::from(code)),
        };
        let shown = tokio::time::timeout(LIMIT, Box::pin(show(&server, arguments)));
        let shown = match interruptions.unless_interrupted(shown).await {
            Ok(shown) => shown
                .unwrap_or_else(|_| bail!("the demo did not end within {} s", LIMIT.as_secs()))
                .map(|()| ExitCode::SUCCESS),
            Err(code) => Ok(ExitCode::from(code)),
        };
        let cleaned = server.clean_up().await;
        let code = shown?;
        cleaned?;
        Ok(code)
    })
}

async fn show(server: &Server, arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    heading("The server");
    println!("{}", server.choice());

    let witness = Arc::new(Witness::default());
    let database = open(server, Arc::clone(&witness)).await?;

    heading("Schema and sample data");
    let began = Instant::now();
    let migrations = Migrations::from_embedded(crdb_example_bank::MIGRATIONS)?;
    let report = database.migrate(migrations).await?;
    for one in report.migrations() {
        let took = milliseconds(began.elapsed());
        println!(
            "migration {} ({}): applied in {took}",
            one.version, one.name
        );
    }
    let (loading, began) = (bar("sample data", 1), Instant::now());
    let run = run_statements(&database, crdb_example_bank::SAMPLE_DATA, |done, count| {
        loading.set_length(count as u64);
        loading.set_position(done as u64);
    });
    watch(&loading, run).await?;
    println!("sample data: applied in {}", milliseconds(began.elapsed()));
    let (total, recorded) = bank::books(&database).await?;
    ensure!(
        total == transfers::expected_total()?,
        "the sample data sums up to {total}, not to {}",
        crdb_example_bank::SAMPLE_TOTAL
    );
    println!("{total} in all accounts, {recorded} transfers on record");

    heading("Named queries");
    println!(
        "reports.balances_by_country\n{}",
        bank::balances_by_country(&database).await?
    );
    println!(
        "customers.by_country, :country = 'PT'\n{}",
        bank::customers_of(&database, "PT").await?
    );

    heading("Transfers that conflict on purpose");
    println!(
        "{} transfers between 8 accounts, {} tasks, SERIALIZABLE, at most {} sessions",
        arguments.transfers,
        arguments.tasks,
        server.sessions(SESSIONS)
    );
    if let Some(how) = server.provoke_conflicts() {
        println!("{how}");
    }
    let bar = bar("transfers", arguments.transfers.into());
    let began = Instant::now();
    let work = transfers::run(&database, arguments.tasks, arguments.transfers, &bar);
    let outcome = watch(&bar, work).await?;
    let took = began.elapsed();
    server.calm();
    let (after, recorded_after) = bank::books(&database).await?;
    let seen = witness.seen();
    println!(
        "{} made, {} refused for lack of cover, in {}",
        outcome.made,
        outcome.refused,
        milliseconds(took)
    );
    println!("{}", retries(&seen));
    ensure!(
        after == total,
        "money was made or lost: {total} before, {after} after"
    );
    ensure!(
        recorded_after == recorded + i64::try_from(outcome.made)?,
        "{} transfers were made, {} are on record",
        outcome.made,
        recorded_after - recorded
    );
    println!("{after} in all accounts, as before: no money was made or lost");
    println!(
        "\nreports.busiest_accounts\n{}",
        bank::busiest_accounts(&database).await?
    );

    heading("A ledger out of the bank and into it again");
    if server.sessions(SESSIONS) > 1 {
        Box::pin(ledger::run(&database)).await?;
    } else {
        println!(
            "This server has one session at a time; an export reads beside the one that keeps its snapshot."
        );
    }

    heading("Why was it slow?");
    if server.sessions(SESSIONS) > 1 {
        println!(
            "A full pool, a slow node and a contended row, as the profile (/profile of the endpoint) tells of them:"
        );
        for told in slow::run(server).await? {
            println!("  {told}");
        }
    } else {
        println!("This server has one session at a time; nothing waits for another one.");
    }

    heading("What the layers saw");
    println!("pool: {}", database.pool_status());
    println!("{}", latencies(&witness.seen()));
    let text = database.metrics().render();
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    println!("metrics: {series} series for Prometheus, for example");
    for line in text.lines().filter(|line| is_interesting(line)).take(8) {
        println!("  {line}");
    }
    database.close(Duration::from_secs(5)).await?;

    heading("Try next");
    println!("{NEXT}");
    println!("\nThe demo took {}.", milliseconds(started.elapsed()));
    Ok(())
}

const NEXT: &str = "  cargo xtask demo --tasks 64 --transfers 2000     more conflicts
  cargo xtask demo --engine postgresql://..        your own server; the demo makes a database there and drops it
  cargo xtask test                                 the tests
  sql/queries/                                     the queries that ran; change one and run the demo again
  README.md, docs/architecture.md                  the layers, each of which can be used alone";

async fn open(server: &Server, witness: Arc<Witness>) -> Result<Database> {
    let queries = workspace::root()?.join("sql/queries");
    let config = server
        .configure(Config::builder())
        .set_text("auth.application_name", "demo")
        .set_text("pool.max_size", &server.sessions(SESSIONS).to_string())
        .set_text("sql.directory", &queries.to_string_lossy())
        .build()?;
    Database::builder(config)
        .exec_observer(witness)
        .open()
        .await
        .context("the database could not be opened")
}

fn heading(title: &str) {
    println!("\n== {title}");
}

fn retries(seen: &Seen) -> String {
    if seen.retries.is_empty() {
        return "no transfer met another: nothing had to be tried again".to_owned();
    }
    let reasons: Vec<_> = seen
        .retries
        .iter()
        .map(|(reason, count)| format!("{count} for {reason}"))
        .collect();
    let rows = seen
        .attempts
        .iter()
        .map(|(attempts, transactions)| [attempts.to_string(), transactions.to_string()])
        .collect();
    format!(
        "tried again: {}\n{}",
        reasons.join(", "),
        table(["attempts", "transactions"], rows)
    )
}

fn latencies(seen: &Seen) -> comfy_table::Table {
    let rows = seen
        .latencies
        .iter()
        .map(|(name, latencies)| {
            [
                name.clone(),
                latencies.count().to_string(),
                milliseconds(latencies.quantile(0.5)),
                milliseconds(latencies.quantile(0.99)),
                milliseconds(latencies.quantile(1.0)),
            ]
        })
        .collect();
    table(["name", "calls", "median", "p99", "longest"], rows)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The metrics of retries and of the pool.
fn is_interesting(line: &str) -> bool {
    !line.starts_with('#')
        && ["retries", "attempts", "waiting", "sessions"]
            .iter()
            .any(|word| line.contains(word))
        && !line.contains("_bucket")
}
