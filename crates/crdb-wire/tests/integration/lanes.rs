//! Lanes on real servers: statements of many tasks on few connections.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crdb_testkit::Engine;
use crdb_wire::{Config, ErrorKind, LaneConfig, LaneSource, Lanes, Session, Written};
use tokio::time::Instant;

use crate::bed::{one, postgresql, session, stream_at};

/// Opens sessions of an engine, and counts them.
struct Source {
    engine: &'static Engine,
    opened: Arc<AtomicUsize>,
}

impl LaneSource for Source {
    type Session = Session;
    type Error = std::convert::Infallible;

    async fn open(&self) -> Result<Session, Self::Error> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let engine = self.engine;
        let stream = stream_at(engine, engine.database(), engine.port()).await;
        Ok(Session::start_with(stream, Config::default()))
    }
}

fn lanes(engine: &'static Engine, config: LaneConfig) -> (Lanes<Source>, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let source = Source {
        engine,
        opened: Arc::clone(&opened),
    };
    (Lanes::new(source, config), opened)
}

/// Waits until something is so. Bounded for hangs only.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ask(lanes: &Lanes<Source>, number: i64) -> i64 {
    let rows = lanes
        .fetch_all("SELECT $1::INT8 + 0", &[&number], None)
        .await
        .unwrap();
    rows[0].get(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_few_connections_and_get_their_own_answers() {
    let (lanes, opened) = lanes(Engine::shared().await, LaneConfig::default().max_lanes(3));
    let lanes = Arc::new(lanes);
    let tasks: Vec<_> = (0..64_i64)
        .map(|task| {
            let lanes = Arc::clone(&lanes);
            tokio::spawn(async move {
                for round in 0..50 {
                    let number = task * 1_000 + round;
                    if round % 9 == 5 {
                        let error = lanes
                            .fetch_all("SELECT 1 / ($1::INT8 - $1::INT8)", &[&number], None)
                            .await
                            .unwrap_err();
                        assert_eq!(error.sqlstate(), Some("22012"), "{error}");
                        continue;
                    }
                    assert_eq!(ask(&lanes, number).await, number);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(opened.load(Ordering::SeqCst) <= 3);
    let status = lanes.status();
    assert_eq!(status.statements, 0, "{status:?}");
}

#[tokio::test]
async fn statements_that_need_a_session_of_their_own_are_refused() {
    let (lanes, _) = lanes(postgresql().await, LaneConfig::default());
    for text in [
        "BEGIN",
        "COMMIT",
        "SET statement_timeout = '1s'",
        "SELECT set_config('statement_timeout', '1s', false)",
        "SELECT pg_advisory_lock(1)",
        "CREATE TEMP TABLE lane_t (a INT8)",
        "COPY pg_class TO STDOUT",
        "LISTEN x",
        "DO $$ BEGIN END $$",
    ] {
        let error = lanes.execute(text, &[], None).await.unwrap_err();
        assert!(error.is_refused(), "{text}: {error}");
        assert_eq!(error.answer().written(), Written::Not);
    }
    let error = lanes
        .execute("SELECT $1::INT8", &[], None)
        .await
        .unwrap_err();
    assert!(error.is_refused(), "{error}");
    let error = lanes
        .execute("SELECT nothing_like_it", &[], None)
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("42703"));
    assert_eq!(ask(&lanes, 1).await, 1);
    assert_eq!(lanes.status().lanes, 1);
}

#[tokio::test]
async fn a_deadline_frees_its_caller_and_cancels_when_alone() {
    let engine = postgresql().await;
    let config = LaneConfig::default()
        .max_lanes(1)
        .abandoned_timeout(Duration::from_millis(20));
    let (lanes, opened) = lanes(engine, config);
    assert_eq!(ask(&lanes, 1).await, 1);
    let mut limit = Duration::from_millis(50);
    loop {
        let error = lanes
            .execute(
                "SELECT pg_sleep(300) /* lanes: deadline */",
                &[],
                Some(Instant::now() + limit),
            )
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        if error.answer().written() == Written::Wholly {
            break;
        }
        // A machine that is busy had not sent it yet: it gets more time.
        assert!(limit < Duration::from_secs(60), "it is never sent");
        limit *= 2;
    }
    // The only connection is given up, and another one takes its place.
    assert_eq!(ask(&lanes, 2).await, 2);
    assert!(opened.load(Ordering::SeqCst) >= 2);
    let other = session(engine).await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%lanes: deadline *%' AND state = 'active' AND pid <> pg_backend_pid()";
    let begun = Instant::now();
    while one::<i64>(&other, running).await > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it still runs on the server"
        );
    }
    // A deadline that passes while the statement waits for a lane leaves nothing.
    let held = lanes.fetch_all("SELECT pg_sleep(0.5)", &[], None);
    let waits = lanes.execute("SELECT 1", &[], Some(Instant::now()));
    let (held, waits) = tokio::join!(held, waits);
    held.unwrap();
    let error = waits.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.answer().written(), Written::Not);
}

#[tokio::test]
async fn a_statement_whose_caller_is_gone_disturbs_no_other() {
    let (lanes, opened) = lanes(
        Engine::shared().await,
        LaneConfig::default()
            .max_lanes(1)
            .abandoned_timeout(Duration::from_secs(60)),
    );
    for polls in 0..40_i64 {
        let abandoned = polls + 1_000;
        {
            let values: [&(dyn postgres_types::ToSql + Sync); 1] = [&abandoned];
            let mut asked = Box::pin(lanes.fetch_all("SELECT $1::INT8 + 0", &values, None));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if let Poll::Ready(rows) = asked.as_mut().poll(&mut cx) {
                    assert_eq!(rows.unwrap()[0].get::<i64>(0).unwrap(), abandoned);
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        let (a, b) = tokio::join!(ask(&lanes, polls), ask(&lanes, -polls));
        assert_eq!((a, b), (polls, -polls));
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1);
    until("a place was lost", || lanes.status().statements == 0).await;
}

#[tokio::test]
async fn a_lane_that_dies_tells_each_caller_and_another_takes_its_place() {
    let engine = postgresql().await;
    let (lanes, opened) = lanes(engine, LaneConfig::default().max_lanes(1));
    let pid = lanes
        .fetch_all("SELECT pg_backend_pid()", &[], None)
        .await
        .unwrap()[0]
        .get::<i32>(0)
        .unwrap();
    let other = session(engine).await;
    let sleeping = lanes.fetch_all("SELECT pg_sleep(300)", &[], None);
    let killing = async {
        let begun = Instant::now();
        let active = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        );
        while one::<i64>(&other, &active).await == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        other
            .simple(format!("SELECT pg_terminate_backend({pid})").as_str())
            .await
            .unwrap();
    };
    let (slept, ()) = tokio::join!(sleeping, killing);
    let error = slept.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert_eq!(error.answer().written(), Written::Wholly);
    assert_eq!(error.sqlstate(), Some("57P01"));
    assert_eq!(ask(&lanes, 7).await, 7);
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_result_is_bounded() {
    let (lanes, opened) = lanes(
        Engine::shared().await,
        LaneConfig::default().max_lanes(1).max_result(500_000),
    );
    let large = "SELECT repeat('x', 1000) FROM generate_series(1, $1::INT8)";
    let error = lanes
        .fetch_all(large, &[&10_000_i64], None)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert_eq!(error.answer().tag().unwrap(), "SELECT 10000");
    // Rows that come so slowly that each is read before the next one.
    let slow = "SELECT repeat('x', 100000), pg_sleep(0.02)::TEXT FROM generate_series(1, $1::INT8)";
    let error = lanes.fetch_all(slow, &[&20_i64], None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert_eq!(error.answer().tag().unwrap(), "SELECT 20");
    assert_eq!(
        lanes
            .fetch_all(large, &[&400_i64], None)
            .await
            .unwrap()
            .len(),
        400
    );
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_function_that_changes_the_session_costs_its_lane() {
    let engine = postgresql().await;
    session(engine)
        .await
        .simple("CREATE OR REPLACE FUNCTION lane_liar() RETURNS TEXT LANGUAGE SQL AS $$ SELECT set_config('TimeZone', 'Asia/Tokyo', false) $$")
        .await
        .unwrap();
    let (lanes, opened) = lanes(engine, LaneConfig::default().max_lanes(1));
    lanes
        .execute("SELECT lane_liar()", &[], None)
        .await
        .unwrap();
    let rows = lanes.fetch_all("SHOW TimeZone", &[], None).await.unwrap();
    assert_ne!(rows[0].get::<&str>(0).unwrap(), "Asia/Tokyo");
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_stale_plan_is_prepared_anew_on_its_lane() {
    let engine = postgresql().await;
    let own = session(engine).await;
    own.simple("DROP TABLE IF EXISTS lane_stale; CREATE TABLE lane_stale (a INT8)")
        .await
        .unwrap();
    let (lanes, opened) = lanes(engine, LaneConfig::default().max_lanes(1));
    let select = "SELECT * FROM lane_stale";
    for _ in 0..2 {
        assert_eq!(
            lanes
                .fetch_all(select, &[], None)
                .await
                .unwrap()
                .columns()
                .len(),
            1
        );
    }
    own.simple("ALTER TABLE lane_stale ADD COLUMN b INT8")
        .await
        .unwrap();
    assert_eq!(
        lanes
            .fetch_all(select, &[], None)
            .await
            .unwrap()
            .columns()
            .len(),
        2
    );
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn too_many_that_wait_are_refused() {
    let (lanes, _) = lanes(
        Engine::shared().await,
        LaneConfig::default().max_lanes(1).max_waiting(1),
    );
    let one = lanes.fetch_all("SELECT 1", &[], None);
    let two = lanes.fetch_all("SELECT 2", &[], None);
    let (one, two) = tokio::join!(one, two);
    // The first one waits for the lane to be opened, the second one is one too many.
    one.unwrap();
    assert!(two.unwrap_err().is_refused());
}

/// A source that cannot open anything.
struct Nowhere;

impl LaneSource for Nowhere {
    type Session = Session;
    type Error = std::io::Error;

    async fn open(&self) -> Result<Session, std::io::Error> {
        Err(std::io::Error::other("no route to anywhere"))
    }
}

#[tokio::test]
async fn callers_are_told_when_no_lane_can_be_opened() {
    let lanes = Lanes::new(Nowhere, LaneConfig::default());
    for _ in 0..3 {
        let error = lanes.execute("SELECT 1", &[], None).await.unwrap_err();
        assert!(error.is_closed(), "{error}");
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "no route to anywhere");
        assert_eq!(error.answer().written(), Written::Not);
    }
}
