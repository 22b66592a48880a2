//! R19: answers from memory while connections and changefeeds are cut, tables altered, clocks set, and loads fail and are overtaken.

mod feed;
mod history;
mod seen;

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::nemesis::Nemesis;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions, configuration};
use anyhow::{Context as _, bail};
use crdb_exec::{CacheRule, ExecutorExt as _, Row as _, Statement};
use crdb_facade::Database;
use crdb_facade::cache::{Cache, CachedExecutor, CommitToken, Origin};
use crdb_facade::config::{Node, keys};
use crdb_testkit::EngineKind;
use feed::{Counts, Disturbed};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use history::{Item, Promise, judge};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng as _};
use seen::{Seen, SteppedClock};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// How long a round lasts before its stack is made anew.
const ROUND: Duration = Duration::from_secs(20);
/// How long readers and writers may take to come back once everything is healed: several times their time-outs.
const SETTLE: Duration = Duration::from_secs(60);
/// How long everything breaks, and how long nothing does then.
const BURST: Duration = Duration::from_millis(700);
const CALM: Duration = Duration::from_secs(2);
const ITEMS: usize = 8;
const WRITERS: usize = 4;
/// Readers of each of the two users.
const READERS: usize = 16;
/// How many answers a reader takes at a stretch, and how long it rests then: so that a run of a million reads sees hundreds of faults.
const STRETCH: u32 = 64;
const REST: Duration = Duration::from_millis(8);

const AGE: Duration = Duration::from_millis(700);
const AGE_ON_ERROR: Duration = Duration::from_secs(3);

const OF_TABLE: Statement<'static> =
    Statement::new("SELECT version, CURRENT_USER::TEXT FROM item WHERE id = $1")
        .named("cached.table")
        .cached(CacheRule::new(AGE));
const OF_VIEW: Statement<'static> =
    Statement::new("SELECT version, CURRENT_USER::TEXT FROM item_view WHERE id = $1")
        .named("cached.view")
        .cached(CacheRule::new(AGE).on_error(AGE_ON_ERROR));

pub(super) struct CachedReads;

impl Row for CachedReads {
    fn id(&self) -> &'static str {
        "R19"
    }

    fn title(&self) -> &'static str {
        "answers from memory under cut feeds and connections, DDL, overtaken and failing loads, clock steps"
    }

    fn size(&self) -> Size {
        Size {
            count: 1_000_000,
            unit: "reads",
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
            for (name, count) in sums.0 {
                report.count(name, count);
            }
            Ok(report)
        }
        .boxed()
    }
}

/// How often a writer writes, and what it does then.
struct Pace {
    /// In milliseconds.
    pause: Range<u64>,
    /// Of a hundred writes, so many make answers useless, or give a token: rarely, so that most answers come from memory.
    invalidations: u32,
    tokens: u32,
}

const BRISK: Pace = Pace {
    pause: 1..40,
    invalidations: 1,
    tokens: 10,
};
/// Where a feed makes a miss of the whole table with each change: what is missed while it is lost is not to be made good by the next one.
const SLOW: Pace = Pace {
    pause: 500..6_000,
    invalidations: 10,
    tokens: 30,
};

/// What was counted, by name.
#[derive(Default)]
struct Sums(BTreeMap<&'static str, u64>);

impl Sums {
    fn add(&mut self, name: &'static str, count: u64) {
        *self.0.entry(name).or_default() += count;
    }

    fn seen(&mut self, seen: &Seen) {
        for (name, count) in [
            ("answers from memory", &seen.hits),
            (
                "answers from memory because a load failed",
                &seen.stale_on_error,
            ),
            ("misses because a feed told a change", &seen.changed),
            ("misses because a feed was lost", &seen.feed_lost),
            ("loads that failed", &seen.failed_loads),
            ("loads that were overtaken", &seen.overtaken),
            ("loads that met an altered table", &seen.other_schema),
        ] {
            self.add(name, count.load(Ordering::Relaxed));
        }
    }
}

/// What all tasks of a round share.
struct Shared {
    items: Vec<Item>,
    cache: Cache,
    stop: AtomicBool,
    reads: AtomicU64,
    failed: AtomicU64,
    violations: Mutex<Vec<Violation>>,
}

impl Shared {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

async fn round(
    context: &Context,
    number: u64,
    report: &mut Report,
    sums: &mut Sums,
) -> anyhow::Result<()> {
    let options = StackOptions {
        tls: false,
        proxies: 4,
        sessions: 16,
        timeout: Duration::from_secs(2),
        // Every other round has a changefeed.
        habits: number
            .is_multiple_of(2)
            .then(|| context.random("habits", number).random()),
        ..context.stack_options()
    };
    let stack = Arc::new(open(context, options).await?);
    let other = format!("{}_reader", stack.name);
    let first = stack
        .truth
        .fetch_one("SELECT CURRENT_USER::TEXT", &[])
        .await?
        .get::<String>(0)?;
    for grant in [
        format!("CREATE ROLE {other}"),
        format!("GRANT {other} TO {first}"),
    ] {
        context.engine().execute(&grant).await.context(grant)?;
    }
    set_up(&stack, &other).await?;
    let clock = SteppedClock::default();
    let seen = Arc::new(Seen::default());
    let shared = Arc::new(Shared {
        items: (0_i64..).take(ITEMS).map(Item::new).collect(),
        cache: Cache::builder()
            .clock(clock.clone())
            .observer(seen.clone())
            // All clocks are this machine's.
            .max_clock_offset(Duration::ZERO)
            .build(),
        stop: AtomicBool::new(false),
        reads: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        violations: Mutex::default(),
    });
    let random = |part: &str, which: usize| context.random(part, (number << 8) | which as u64);
    let others = open_as(&stack, options, &other).await?;
    let own = shared.cache.over(stack.db.executor().clone());
    let of_others = shared.cache.over(others.executor().clone());
    let readers: Vec<_> = (0..2 * READERS)
        .map(|which| {
            let (db, user) = match which % 2 {
                0 => (own.clone(), first.clone()),
                _ => (of_others.clone(), other.clone()),
            };
            let rng = random("reader", which);
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { read(&db, &shared, &user, rng).await })
        })
        .collect();
    let feed = has_changefeeds(&stack).then(|| Disturbed::new(stack.db.change_source()));
    let following = feed.clone().map(|feed| shared.cache.follow(["item"], feed));
    let feed = {
        let (shared, rng) = (Arc::clone(&shared), random("feed", 0));
        tokio::spawn(async move {
            match feed {
                Some(feed) => feed.disturb(|| shared.goes_on(), rng).await,
                None => Counts::default(),
            }
        })
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|which| {
            let rng = random("writer", which);
            let (truth, shared) = (stack.truth.clone(), Arc::clone(&shared));
            let pace = match has_changefeeds(&stack) {
                true => &SLOW,
                false => &BRISK,
            };
            tokio::spawn(async move { write(&truth, &shared, which, pace, rng).await })
        })
        .collect();
    let disturbed = {
        let rng = random("disturb", 0);
        let (truth, shared) = (stack.truth.clone(), Arc::clone(&shared));
        tokio::spawn(async move { disturb(&truth, &shared, &clock, rng).await })
    };
    let faults = {
        let (stack, shared) = (Arc::clone(&stack), Arc::clone(&shared));
        let rng = random("nemesis", 0);
        tokio::spawn(async move { break_in_bursts(&stack, &shared, rng).await })
    };
    let started = Instant::now();
    let length = ROUND.min(context.left());
    while started.elapsed() < length && shared.violations.lock().is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    shared.stop.store(true, Ordering::Relaxed);
    sums.add(
        "faults of connections",
        faults.await.context("the nemesis failed")?,
    );
    let ended = timeout(SETTLE, async {
        for reader in join_all(readers).await {
            reader.context("a reader failed")?;
        }
        for written in join_all(writers).await {
            sums.add("versions written", written.context("a writer failed")?);
        }
        let (altered, steps) = disturbed.await.context("the disturber failed")?;
        sums.add("tables and views altered", altered);
        sums.add("clock steps", steps);
        let counts = feed.await.context("the feed's disturber failed")?;
        sums.add("feeds cut", counts.cuts);
        sums.add("feeds stalled", counts.stalls);
        anyhow::Ok(())
    });
    ended
        .await
        .context("a task did not come back after everything was healed")??;
    sums.seen(&seen);
    report.done += shared.reads.load(Ordering::Relaxed);
    sums.add("reads that failed", shared.failed.load(Ordering::Relaxed));
    let violations = std::mem::take(&mut *shared.violations.lock());
    if !violations.is_empty() {
        let name = format!("R19-round-{number}");
        context
            .evidence()
            .keep(&name, &violations, &[], &stack.trace)?;
        report.violations.extend(violations);
    }
    drop((following, own, of_others, shared));
    drop(others.close(Duration::from_secs(5)).await);
    let engine = Arc::clone(stack.engine());
    Arc::into_inner(stack)
        .context("the stack is still in use")?
        .close()
        .await?;
    engine.execute(&format!("DROP ROLE {other}")).await?;
    Ok(())
}

/// Opens the stack. Habits that fail statements may hit the first of them.
async fn open(context: &Context, options: StackOptions) -> anyhow::Result<Stack> {
    for _ in 0..10 {
        if let Ok(stack) = Stack::open(context.engine(), options).await {
            return Ok(stack);
        }
    }
    Stack::open(context.engine(), options).await
}

/// Opens the database again, through the same proxies, with sessions of this role.
async fn open_as(stack: &Stack, options: StackOptions, role: &str) -> anyhow::Result<Database> {
    for _ in 0..10 {
        let nodes = stack.proxies.iter();
        let nodes = nodes.map(|proxy| Node::new(proxy.host(), proxy.port()));
        let config = configuration(stack.engine(), &stack.name, nodes.collect(), options)?
            .set(keys::auth::APPLICATION_NAME, Some(stack.name.clone()));
        let set: Arc<str> = format!("SET ROLE {role}").into();
        let builder = Database::builder(config.build()?).configure_pool(move |pool| {
            pool.after_connect(move |session, _| {
                let set = Arc::clone(&set);
                Box::pin(async move {
                    session.wire().simple(&*set).await?;
                    Ok(())
                })
            })
        });
        if let Ok(db) = builder.open().await {
            return Ok(db);
        }
    }
    bail!("no session of {role} could be opened");
}

fn has_changefeeds(stack: &Stack) -> bool {
    !stack.habits.is_empty() || stack.engine().kind() == EngineKind::CockroachDb
}

async fn set_up(stack: &Stack, other: &str) -> anyhow::Result<()> {
    for ddl in [
        "CREATE TABLE item (id INT8 PRIMARY KEY, version INT8 NOT NULL)".to_owned(),
        "CREATE VIEW item_view AS SELECT id, version FROM item".to_owned(),
        format!("GRANT SELECT ON item, item_view TO {other}"),
    ] {
        stack.truth.execute(&ddl, &[]).await.context(ddl)?;
    }
    if stack.engine().kind() == EngineKind::CockroachDb {
        let feeds = "SET CLUSTER SETTING kv.rangefeed.enabled = true";
        stack.truth.execute(feeds, &[]).await.context(feeds)?;
    }
    for id in 0_i64.. {
        if id >= i64::try_from(ITEMS)? {
            break;
        }
        let insert = "INSERT INTO item VALUES ($1, 0)";
        stack.truth.execute(insert, &[&id]).await?;
    }
    Ok(())
}

/// Writes one version after the other, and says what readers may rely on then.
async fn write(
    truth: &Database,
    shared: &Shared,
    which: usize,
    pace: &Pace,
    mut rng: StdRng,
) -> u64 {
    let mut written = 0;
    while shared.goes_on() {
        // Each item has one writer, so that its versions are in order.
        let at = rng.random_range(0..ITEMS / WRITERS) * WRITERS + which;
        let item = &shared.items[at];
        let before = i64::try_from(item.answered.read().len()).unwrap_or(i64::MAX) - 1;
        let update = "UPDATE item SET version = version + 1 WHERE id = $1 AND version = $2";
        if truth.execute(update, &[&item.id, &before]).await.is_err() {
            // It may have been written: the next attempt finds out, for it changes nothing then.
            sleep(Duration::from_millis(20)).await;
            continue;
        }
        item.answered.write().push(Instant::now());
        let version = before + 1;
        let chance = rng.random_range(0..100);
        if chance < pace.invalidations {
            let table = ["item", "public.item"][rng.random_range(0..2)];
            shared.cache.invalidate(table);
            item.invalidated.fetch_max(version, Ordering::SeqCst);
        } else if chance < pace.invalidations + pace.tokens {
            *item.token.lock() = (shared.cache.token(None), version);
        }
        written += 1;
        let time = Duration::from_millis(rng.random_range(pace.pause.clone()));
        pause(shared, time).await;
    }
    written
}

/// Reads, and judges every answer.
async fn read<O: Origin>(db: &CachedExecutor<O>, shared: &Shared, user: &str, mut rng: StdRng) {
    while shared.goes_on() {
        for _ in 0..STRETCH {
            if !read_once(db, shared, user, &mut rng).await {
                break;
            }
        }
        sleep(REST).await;
    }
}

async fn read_once<O: Origin>(
    db: &CachedExecutor<O>,
    shared: &Shared,
    user: &str,
    rng: &mut StdRng,
) -> bool {
    let item = &shared.items[rng.random_range(0..ITEMS)];
    let (token, by_token) = match rng.random_range(0..4) {
        0 => *item.token.lock(),
        _ => (CommitToken::default(), 0),
    };
    let (statement, age) = if rng.random_bool(0.5) {
        (OF_TABLE, AGE)
    } else {
        (OF_VIEW, AGE_ON_ERROR)
    };
    let by_invalidation = item.invalidated.load(Ordering::SeqCst);
    let began = Instant::now();
    let oldest = began.checked_sub(age).unwrap_or(began);
    let promise = Promise {
        user: user.to_owned(),
        by_age: item.answered_by(oldest),
        by_token,
        by_invalidation,
    };
    let answer = db
        .reading_after(token)
        .fetch_one(statement, &[&item.id])
        .await;
    let row = answer.and_then(|row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)));
    let Ok((version, who)) = row else {
        shared.failed.fetch_add(1, Ordering::Relaxed);
        return false;
    };
    shared.reads.fetch_add(1, Ordering::Relaxed);
    shared
        .violations
        .lock()
        .extend(judge(&promise, version, &who));
    true
}

/// Breaks connections for a while and leaves them alone for a while, so that loads succeed as well as fail. Gives how often.
async fn break_in_bursts(stack: &Arc<Stack>, shared: &Shared, mut rng: StdRng) -> u64 {
    let mut faults = 0;
    while shared.goes_on() {
        let nemesis = Nemesis::new(Arc::clone(stack));
        let rngs = (0..nemesis.parts()).map(|_| StdRng::from_rng(&mut rng));
        let (rngs, over) = (rngs.collect(), AtomicBool::new(false));
        let burst = async {
            pause(shared, BURST).await;
            over.store(true, Ordering::Relaxed);
        };
        let (counts, ()) = tokio::join!(nemesis.run(rngs, &over), burst);
        faults += counts.values().sum::<u64>();
        pause(shared, CALM).await;
    }
    faults
}

/// Waits, but not beyond the end of the round.
async fn pause(shared: &Shared, time: Duration) {
    let began = Instant::now();
    while shared.goes_on() && began.elapsed() < time {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Alters what the statements read, and sets the clock. Gives how often.
async fn disturb(
    truth: &Database,
    shared: &Shared,
    clock: &SteppedClock,
    mut rng: StdRng,
) -> (u64, u64) {
    let (mut altered, mut steps) = (0, 0);
    while shared.goes_on() {
        sleep(Duration::from_millis(rng.random_range(200..2_000))).await;
        let ddl = match rng.random_range(0..4) {
            0 => "ALTER TABLE item ADD COLUMN IF NOT EXISTS extra INT8",
            1 => "ALTER TABLE item DROP COLUMN IF EXISTS extra",
            2 => "CREATE OR REPLACE VIEW item_view AS SELECT id, version + 0 AS version FROM item",
            _ => "CREATE OR REPLACE VIEW item_view AS SELECT id, version FROM item",
        };
        // One that waits for a transaction whose client was cut off holds up all who come after it.
        let ddl = Statement::new(ddl).timeout(Duration::from_millis(250));
        altered += u64::from(truth.execute(ddl, &[]).await.is_ok());
        clock.step_to(rng.random_range(-7_200..7_200));
        steps += 1;
    }
    (altered, steps)
}
