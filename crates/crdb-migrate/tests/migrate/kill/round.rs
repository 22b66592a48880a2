//! One round: three runners, and what the server saw of them.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crdb_exec::Engine;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::TEST;
use super::process::{Fate, LEASE, ORDERS, Place, aimed_at};
use crate::bed::Bed;
use crate::witness;

/// A round hangs when no statement has been done for so long.
const HANGS: Duration = Duration::from_secs(180);

/// How often it is looked at whether one has.
const GLANCE: Duration = Duration::from_secs(10);

/// How long schema changes take behind the proxy: some heartbeats.
const JOB: Duration = Duration::from_millis(250);

/// How long the index takes in a round that is aimed at it: more than two leases.
const LONGER_THAN_A_LEASE: Duration = Duration::from_millis(2_500);

/// What the server says it made.
const MADE: &[&str] = &[
    "ALTER TABLE public.item",
    "CREATE INDEX public.by_owner",
    "CREATE INDEX public.counter_pkey",
    "CREATE INDEX public.item_pkey",
    "CREATE TABLE public.counter",
    "CREATE TABLE public.item",
];

/// What is made again by a statement that says the same when it runs twice: after a doubt it does.
const MADE_AGAIN: &str = "ALTER TABLE public.counter";

fn start(bed: &Bed, at: Place, fate: Fate) -> Child {
    let engine = match bed.kind {
        Engine::CockroachDb => "cockroachdb",
        _ => "postgresql",
    };
    let at = match at {
        Place::Any(point) => point.to_string(),
        Place::Aimed(points) => format!("{}:{points}", aimed_at(bed.kind)),
    };
    let fate = match fate {
        Fate::Killed => "killed",
        Fate::Frozen => "frozen",
    };
    let orders = format!(
        "{} {} {} {engine} {at} {fate}",
        bed.port(),
        bed.user(),
        bed.database.name(),
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

/// Waits for a runner's end for as long as statements are done.
async fn finish(bed: &Bed, runner: Child) -> std::process::Output {
    let mut ended = std::pin::pin!(runner.wait_with_output());
    let mut done = String::new();
    let mut since = Instant::now();
    loop {
        if let Ok(output) = timeout(GLANCE, &mut ended).await {
            return output.unwrap();
        }
        let now = ask(
            bed,
            "SELECT count(*)::TEXT FROM public.crdb_migration_step WHERE state = 'verified'",
        )
        .await;
        if now != done {
            (done, since) = (now, Instant::now());
        }
        assert!(
            since.elapsed() < HANGS,
            "a runner hung on {:?}: {}",
            bed.kind,
            standstill(bed).await
        );
    }
}

/// What the server itself answers; nothing where it refuses.
async fn ask(bed: &Bed, sql: &str) -> String {
    let answer = bed.engine.execute_in(bed.database.name(), sql).await;
    answer.unwrap_or_default().unwrap_or_default()
}

/// What the server shows of runners that do not go on.
async fn standstill(bed: &Bed) -> String {
    let ask = async |sql: &str| ask(bed, sql).await;
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
pub(super) async fn points(kind: Engine) -> u64 {
    let bed = bed(kind).await;
    let output = finish(&bed, start(&bed, Place::Any(0), Fate::Killed)).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("points: "));
    line.unwrap_or_else(|| panic!("{output:?}"))
        .1
        .parse()
        .unwrap()
}

/// What a round has come to.
pub(super) struct Round {
    pub(super) kind: Engine,
    pub(super) at: Place,
    pub(super) fate: Fate,
    /// Whether the runner met its fate, which it does not when others do its work.
    pub(super) met: bool,
    /// Whether it was a heartbeat or a look at a job.
    pub(super) beside: bool,
    /// How often a runner had to begin anew.
    pub(super) again: u64,
}

/// One runner with a fate, and two others.
pub(super) async fn round(kind: Engine, at: Place, fate: Fate) -> Round {
    let bed = bed(kind).await;
    if kind == Engine::PostgreSql && matches!(at, Place::Aimed(_)) {
        witness::pace(&bed, LONGER_THAN_A_LEASE).await;
    }
    let first = start(&bed, at, fate);
    if fate == Fate::Frozen || matches!(at, Place::Aimed(_)) {
        // So that it mostly has the lease when it meets its fate.
        tokio::time::sleep(LEASE / 4).await;
    }
    let nothing = Place::Any(0);
    let others = [start(&bed, nothing, fate), start(&bed, nothing, fate)];
    let what = format!("{fate:?} at {at:?} on {kind:?}");
    let first = finish(&bed, first).await;
    let said = String::from_utf8_lossy(&first.stdout).into_owned();
    let met = said.contains("met: ");
    let dies = met && fate == Fate::Killed;
    assert_eq!(first.status.success(), !dies, "{what}: {first:?}");
    let mut again = said.matches("again: ").count();
    for other in others {
        let output = finish(&bed, other).await;
        assert!(output.status.success(), "{what}: {output:?}");
        again += String::from_utf8_lossy(&output.stdout)
            .matches("again: ")
            .count();
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
        "1.0 1.1 2.0 2.1 2.2 3.0 4.0 5.0 5.1 6.0",
        "{what}"
    );
    if kind == Engine::CockroachDb {
        for change in [
            "CREATE TABLE counter",
            "CREATE TABLE item",
            "CREATE INDEX%by_owner",
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
    let wrong = witness::against_the_rules(&bed, MADE, MADE_AGAIN).await;
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    Round {
        kind,
        at,
        fate,
        met,
        beside: said.contains("met: beside"),
        again: u64::try_from(again).unwrap(),
    }
}
