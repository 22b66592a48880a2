//! Three runners at once, each a process of its own, one of which is killed (SIGKILL) before a statement is sent or after its
//! answer was read; heartbeats and the runner's own writes count among the statements.
//!
//! Short: a few points on each engine. Long (`CRDB_TEST_LONG`): 1,000 points, from the seed `CRDB_TEST_SEED`.

use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crdb_exec::{Engine, PooledExecutor};
use crdb_migrate::{Migrations, Migrator, Options};
use tokio::process::{Child, Command};

use crate::bed::{BOTH, Bed};
use crate::source::Plain;

/// How a runner is told what to do: `PORT USER DATABASE ENGINE KILL_AT`.
const ORDERS: &str = "CRDB_MIGRATE_TEST_RUNNER";

/// The test that is run again in processes of their own, which know by [`ORDERS`] what to do.
const TEST: &str = "kill::each_migration_takes_effect_once_whenever_a_runner_is_killed";

/// No runner hangs for longer.
const HANGS: Duration = Duration::from_secs(300);

const FILES: &[(&str, &str)] = &[
    (
        "0001_tables.up.sql",
        "CREATE TABLE counter (id INT8 PRIMARY KEY, n INT8 NOT NULL);\nCREATE TABLE item (id INT8 PRIMARY KEY, owner TEXT NOT NULL);",
    ),
    (
        "0002_rows.up.sql",
        "INSERT INTO counter VALUES (1, 0);\nUPDATE counter SET n = n + 1;\nINSERT INTO item SELECT g, 'o' || g FROM generate_series(1, 50) AS g;",
    ),
    (
        "0003_index.up.sql",
        "CREATE INDEX CONCURRENTLY by_owner ON item (owner);",
    ),
    (
        "0004_column.up.sql",
        "ALTER TABLE item ADD COLUMN note TEXT;",
    ),
    (
        "0005_together.up.sql",
        "-- transaction: one\nUPDATE counter SET n = n + 10;\nUPDATE counter SET n = n + 100;",
    ),
];

/// Counts the points of this process at which it can be killed, and kills it at one.
static POINTS: AtomicU64 = AtomicU64::new(0);

/// The point at which this process kills itself; 0 for none.
static KILL_AT: AtomicU64 = AtomicU64::new(0);

/// Before a statement is sent, and after its answer was read.
pub(crate) fn point() {
    let at = KILL_AT.load(Ordering::SeqCst);
    if POINTS.fetch_add(1, Ordering::SeqCst) + 1 == at {
        let own = rustix::process::getpid();
        let killed = rustix::process::kill_process(own, rustix::process::Signal::KILL);
        unreachable!("the process was killed: {killed:?}");
    }
}

/// What a process that was started with orders runs.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
async fn run(orders: &str) {
    let words: Vec<&str> = orders.split(' ').collect();
    let [port, user, database, engine, kill_at] = words.as_slice() else {
        panic!("{orders}");
    };
    KILL_AT.store(kill_at.parse().unwrap(), Ordering::SeqCst);
    let mut config = tokio_postgres::Config::new();
    config
        .host("localhost")
        .port(port.parse().unwrap())
        .user(*user)
        .dbname(*database);
    let engine = match *engine {
        "cockroachdb" => Engine::CockroachDb,
        _ => Engine::PostgreSql,
    };
    let db = PooledExecutor::builder(Plain::new(std::sync::Arc::new(config), engine))
        .retry_reserve(10_000)
        .build();
    let options = Options::new().lease(Duration::from_secs(1)).wait(HANGS);
    let migrator = Migrator::new(db, Migrations::from_embedded(FILES).unwrap()).options(options);
    // A lease of one second can be lost on a busy machine: then the runner goes on as any caller would.
    while let Err(error) = migrator.up().await {
        assert!(error.is_transient(), "{error}");
    }
    println!("points: {}", POINTS.load(Ordering::SeqCst));
}

fn start(bed: &Bed, kill_at: u64) -> Child {
    let orders = format!(
        "{} {} {} {} {kill_at}",
        bed.port(),
        bed.user(),
        bed.database.name(),
        match bed.kind {
            Engine::CockroachDb => "cockroachdb",
            _ => "postgresql",
        }
    );
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(ORDERS, orders)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn finish(runner: Child) -> std::process::Output {
    tokio::time::timeout(HANGS, runner.wait_with_output())
        .await
        .expect("a runner hung")
        .unwrap()
}

/// How many points there are for one runner alone.
async fn points(kind: Engine) -> u64 {
    let bed = Bed::new(kind).await;
    let output = finish(start(&bed, 0)).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("points: "));
    line.unwrap_or_else(|| panic!("{output:?}"))
        .1
        .parse()
        .unwrap()
}

/// One killed runner, two others. Gives whether the first was killed, which it is not when another does its work.
async fn round(kind: Engine, kill_at: u64) -> bool {
    let bed = Bed::new(kind).await;
    let first = start(&bed, kill_at);
    let others = [start(&bed, 0), start(&bed, 0)];
    let killed = !finish(first).await.status.success();
    for other in others {
        let output = finish(other).await;
        assert!(
            output.status.success(),
            "kill at {kill_at} on {kind:?}: {output:?}"
        );
    }
    let what = format!("kill at {kill_at} on {kind:?}");
    assert_eq!(bed.ask("SELECT n FROM counter").await, "111", "{what}");
    assert_eq!(bed.ask("SELECT count(*) FROM item").await, "50", "{what}");
    assert_eq!(
        bed.ask(
            "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE c.relname LIKE 'by_owner%' AND i.indisvalid"
        )
        .await,
        "1",
        "{what}"
    );
    assert_eq!(
        bed.ask("SELECT string_agg(version || '.' || step, ' ' ORDER BY version, step) FROM crdb_migration_step WHERE state = 'verified'")
            .await,
        "1.0 1.1 2.0 2.1 2.2 3.0 4.0 5.0 5.1",
        "{what}"
    );
    if kind == Engine::CockroachDb {
        for change in [
            "CREATE TABLE counter",
            "CREATE TABLE item",
            "CREATE INDEX CONCURRENTLY by_owner",
            "ALTER TABLE item",
        ] {
            let jobs = bed
                .ask(&format!(
                    "SELECT count(*) FROM [SHOW JOBS] WHERE description LIKE '{change}%' AND status = 'succeeded'"
                ))
                .await;
            assert_eq!(jobs, "1", "{what}: {change}");
        }
    }
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_migration_takes_effect_once_whenever_a_runner_is_killed() {
    match std::env::var(ORDERS) {
        Ok(orders) => run(&orders).await,
        Err(_) => kill_one_of_three_again_and_again().await,
    }
}

#[expect(clippy::print_stdout, reason = "the chaos harness reads it")]
async fn kill_one_of_three_again_and_again() {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let seed: u64 = std::env::var("CRDB_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let wanted = if long { 500 } else { 4 };
    let mut kills = 0;
    for kind in BOTH {
        let points = points(kind).await;
        let (mut here, mut round_number) = (0, 0);
        while here < wanted {
            // Spread evenly and shifted by the seed, so that few rounds meet different parts.
            let step = seed
                .wrapping_mul(7)
                .wrapping_add(round_number * (points / 4 + 7));
            let kill_at = 1 + step % points;
            here += u64::from(round(kind, kill_at).await);
            round_number += 1;
            assert!(round_number < 4 * wanted + 8, "too few runners were killed");
            if long && here % 50 == 0 {
                println!("row R17: figure kills so far = {}", kills + here);
            }
        }
        kills += here;
    }
    println!("row R17: done {kills} kills");
}
