//! Three runners at once, each a process of its own, one of which is killed (SIGKILL) before a request is sent or after its
//! answer was read: those of migrations, of the journal, of heartbeats, and looks at jobs. Every fourth one is not killed but
//! frozen for longer than its lease, and goes on then with what it was about to send.
//!
//! Short: a few points on each engine. Long (`CRDB_TEST_LONG`): 1,000 kills on each engine, at every point in turn, from
//! the seed `CRDB_TEST_SEED`.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crdb_exec::{Engine, PooledExecutor};
use crdb_migrate::{Migrations, Migrator, Options};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::bed::{BOTH, Bed};
use crate::source::Plain;
use crate::witness;

/// How a runner is told what to do: `PORT USER DATABASE ENGINE POINT FATE`.
const ORDERS: &str = "CRDB_MIGRATE_TEST_RUNNER";

/// The test that is run again in processes of their own, which know by [`ORDERS`] what to do.
const TEST: &str = "kill::each_migration_takes_effect_once_whenever_a_runner_is_killed";

/// No runner hangs for longer.
const HANGS: Duration = Duration::from_secs(180);

/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(1);

/// How long a runner is frozen: others have taken its lease by then.
const FROZEN: Duration = Duration::from_millis(2_500);

/// How long schema changes take behind the proxy: some heartbeats.
const JOB: Duration = Duration::from_millis(250);

/// Rounds at a time.
const AT_ONCE: usize = 4;

const FILES: &[(&str, &str)] = &[
    (
        "0001_tables.up.sql",
        "CREATE TABLE counter (id INT8 PRIMARY KEY, n INT8 NOT NULL);\nCREATE TABLE item (id INT8 PRIMARY KEY, owner TEXT NOT NULL);",
    ),
    (
        "0002_rows.up.sql",
        "INSERT INTO counter VALUES (1, 0);\nUPDATE counter SET n = n + 1;\nINSERT INTO item SELECT g, 'o' || g FROM generate_series(1, 50) AS g, pg_sleep(0.25);",
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

/// What the server says it made.
const MADE: &[&str] = &[
    "ALTER TABLE public.item",
    "CREATE INDEX public.by_owner",
    "CREATE INDEX public.counter_pkey",
    "CREATE INDEX public.item_pkey",
    "CREATE TABLE public.counter",
    "CREATE TABLE public.item",
];

/// Counts the points that this process has passed.
static POINTS: AtomicU64 = AtomicU64::new(0);

/// The point at which this process meets its fate; 0 for none.
static FATED: AtomicU64 = AtomicU64::new(0);

/// Whether it is frozen there rather than killed.
static FREEZES: AtomicBool = AtomicBool::new(false);

/// Requests that are not answered yet.
static OPEN: AtomicI64 = AtomicI64::new(0);

/// Before a request is sent.
pub(crate) fn before_request() {
    let beside = OPEN.fetch_add(1, Ordering::SeqCst) > 0;
    point(beside);
}

/// After the answer to a request was read.
pub(crate) fn after_answer() {
    let beside = OPEN.fetch_sub(1, Ordering::SeqCst) > 1;
    point(beside);
}

/// `beside` says that another request of this process is under way: this one is a heartbeat, or a look at a job.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
#[expect(
    clippy::disallowed_methods,
    reason = "all of the process has to stand still"
)]
fn point(beside: bool) {
    if POINTS.fetch_add(1, Ordering::SeqCst) + 1 != FATED.load(Ordering::SeqCst) {
        return;
    }
    println!("{}", if beside { "met: beside" } else { "met: alone" });
    if FREEZES.load(Ordering::SeqCst) {
        // All that this process does stands still: its runtime has this one thread.
        std::thread::sleep(FROZEN);
        return;
    }
    let own = rustix::process::getpid();
    let killed = rustix::process::kill_process(own, rustix::process::Signal::KILL);
    unreachable!("the process was killed: {killed:?}");
}

/// What becomes of a runner at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Killed,
    Frozen,
}

/// What a process that was started with orders runs.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
async fn run(orders: &str) {
    let words: Vec<&str> = orders.split(' ').collect();
    let [port, user, database, engine, at, fate] = words.as_slice() else {
        panic!("{orders}");
    };
    FATED.store(at.parse().unwrap(), Ordering::SeqCst);
    FREEZES.store(*fate == "frozen", Ordering::SeqCst);
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
    let options = Options::new().lease(LEASE).wait(HANGS);
    let migrator = Migrator::new(db, Migrations::from_embedded(FILES).unwrap()).options(options);
    // A lease of one second can be lost on a busy machine: then the runner goes on as any caller would.
    while let Err(error) = migrator.up().await {
        assert!(error.is_transient(), "{error}");
        tokio::time::sleep(LEASE / 10).await;
    }
    println!("points: {}", POINTS.load(Ordering::SeqCst));
}

fn start(bed: &Bed, at: u64, fate: Fate) -> Child {
    let orders = format!(
        "{} {} {} {} {at} {}",
        bed.port(),
        bed.user(),
        bed.database.name(),
        match bed.kind {
            Engine::CockroachDb => "cockroachdb",
            _ => "postgresql",
        },
        match fate {
            Fate::Killed => "killed",
            Fate::Frozen => "frozen",
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

async fn finish(bed: &Bed, runner: Child) -> std::process::Output {
    match tokio::time::timeout(HANGS, runner.wait_with_output()).await {
        Ok(output) => output.unwrap(),
        Err(_) => panic!("a runner hung on {:?}: {}", bed.kind, standstill(bed).await),
    }
}

/// What the server shows of runners that do not go on.
async fn standstill(bed: &Bed) -> String {
    let ask = async |sql: &str| {
        let answer = bed.engine.execute_in(bed.database.name(), sql).await;
        answer.unwrap_or_default().unwrap_or_default()
    };
    let lease = ask("SELECT string_agg(l::TEXT, ' ') FROM public.crdb_migration_lease l").await;
    let lines = ask(
        "SELECT string_agg(version || '.' || step || ' ' || state || coalesce(' ' || error, ''), ', ') FROM public.crdb_migration_step",
    )
    .await;
    let sessions = ask(
        "SELECT string_agg(pid || ' ' || coalesce(state, '') || ' ' || coalesce(wait_event, '') || ' ' || left(query, 120), E'\\n') \
         FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    let all = ask("SELECT count(*)::TEXT FROM pg_stat_activity").await;
    format!("lease {lease}; {lines}; {all} sessions, of which\n{sessions}")
}

async fn bed(kind: Engine) -> Bed {
    let bed = Bed::new(kind).await;
    if let Some(proxy) = &bed.proxy {
        proxy.slow_schema_changes(JOB);
    }
    witness::install(&bed).await;
    bed
}

/// How many points there are for one runner alone.
async fn points(kind: Engine) -> u64 {
    let bed = bed(kind).await;
    let output = finish(&bed, start(&bed, 0, Fate::Killed)).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("points: "));
    line.unwrap_or_else(|| panic!("{output:?}"))
        .1
        .parse()
        .unwrap()
}

/// What a round has come to.
struct Round {
    kind: Engine,
    at: u64,
    fate: Fate,
    /// Whether the runner met its fate, which it does not when others do its work.
    met: bool,
    /// Whether it was a heartbeat or a look at a job.
    beside: bool,
}

/// One runner with a fate, and two others.
async fn round(kind: Engine, at: u64, fate: Fate) -> Round {
    let bed = bed(kind).await;
    let first = start(&bed, at, fate);
    if fate == Fate::Frozen {
        // So that it mostly has the lease when it is frozen.
        tokio::time::sleep(LEASE / 4).await;
    }
    let others = [start(&bed, 0, fate), start(&bed, 0, fate)];
    let what = format!("{fate:?} at {at} on {kind:?}");
    let first = finish(&bed, first).await;
    let said = String::from_utf8_lossy(&first.stdout).into_owned();
    let met = said.contains("met: ");
    let dies = met && fate == Fate::Killed;
    assert_eq!(first.status.success(), !dies, "{what}: {first:?}");
    for other in others {
        let output = finish(&bed, other).await;
        assert!(output.status.success(), "{what}: {output:?}");
    }
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
    let wrong = witness::against_the_rules(&bed, MADE).await;
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    Round {
        kind,
        at,
        fate,
        met,
        beside: said.contains("met: beside"),
    }
}

#[tokio::test]
async fn each_migration_takes_effect_once_whenever_a_runner_is_killed() {
    match std::env::var(ORDERS) {
        Ok(orders) => run(&orders).await,
        Err(_) => kill_one_of_three_again_and_again().await,
    }
}

/// What the rounds on one engine have come to.
struct Figures {
    kind: Engine,
    /// How many points one runner alone has.
    points: u64,
    started: u64,
    kills: u64,
    freezes: u64,
    beside: u64,
    met: BTreeSet<u64>,
}

impl Figures {
    fn count(&mut self, round: &Round) {
        if !round.met {
            return;
        }
        self.met.insert(round.at);
        self.beside += u64::from(round.beside);
        match round.fate {
            Fate::Frozen => self.freezes += 1,
            Fate::Killed => self.kills += 1,
        }
    }
}

#[expect(clippy::print_stdout, reason = "the chaos harness reads it")]
async fn kill_one_of_three_again_and_again() {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let seed: u64 = std::env::var("CRDB_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let wanted = if long { 1_000 } else { 3 };
    let mut engines = Vec::new();
    for kind in BOTH {
        engines.push(Figures {
            kind,
            points: points(kind).await,
            started: 0,
            kills: 0,
            freezes: 0,
            beside: 0,
            met: BTreeSet::new(),
        });
    }
    let mut running = JoinSet::new();
    loop {
        let behind = engines
            .iter_mut()
            .filter(|one| one.kills < wanted)
            .min_by_key(|one| one.started);
        if running.len() < AT_ONCE
            && let Some(next) = behind
        {
            let fate = match next.started % 4 {
                1 => Fate::Frozen,
                _ => Fate::Killed,
            };
            let at = place(seed, next.started, next.points);
            running.spawn(round(next.kind, at, fate));
            next.started += 1;
            assert!(next.started < 8 * wanted + 8, "too few runners were killed");
            continue;
        }
        let Some(round) = running.join_next().await else {
            break;
        };
        let round = round.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        for engine in &mut engines {
            if engine.kind == round.kind {
                engine.count(&round);
            }
        }
        let kills = sum(&engines, |one| one.kills);
        if long && round.met && round.fate == Fate::Killed && kills % 50 == 0 {
            println!("row R17: figure kills so far = {kills}");
        }
    }
    let met = sum(&engines, |one| u64::try_from(one.met.len()).unwrap_or(0));
    println!("row R17: figure different points = {met}");
    let beside = sum(&engines, |one| one.beside);
    println!("row R17: figure at heartbeats and looks at jobs = {beside}");
    let freezes = sum(&engines, |one| one.freezes);
    println!("row R17: figure frozen beyond the lease = {freezes}");
    println!("row R17: done {} kills", sum(&engines, |one| one.kills));
}

fn sum(engines: &[Figures], figure: impl Fn(&Figures) -> u64) -> u64 {
    engines.iter().map(figure).sum()
}

/// Every point in turn, spread so that few rounds meet different parts and shifted by the seed.
fn place(seed: u64, number: u64, points: u64) -> u64 {
    let common = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = (points * 5 / 8).max(1);
    let stride = (near..)
        .find(|stride| common(*stride, points) == 1)
        .unwrap_or(1);
    1 + (seed % points + number % points * stride) % points
}
