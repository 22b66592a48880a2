//! Lanes against a model of the server, on paused time: any interleaving of statements, errors, dropped callers, deadlines, cuts and
//! retirements gives what the same work gives one by one.
//!
//! Everything random follows from a seed, which a failure names. `CRDB_WIRE_SEEDS` says how many are tried, or `FIRST..END` which. With
//! `CRDB_TEST_LONG` set it is as many as it takes for 10,000 lanes that die and 10,000 cancels, from `CRDB_TEST_SEED` on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says why"
)]

mod network;
mod random;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crdb_wire::{
    Config, Engine, Error, ErrorKind, LaneConfig, LaneSource, Lanes, Remote, Rows, Session, Written,
};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, timeout};

use network::Cut;
use random::Random;
use server::{Canceller, ECHO, FAIL, Model, PUT};

/// How a run is made.
#[derive(Debug, Clone, Copy)]
struct Setting {
    callers: u64,
    statements: u64,
    max_lanes: usize,
    max_depth: usize,
    /// One way.
    delay: Duration,
    service: Duration,
    /// One of so many connections is cut, at some byte; 0 for none.
    cuts: u64,
    /// One of so many statements loses its caller at some time; 0 for none.
    drops: u64,
    deadlines: u64,
    /// One of so many statements takes very long.
    hangs: u64,
}

/// One lane on which nothing goes wrong.
const QUIET: Setting = Setting {
    callers: 0,
    statements: 0,
    max_lanes: 1,
    max_depth: 16,
    delay: Duration::from_millis(15),
    service: Duration::ZERO,
    cuts: 0,
    drops: 0,
    deadlines: 0,
    hangs: 0,
};

impl Setting {
    fn draw(random: &mut Random) -> Self {
        Self {
            callers: 1 + random.below(24),
            statements: 1 + random.below(12),
            max_lanes: 1 + random.below(4) as usize,
            max_depth: 1 + random.below(16) as usize,
            delay: Duration::from_micros(random.below(2) * random.below(20_000)),
            service: Duration::from_micros(random.below(3_000)),
            cuts: random.below(2) * (1 + random.below(4)),
            drops: random.below(2) * (2 + random.below(10)),
            deadlines: random.below(2) * (2 + random.below(10)),
            hangs: random.below(2) * (5 + random.below(20)),
        }
    }
}

/// What a caller learned of one statement.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    /// It ran, and this was its row.
    Row(i64),
    /// The server refused it.
    Code(String),
    /// It was not written.
    Unsent,
    /// It was written, and its answer did not come.
    Unanswered,
    /// The caller did not wait.
    Gone,
}

impl Told {
    fn of(result: Result<Rows, Error>) -> Self {
        let error = match result {
            Ok(rows) => return Self::Row(rows[0].get(0).unwrap()),
            Err(error) => error,
        };
        assert!(!error.is_refused(), "nothing here is refused: {error}");
        match (error.kind(), error.answer().written()) {
            (ErrorKind::Server, _) => Self::Code(error.sqlstate().unwrap().to_owned()),
            (_, Written::Not) => Self::Unsent,
            _ => Self::Unanswered,
        }
    }
}

/// Opens sessions with the model.
struct Source {
    model: Arc<Model>,
    setting: Setting,
    random: Mutex<Random>,
    open: Arc<AtomicUsize>,
    /// What becomes of the first connection, where that is not chance's to say.
    first: Mutex<Option<Cut>>,
}

/// A session that is counted.
struct Counted {
    session: Session,
    open: Arc<AtomicUsize>,
}

impl AsRef<Session> for Counted {
    fn as_ref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl LaneSource for Source {
    type Session = Counted;
    type Error = std::convert::Infallible;

    async fn open(&self) -> Result<Counted, Self::Error> {
        let (cut, buffer, seed) = {
            let mut random = self.random.lock();
            let cut = if random.one_in(self.setting.cuts) {
                Cut::After(random.below(4_000))
            } else {
                Cut::Never
            };
            (cut, 32 + random.below(2_000) as usize, random.next())
        };
        sleep(self.setting.delay * 2).await;
        let cut = self.first.lock().take().unwrap_or(cut);
        let (near, far) = network::pipe(self.setting.delay, cut, buffer);
        let cancels = Arc::new(tokio::sync::Notify::new());
        drop(tokio::spawn(server::serve(
            far,
            Arc::clone(&self.model),
            Arc::clone(&cancels),
            Random::new(seed),
        )));
        let remote = Remote::new("model", Engine::PostgreSql).cancel(Canceller {
            cancels,
            delay: self.setting.delay,
            model: Arc::clone(&self.model),
        });
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(Counted {
            session: Session::over(near, remote, Config::default()),
            open: Arc::clone(&self.open),
        })
    }
}

/// What happened in all runs.
#[derive(Debug, Default)]
struct Totals {
    statements: u64,
    rows: u64,
    refused: u64,
    unsent: u64,
    unanswered: u64,
    gone: u64,
    cuts: u64,
    cancels: u64,
}

async fn run(seed: u64, totals: &mut Totals) {
    let mut random = Random::new(seed);
    let setting = Setting::draw(&mut random);
    let model = Arc::new(Model::new(setting.service, setting.hangs));
    let open = Arc::new(AtomicUsize::new(0));
    let source = Source {
        model: Arc::clone(&model),
        setting,
        random: Mutex::new(Random::new(random.next())),
        open: Arc::clone(&open),
        first: Mutex::default(),
    };
    let config = LaneConfig::default()
        .max_lanes(setting.max_lanes)
        .max_depth(setting.max_depth)
        .abandoned_timeout(Duration::from_millis(random.below(50)))
        .lifetime(Duration::from_millis(50 + random.below(100_000)));
    let lanes = Arc::new(Lanes::new(source, config));
    let told = Arc::new(Mutex::new(BTreeMap::new()));
    let tasks: Vec<_> = (0..setting.callers)
        .map(|caller| {
            let (lanes, told) = (Arc::clone(&lanes), Arc::clone(&told));
            let random = Random::new(random.next());
            tokio::spawn(call(caller, setting, lanes, random, told))
        })
        .collect();
    for task in tasks {
        // An hour of the model's time: a caller that hangs fails here.
        timeout(Duration::from_secs(5_000), task)
            .await
            .expect("a caller hangs")
            .unwrap();
    }
    let settled = async {
        while lanes.status().statements > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(5_000), settled)
        .await
        .expect("a place was lost");
    assert!(lanes.status().lanes <= setting.max_lanes);
    drop(lanes);
    let closed = async {
        while open.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(5_000), closed)
        .await
        .expect("a session was leaked");
    let told = std::mem::take(&mut *told.lock());
    judge(&model, &told, totals);
    totals.cuts += model.cut.load(Ordering::SeqCst);
    totals.cancels += model.cancelled.load(Ordering::SeqCst);
}

async fn call(
    caller: u64,
    setting: Setting,
    lanes: Arc<Lanes<Source>>,
    mut random: Random,
    told: Arc<Mutex<BTreeMap<i64, (&'static str, Told)>>>,
) {
    for number in 0..setting.statements {
        let value = (caller * 1_000 + number + 1) as i64;
        let text = random.pick(&[ECHO, PUT, PUT, FAIL]);
        let values: [&(dyn postgres_types::ToSql + Sync); 1] = [&value];
        let within = random.one_in(setting.deadlines);
        let deadline = within.then(|| Instant::now() + Duration::from_micros(random.below(60_000)));
        let asked = lanes.fetch_all(text, &values, deadline);
        let what = if random.one_in(setting.drops) {
            let patience = Duration::from_micros(random.below(60_000));
            timeout(patience, asked).await.map_or(Told::Gone, Told::of)
        } else {
            Told::of(asked.await)
        };
        assert_eq!(told.lock().insert(value, (text, what)), None);
        if random.one_in(3) {
            sleep(Duration::from_micros(random.below(30_000))).await;
        }
    }
}

/// Compares what callers got with what the server did.
fn judge(model: &Model, told: &BTreeMap<i64, (&'static str, Told)>, totals: &mut Totals) {
    let stored = model.stored.lock();
    for (value, (text, told)) in told {
        let times = stored.get(value).copied().unwrap_or(0);
        totals.statements += 1;
        match told {
            Told::Row(row) => {
                totals.rows += 1;
                assert_eq!(row, value, "another statement's row");
                assert_ne!(*text, FAIL);
                assert_eq!(times, u32::from(*text == PUT), "{value} {text}");
            }
            Told::Code(code) => {
                totals.refused += 1;
                // No caller that waits is hit by a cancel.
                assert_eq!((*text, code.as_str()), (FAIL, "22012"), "{value}");
                assert_eq!(times, 0);
            }
            Told::Unsent => {
                totals.unsent += 1;
                assert_eq!(times, 0, "{value} {text}: told as not written");
            }
            Told::Unanswered => {
                totals.unanswered += 1;
                assert!(times <= u32::from(*text == PUT), "{value} {text}");
            }
            Told::Gone => {
                totals.gone += 1;
                assert!(times <= u32::from(*text == PUT), "{value} {text}");
            }
        }
    }
    for value in stored.keys() {
        assert!(told.contains_key(value), "{value} was never asked for");
    }
}

/// Names the seed of a run that fails.
struct Names(u64);

impl Drop for Names {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the failing seed is {0}: CRDB_WIRE_SEEDS={0}..{1}",
                self.0,
                self.0 + 1
            );
        }
    }
}

#[test]
fn any_interleaving_gives_what_one_by_one_gives() {
    const DEATHS: u64 = 10_000;
    const CANCELS: u64 = 10_000;
    let number = |name| std::env::var(name).map_or(0, |text| text.parse().unwrap());
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let variable = std::env::var("CRDB_WIRE_SEEDS").unwrap_or_else(|_| "150".to_owned());
    let (first, end): (u64, u64) = match variable.split_once("..") {
        _ if long => (number("CRDB_TEST_SEED"), u64::MAX),
        Some((first, end)) => (first.parse().unwrap(), end.parse().unwrap()),
        None => (0, variable.parse().unwrap()),
    };
    let mut totals = Totals::default();
    let mut seeds = 0;
    for seed in first..end {
        if long && totals.cuts >= DEATHS && totals.cancels >= CANCELS {
            break;
        }
        seeds += 1;
        let _names = Names(seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(seed, &mut totals));
    }
    println!("{totals:?}");
    let counted = totals.cuts.min(DEATHS) + totals.cancels.min(CANCELS);
    println!("row R16: done {counted} lane deaths, cancels and schedules");
    for (name, value) in [
        ("seeds", seeds),
        ("statements", totals.statements),
        ("lane deaths", totals.cuts),
        ("cancels", totals.cancels),
    ] {
        println!("row R16: figure {name} = {value}");
    }
    if seeds >= 150 {
        // A run of this size has seen everything that it is about.
        let Totals {
            rows,
            refused,
            unsent,
            unanswered,
            gone,
            cuts,
            cancels,
            ..
        } = totals;
        for seen in [rows, refused, unsent, unanswered, gone, cuts, cancels] {
            assert!(seen > 0);
        }
    }
}

/// A connection that dies without a word is replaced, also where it does so before it has answered a statement, and only callers that
/// do not wait for ever could tell.
#[tokio::test(start_paused = true)]
async fn a_lane_that_goes_dark_before_its_first_answer_is_replaced() {
    // Before its round trip is measured, and behind three times a Sync and its answer.
    for bytes in [0, 33] {
        let source = Source {
            model: Arc::new(Model::new(Duration::ZERO, 0)),
            setting: QUIET,
            random: Mutex::new(Random::new(1)),
            open: Arc::default(),
            first: Mutex::new(Some(Cut::Dark(bytes))),
        };
        let lanes = Lanes::new(source, LaneConfig::default().max_lanes(1));
        let well = async {
            let mut failures = 0;
            loop {
                let deadline = Instant::now() + Duration::from_secs(1);
                match lanes.fetch_all(ECHO, &[&1_i64], Some(deadline)).await {
                    Ok(_) => return failures,
                    Err(_) => failures += 1,
                }
            }
        };
        let failures = timeout(Duration::from_secs(60), well)
            .await
            .expect("the dead lane is kept");
        assert!(failures > 0, "the first connection was not dark");
    }
}

/// Opening a lane takes three round trips and more. One that retires sooner than that serves what waits all the same.
#[tokio::test(start_paused = true)]
async fn a_lifetime_shorter_than_the_opening_of_a_lane_hangs_no_caller() {
    let source = Source {
        model: Arc::new(Model::new(Duration::ZERO, 0)),
        setting: QUIET,
        random: Mutex::new(Random::new(1)),
        open: Arc::default(),
        first: Mutex::default(),
    };
    let lifetime = QUIET.delay;
    let lanes = Lanes::new(
        source,
        LaneConfig::default().max_lanes(1).lifetime(lifetime),
    );
    for number in 0..10_i64 {
        let rows = timeout(
            Duration::from_secs(60),
            lanes.fetch_all(ECHO, &[&number], None),
        )
        .await
        .expect("every lane retires before it has served");
        assert_eq!(rows.unwrap()[0].get::<i64>(0).unwrap(), number);
    }
}

/// A caller that does not read its rows holds up neither its neighbours nor the connection.
#[tokio::test(start_paused = true)]
async fn a_caller_that_does_not_read_blocks_no_other() {
    let setting = Setting {
        service: Duration::from_micros(10),
        ..QUIET
    };
    let source = Source {
        model: Arc::new(Model::new(setting.service, 0)),
        setting,
        random: Mutex::new(Random::new(1)),
        open: Arc::default(),
        first: Mutex::default(),
    };
    let lanes = Lanes::new(
        source,
        LaneConfig::default().max_lanes(1).max_result(2 << 20),
    );
    // The lane learns that the round trip is long.
    for _ in 0..10 {
        drop(lanes.fetch_all(ECHO, &[&1_i64], None).await.unwrap());
    }
    sleep(Duration::from_secs(1)).await;
    assert!(lanes.status().depth > 1);
    // A megabyte, which is more than a session keeps unread.
    let mut slow = Box::pin(lanes.fetch_all(server::MANY, &[&1_000_i64], None));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    // The first use of the text takes two round trips.
    while lanes.status().statements == 0 || !server::sent_many() {
        assert!(slow.as_mut().poll(&mut cx).is_pending());
        sleep(Duration::from_millis(1)).await;
    }
    for number in 0..20_i64 {
        let rows = timeout(
            Duration::from_secs(60),
            lanes.fetch_all(ECHO, &[&number], None),
        )
        .await
        .expect("the neighbour waits for the slow caller")
        .unwrap();
        assert_eq!(rows[0].get::<i64>(0).unwrap(), number);
    }
    assert_eq!(slow.await.unwrap().len(), 1_000);
}
