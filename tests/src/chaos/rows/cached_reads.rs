//! R19: answers from memory while connections are cut, tables altered, clocks set and loads overtaken.

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::nemesis::Nemesis;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{Stack, StackOptions};
use anyhow::Context as _;
use crdb_exec::{
    CacheRule, ExecutorExt as _, PooledExecutor, Row as _, SessionSettings, SessionSource,
    Statement,
};
use crdb_facade::Database;
use crdb_facade::cache::{
    AnswerEvent, AnsweredBy, Cache, CachedExecutor, Clock, LoadBegin, LoadEnd, Moment, Observer,
    Origin, SystemClock, Token,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
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
const READERS: usize = 4;

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
        "answers from memory under cuts, DDL, overtaken loads and clock steps"
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
            report.count("answers from memory", sums.hits);
            report.count("versions written", sums.written);
            report.count("reads that failed", sums.failed);
            report.count("faults", sums.faults);
            report.count("tables altered", sums.altered);
            report.count("clock steps", sums.steps);
            Ok(report)
        }
        .boxed()
    }
}

#[derive(Default)]
struct Sums {
    hits: u64,
    written: u64,
    failed: u64,
    faults: u64,
    altered: u64,
    steps: u64,
}

/// When each version of an item was known to be committed, and what readers may rely on.
struct Item {
    id: i64,
    /// By version: when its commit had been answered.
    answered: RwLock<Vec<Instant>>,
    /// The version whose table has been invalidated since.
    invalidated: AtomicI64,
    /// A token that was given after the commit of a version.
    token: Mutex<(Token, i64)>,
}

impl Item {
    fn new(id: i64) -> Self {
        Self {
            id,
            answered: RwLock::new(vec![Instant::now()]),
            invalidated: AtomicI64::new(0),
            token: Mutex::default(),
        }
    }

    /// The latest version that had been answered by then: what is read must be no older.
    fn answered_by(&self, moment: Instant) -> i64 {
        let answered = self.answered.read();
        let later = answered.iter().rev().take_while(|at| **at > moment).count();
        i64::try_from(answered.len() - later).unwrap_or(i64::MAX) - 1
    }
}

/// What a reader was promised when it began.
struct Promise {
    user: String,
    /// The oldest version that the age allows.
    by_age: i64,
    by_token: i64,
    by_invalidation: i64,
}

/// What is wrong with an answer, if something is.
fn judge(promise: &Promise, version: i64, user: &str) -> Option<Violation> {
    let rule = if user != promise.user {
        "an answer is of another user"
    } else if version < promise.by_token {
        "an answer is below its reader's token"
    } else if version < promise.by_invalidation {
        "an answer is from before an invalidation"
    } else if version < promise.by_age {
        "an answer is older than declared"
    } else {
        return None;
    };
    let Promise {
        user: promised,
        by_age,
        by_token,
        by_invalidation,
    } = promise;
    Some(Violation::new(
        rule,
        format!(
            "version {version} for {user}; promised to {promised}: by age {by_age}, by token {by_token}, by invalidation {by_invalidation}"
        ),
    ))
}

/// A clock of the machine whose wall is set now and then.
#[derive(Clone, Default)]
struct SteppedClock {
    clock: SystemClock,
    /// In seconds.
    wall: Arc<AtomicI64>,
}

impl Clock for SteppedClock {
    fn now(&self) -> Moment {
        let mut now = self.clock.now();
        let step = self.wall.load(Ordering::Relaxed);
        let by = Duration::from_secs(step.unsigned_abs());
        now.wall = if step < 0 {
            now.wall.saturating_sub(by)
        } else {
            now.wall + by
        };
        now
    }
}

/// Counts answers from memory.
#[derive(Default)]
struct Hits(AtomicU64);

impl Observer for Hits {
    fn answered(&self, event: &AnswerEvent<'_>) {
        let hit = matches!(event.by, AnsweredBy::Hit | AnsweredBy::StaleOnError);
        self.0.fetch_add(u64::from(hit), Ordering::Relaxed);
    }

    fn begin_load(&self, _: &LoadBegin<'_>) -> crdb_exec::Token {
        None
    }

    fn end_load(&self, _: crdb_exec::Token, _: &LoadEnd<'_>) {}
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
        habits: (number % 2 == 1).then(|| context.random("habits", number).random()),
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
    let hits = Arc::new(Hits::default());
    let shared = Arc::new(Shared {
        items: (0_i64..).take(ITEMS).map(Item::new).collect(),
        cache: Cache::builder()
            .clock(clock.clone())
            .observer(hits.clone())
            .build(),
        stop: AtomicBool::new(false),
        reads: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        violations: Mutex::default(),
    });
    let random = |part: &str, which: usize| context.random(part, (number << 8) | which as u64);
    let own = shared.cache.over(stack.db.executor().clone());
    let readers = (0..READERS).flat_map(|which| {
        let rng = random("reader", which);
        let (own, shared_) = (own.clone(), Arc::clone(&shared));
        let user = first.clone();
        let one = tokio::spawn(async move { read(&own, &shared_, &user, rng).await });
        let rng = random("other reader", which);
        let (db, shared_, user) = (stack.db.clone(), Arc::clone(&shared), other.clone());
        let two = tokio::spawn(async move { read_as(&db, &shared_, &user, rng).await });
        [one, two]
    });
    let readers: Vec<_> = readers.collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|which| {
            let rng = random("writer", which);
            let (truth, shared) = (stack.truth.clone(), Arc::clone(&shared));
            tokio::spawn(async move { write(&truth, &shared, which, rng).await })
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
    sums.faults += faults.await.context("the nemesis failed")?;
    let ended = timeout(SETTLE, async {
        for reader in join_all(readers).await {
            reader.context("a reader failed")?;
        }
        for written in join_all(writers).await {
            sums.written += written.context("a writer failed")?;
        }
        let (altered, steps) = disturbed.await.context("the disturber failed")?;
        sums.altered += altered;
        sums.steps += steps;
        anyhow::Ok(())
    });
    ended
        .await
        .context("a task did not come back after everything was healed")??;
    sums.hits += hits.0.load(Ordering::Relaxed);
    report.done += shared.reads.load(Ordering::Relaxed);
    sums.failed += shared.failed.load(Ordering::Relaxed);
    let violations = std::mem::take(&mut *shared.violations.lock());
    if !violations.is_empty() {
        let name = format!("R19-round-{number}");
        context
            .evidence()
            .keep(&name, &violations, &[], &stack.trace)?;
        report.violations.extend(violations);
    }
    drop((own, shared));
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

async fn set_up(stack: &Stack, other: &str) -> anyhow::Result<()> {
    for ddl in [
        "CREATE TABLE item (id INT8 PRIMARY KEY, version INT8 NOT NULL)".to_owned(),
        "CREATE VIEW item_view AS SELECT id, version FROM item".to_owned(),
        format!("GRANT SELECT ON item, item_view TO {other}"),
    ] {
        stack.truth.execute(&ddl, &[]).await.context(ddl)?;
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
async fn write(truth: &Database, shared: &Shared, which: usize, mut rng: StdRng) -> u64 {
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
        // Rarely, so that most answers come from memory.
        match rng.random_range(0..100) {
            0..10 => *item.token.lock() = (shared.cache.token(None), version),
            10 => {
                let table = ["item", "public.item"][rng.random_range(0..2)];
                shared.cache.invalidate(table);
                item.invalidated.fetch_max(version, Ordering::SeqCst);
            }
            _ => {}
        }
        written += 1;
        sleep(Duration::from_millis(rng.random_range(1..40))).await;
    }
    written
}

/// Reads, and judges every answer.
async fn read<O: Origin>(db: &CachedExecutor<O>, shared: &Shared, user: &str, mut rng: StdRng) {
    while shared.goes_on() {
        if !read_once(db, shared, user, &mut rng).await {
            sleep(Duration::from_millis(5)).await;
        }
        // Hits do not wait for anything.
        tokio::task::yield_now().await;
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
        _ => (Token::default(), 0),
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
    let answer = db.seeing(token).fetch_one(statement, &[&item.id]).await;
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

/// Reads as another user, on sessions that are opened anew when they are lost.
async fn read_as(db: &Database, shared: &Shared, user: &str, mut rng: StdRng) {
    while shared.goes_on() {
        let settings = SessionSettings::new().role(user);
        let Ok(session) = db.executor().session(&settings).await else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let cached = shared.cache.over(executor(&session));
        while shared.goes_on() && read_once(&cached, shared, user, &mut rng).await {
            tokio::task::yield_now().await;
        }
        drop(cached);
        drop(session.end().await);
    }
}

fn executor<S: SessionSource>(executor: &PooledExecutor<S>) -> PooledExecutor<S> {
    executor.clone()
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
        clock
            .wall
            .store(rng.random_range(-7_200..7_200), Ordering::Relaxed);
        steps += 1;
    }
    (altered, steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_wrong_answer_is_found() {
        let promise = Promise {
            user: "a".to_owned(),
            by_age: 3,
            by_token: 5,
            by_invalidation: 4,
        };
        let rule = |version, user| judge(&promise, version, user).map(|found| found.rule);
        assert_eq!(rule(5, "a"), None);
        assert!(rule(5, "b").unwrap().contains("another user"));
        assert!(rule(4, "a").unwrap().contains("token"));
        let promise = Promise {
            by_token: 0,
            ..promise
        };
        let rule = |version| judge(&promise, version, "a").map(|found| found.rule);
        assert!(rule(3).unwrap().contains("invalidation"));
        let promise = Promise {
            by_invalidation: 0,
            ..promise
        };
        let rule = |version| judge(&promise, version, "a").map(|found| found.rule);
        assert!(rule(2).unwrap().contains("older than declared"));
        assert_eq!(rule(3), None);
    }

    #[test]
    fn what_had_been_answered_by_a_moment_is_known() {
        let item = Item::new(1);
        let start = item.answered.read()[0];
        let second = Duration::from_secs(1);
        item.answered
            .write()
            .extend([start + second, start + 2 * second]);
        assert_eq!(item.answered_by(start), 0);
        assert_eq!(item.answered_by(start + second), 1);
        assert_eq!(item.answered_by(start + 5 * second), 2);
    }
}
