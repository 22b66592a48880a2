//! One server that is away for a while: refused, half-open, or restarted under many waiters.

use std::time::{Duration, Instant};

use crdb_pool::{GetOptions, NodeAddress, Pool};
use crdb_testkit::{Accept, Cut, Direction, Engine, FaultProxy, Link};

use crate::load;
use crate::login::{Login, class_of};

async fn pool_at(engine: &Engine, proxy: &FaultProxy, size: u32) -> Pool<Login> {
    let pool = Pool::builder(Login::new(engine))
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(size).min_size(size))
        .build()
        .unwrap();
    let started = Instant::now();
    while pool.status().idle < size {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{}",
            pool.status()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    pool
}

async fn refuse(proxy: &FaultProxy) {
    proxy.set_accept(Accept::Refuse).await;
    proxy.cut_now(Cut::Reset);
}

fn fall_silent(proxy: &FaultProxy) {
    proxy.set_link(Direction::ToServer, Link::blackhole());
    proxy.set_link(Direction::ToClient, Link::blackhole());
}

/// Nobody waits for longer than allowed, and the rate is back soon after the server is.
async fn outage(silent: bool, away: Duration) {
    const ALLOWED: Duration = Duration::from_millis(400);
    let engine = Engine::shared().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let pool = pool_at(engine, &proxy, 8).await;
    let work = tokio::spawn({
        let pool = pool.clone();
        let time = away + Duration::from_secs(6);
        async move { load::run(&pool, 16, time, ALLOWED).await }
    });
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let left = Instant::now();
    if silent {
        fall_silent(&proxy);
    } else {
        refuse(&proxy).await;
    }
    tokio::time::sleep(away).await;
    proxy.heal().await;
    if silent {
        // What was underway is gone, as after a partition that outlasts the server's patience.
        proxy.cut_now(Cut::Reset);
    }
    let back = Instant::now();
    let calls = work.await.unwrap();
    let full = load::rate(&calls, began + Duration::from_millis(500), left);
    let after = load::time_to_rate(&calls, back, full * 0.9);
    let latest = calls.iter().map(|call| call.took).max().unwrap();
    println!(
        "silent: {silent}; {full:.0} calls/s, slowest call {latest:.1?}, full rate after {after:?}"
    );
    // A statement that was begun just before the deadline has its own patience.
    let slack = Duration::from_millis(350);
    assert!(latest <= ALLOWED + slack, "{latest:?}");
    assert!(
        after.is_some_and(|after| after <= Duration::from_secs(1)),
        "{after:?}"
    );
    let failed = calls.iter().filter(|call| call.failure.is_some());
    assert!(failed.clone().all(|call| call.began + call.took > left && call.began < back + Duration::from_secs(1)));
    assert!(failed.count() > 0, "the server was away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_for_a_while() {
    outage(false, a_while()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_for_a_while() {
    outage(true, a_while()).await;
}

/// With `CRDB_TEST_LONG` set it is a minute.
fn a_while() -> Duration {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    Duration::from_secs(if long { 60 } else { 3 })
}

#[tokio::test(flavor = "multi_thread")]
async fn get_is_never_late_on_a_dead_connection() {
    let engine = Engine::shared().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let pool = pool_at(engine, &proxy, 4).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    fall_silent(&proxy);
    for allowed in [50, 200, 700, 1_500].map(Duration::from_millis) {
        let started = Instant::now();
        let deadline = Some(started + allowed);
        let error = pool
            .get_with(GetOptions {
                deadline,
                avoid: None,
            })
            .await
            .unwrap_err();
        let took = started.elapsed();
        assert!(error.is_timeout(), "{error}");
        assert!(
            took <= allowed + Duration::from_millis(50),
            "{took:?} where {allowed:?} were allowed"
        );
    }
}

#[tokio::test]
async fn a_restart_under_a_thousand_waiters() {
    const SIZE: u32 = 10;
    let engine = Engine::shared().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let pool = pool_at(engine, &proxy, SIZE).await;
    refuse(&proxy).await;
    let (done, mut order) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..1_000_u32 {
        let (caller, done) = (pool.clone(), done.clone());
        tokio::spawn(async move {
            // Sessions that were used a moment ago are lent unchecked, and may turn out to be dead.
            loop {
                let mut lease = caller.get().await.unwrap();
                let turn = Instant::now();
                let answer = {
                    let call = lease.begin_call();
                    let answer = call.client().query_one("SELECT 1", &[]).await;
                    if answer.is_ok() {
                        call.finish();
                    }
                    answer
                };
                match answer {
                    Ok(_) => break done.send((turn, number)).unwrap(),
                    Err(error) => lease.report(class_of(&error)),
                }
            }
        });
        while pool.status().waiting <= number as usize {
            tokio::task::yield_now().await;
        }
    }
    drop(done);
    let before = proxy.counts().accepted;
    let back = Instant::now();
    proxy.heal().await;
    let mut finished = Vec::new();
    while finished.len() < 1_000 {
        finished.push(order.recv().await.unwrap());
    }
    let took = back.elapsed();
    finished.sort_unstable();
    let connects = proxy.counts().accepted - before;
    println!("1,000 waiters served in {took:.0?} over {connects} connections");
    assert!(
        connects <= u64::from(SIZE),
        "{connects} connections for {SIZE} slots"
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
    // Nobody is served before those who came more than a pool's worth earlier.
    for (position, (_, number)) in finished.iter().enumerate() {
        let apart = (position as i64 - i64::from(*number)).abs();
        assert!(
            apart <= 2 * i64::from(SIZE),
            "number {number} was served as {position}"
        );
    }
}
