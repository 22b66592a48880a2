//! A runner's process, and what becomes of it at its point.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crdb_exec::{Engine, PooledExecutor};
use crdb_migrate::{ErrorKind, Migrations, Migrator, Observer, Options, StepEvent};

use crate::source::Plain;

/// What a runner does: `PORT USER DATABASE ENGINE POINT FATE`.
pub(super) const ORDERS: &str = "CRDB_MIGRATE_TEST_RUNNER";

/// How long a lease lasts.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// How long it lasts at most, for a runner that has lost shorter ones.
const LONGEST: Duration = Duration::from_secs(16);

/// How long a runner is frozen: others have taken its lease by then.
const FROZEN: Duration = Duration::from_millis(2_500);

/// How long a runner waits for the lease of another.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The index of migration 3 takes as long as `witness.pace` says, so that it can outlast a lease.
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
        "CREATE INDEX CONCURRENTLY by_owner ON item (owner) WHERE witness.slowly(id);",
    ),
    (
        "0004_column.up.sql",
        "ALTER TABLE item ADD COLUMN note TEXT;",
    ),
    (
        "0005_together.up.sql",
        "-- transaction: one\nUPDATE counter SET n = n + 10;\nUPDATE counter SET n = n + 100;",
    ),
    (
        "0006_default.up.sql",
        "ALTER TABLE counter ALTER COLUMN n SET DEFAULT 0;",
    ),
];

/// The migration whose statement runs alone on this engine and is aimed at.
///
/// On PostgreSQL an index, which one session builds for longer than a lease. Behind the proxy what says the same when it runs twice: a runner that
/// does not know that it lost its lease is not stopped by the catalog then.
pub(super) fn aimed_at(engine: Engine) -> i64 {
    match engine {
        Engine::CockroachDb => 6,
        _ => 3,
    }
}

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

/// The point at which a runner meets its fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// This one of its process; 0 for none.
    Any(u64),
    /// This one after the beginning of the statement that is aimed at.
    Aimed(u64),
}

/// What becomes of a runner at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Killed,
    Frozen,
}

/// Sets the point of a process that is aimed at a statement.
struct Aim {
    version: i64,
    points: u64,
}

impl Observer for Aim {
    fn step_begins(&self, event: &StepEvent<'_>) {
        if event.version == self.version {
            let at = POINTS.load(Ordering::SeqCst) + self.points;
            // Only the first time: it may be tried again.
            let _ = FATED.compare_exchange(0, at, Ordering::SeqCst, Ordering::SeqCst);
        }
    }
}

/// What a process that was started with orders runs.
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub(super) async fn run(orders: &str) {
    let words: Vec<&str> = orders.split(' ').collect();
    let [port, user, database, engine, at, fate] = words.as_slice() else {
        panic!("{orders}");
    };
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
    let db = PooledExecutor::builder(Plain::new(Arc::new(config), engine))
        .retry_reserve(10_000)
        .build();
    let mut migrator = Migrator::new(db, Migrations::from_embedded(FILES).unwrap());
    match at.split_once(':') {
        Some((version, points)) => {
            migrator = migrator.observer(Arc::new(Aim {
                version: version.parse().unwrap(),
                points: points.parse().unwrap(),
            }));
        }
        None => FATED.store(at.parse().unwrap(), Ordering::SeqCst),
    }
    let mut lease = LEASE;
    loop {
        migrator = migrator.options(Options::new().lease(lease).wait(PATIENCE));
        let Err(error) = migrator.up().await else {
            break;
        };
        assert!(error.is_transient(), "{error}");
        println!("again: {error}");
        // A lease of one second is shorter than a busy machine may need for a heartbeat. The next one is longer, so that each runner gets on.
        if error.kind() == ErrorKind::LeaseLost {
            lease = (2 * lease).min(LONGEST);
        }
        tokio::time::sleep(LEASE / 10).await;
    }
    println!("points: {}", POINTS.load(Ordering::SeqCst));
}
