//! Every future of the pool, dropped after every number of polls: no slot, session or place in the queue is lost.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use std::task::Poll;
use std::time::Duration;

use crdb_pool::{HookFuture, NodeAddress, Pool};
use tokio::time::sleep;

use crate::cluster::{Behaviour, Cluster, Handle, Session};

/// Polls a future `polls` times, lets time pass between, and drops it. True when it was done before.
async fn poll_then_drop<F: Future>(future: F, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        let poll = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if poll.is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
        sleep(Duration::from_micros(500)).await;
    }
    false
}

fn nothing<'a>(_: &'a mut Session, _: &'a NodeAddress) -> HookFuture<'a> {
    Box::pin(async {
        tokio::task::yield_now().await;
        sleep(Duration::from_micros(700)).await;
        Ok(())
    })
}

fn pool(cluster: &Handle) -> Pool<Handle> {
    Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(|config| {
            // Every session is checked, so that there is something to be dropped in the middle of.
            config
                .max_size(2)
                .fresh_for(Duration::ZERO)
                .acquire_timeout(Duration::from_millis(40))
        })
        .after_connect(nothing)
        .before_acquire(nothing)
        .after_release(nothing)
        .build()
        .unwrap()
}

/// Two callers at once can have a session again, and no more than two sessions exist.
async fn assert_whole(pool: &Pool<Handle>, cluster: &Handle, when: &str) {
    sleep(Duration::from_millis(500)).await;
    let (one, two) = tokio::join!(pool.acquire(), pool.acquire());
    let (one, two) = (one.expect(when), two.expect(when));
    assert!(
        !one.dirty && !one.unfinished && !two.dirty && !two.unfinished,
        "{when}"
    );
    let status = pool.status();
    assert_eq!((status.in_use, status.waiting), (2, 0), "{when}");
    assert!(cluster.node(1).most_open.load(SeqCst) <= 2, "{when}");
}

#[tokio::test(start_paused = true)]
async fn acquire_can_be_dropped_at_every_poll() {
    let mut drops = 0;
    for situation in [
        "empty",
        "idle",
        "all lent",
        "given back meanwhile",
        "dead",
        "refusing",
    ] {
        let cluster = Cluster::start([1]);
        let pool = pool(&cluster);
        let mut polls = 0;
        loop {
            let when = format!("{situation}, after {polls} polls");
            let mut held = Vec::new();
            if situation != "empty" && situation != "refusing" {
                let (one, two) = tokio::join!(pool.acquire(), pool.acquire());
                held.extend([one.expect(&when), two.expect(&when)]);
            }
            match situation {
                "idle" => held.clear(),
                "dead" => {
                    held.clear();
                    cluster.set(1, Behaviour::Killed);
                    cluster.set(1, Behaviour::Up);
                }
                "refusing" => {
                    pool.resize(0, 1).unwrap();
                    pool.resize(0, 2).unwrap();
                    cluster.set(1, Behaviour::Killed);
                }
                "given back meanwhile" => {
                    let held = std::mem::take(&mut held);
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(2)).await;
                        drop(held);
                    });
                }
                _ => {}
            }
            let done = poll_then_drop(pool.acquire(), polls).await;
            cluster.set(1, Behaviour::Up);
            drop(held);
            drops += 1;
            assert_whole(&pool, &cluster, &when).await;
            polls += 1;
            if done {
                break;
            }
            assert!(polls < 500, "{when}: never done");
        }
        let closed = pool.close(Duration::from_secs(5)).await;
        closed.unwrap_or_else(|error| panic!("{situation}: {error}"));
        assert_eq!(cluster.open(), 0, "{situation}");
    }
    assert!(drops > 100, "{drops}");
}

#[tokio::test(start_paused = true)]
async fn close_can_be_dropped_at_every_poll() {
    for polls in 0..20 {
        let cluster = Cluster::start([1]);
        let pool = pool(&cluster);
        let mut lease = pool.acquire().await.unwrap();
        lease.dirty = true;
        poll_then_drop(pool.close(Duration::from_millis(5)), polls).await;
        drop(lease);
        pool.close(Duration::from_secs(5)).await.unwrap();
        assert_eq!(cluster.open(), 0);
    }
}

#[test]
fn giving_back_after_the_runtime_has_stopped_loses_nothing() {
    let cluster = Cluster::start([1]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (pool, mut lease) = runtime.block_on(async {
        let pool = Pool::builder(cluster.clone())
            .nodes(cluster.addresses())
            .build()
            .unwrap();
        let lease = pool.acquire().await.unwrap();
        (pool, lease)
    });
    runtime.shutdown_timeout(Duration::from_secs(10));
    lease.dirty = true;
    drop(lease);
    assert_eq!(pool.status().in_use, 0);
    assert_eq!(cluster.open(), 0);
}
