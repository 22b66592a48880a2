//! Borrowing and giving back: who gets which session, in which state, and when.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crdb_pool::{AcquireOptions, ErrorClass, ErrorKind, Pool};
use tokio::time::{Instant, sleep, timeout};

use crate::cluster::{Behaviour, Cluster, Handle};

fn pool(cluster: &Handle, max_size: u32) -> Pool<Handle> {
    Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(max_size)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_clean_session_is_lent_again_without_a_round_trip() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 4);
    let lease = pool.acquire().await.unwrap();
    let (first, number) = (lease.id, lease.session_number());
    drop(lease);
    for _ in 0..10 {
        let lease = pool.acquire().await.unwrap();
        assert_eq!((lease.id, lease.session_number()), (first, number));
    }
    assert_eq!(cluster.node(1).checks.load(Ordering::SeqCst), 0);
    assert_eq!(cluster.node(1).resets.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_unused_for_half_a_second_is_checked() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 4);
    drop(pool.acquire().await.unwrap());
    sleep(Duration::from_millis(499)).await;
    drop(pool.acquire().await.unwrap());
    assert_eq!(cluster.node(1).checks.load(Ordering::SeqCst), 0);
    sleep(Duration::from_millis(500)).await;
    drop(pool.acquire().await.unwrap());
    assert_eq!(cluster.node(1).checks.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_death_on_a_node_each_of_its_other_sessions_is_checked_once() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 2);
    let (mut first, second) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    drop(second);
    first.report(ErrorClass::Dead);
    drop(pool.acquire().await.unwrap());
    assert_eq!(cluster.node(1).checks.load(Ordering::SeqCst), 1);
    drop(pool.acquire().await.unwrap());
    assert_eq!(cluster.node(1).checks.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_changed_session_is_reset_and_a_broken_one_is_replaced() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 1);
    let mut lease = pool.acquire().await.unwrap();
    let (first, number) = (lease.id, lease.session_number());
    lease.dirty = true;
    drop(lease);
    let mut lease = pool.acquire().await.unwrap();
    assert_eq!(lease.id, first);
    assert!(!lease.dirty);
    assert_eq!(cluster.node(1).resets.load(Ordering::SeqCst), 1);

    // Dropped in the middle of a statement.
    timeout(Duration::from_millis(1), lease.work(Duration::from_secs(1)))
        .await
        .unwrap_err();
    drop(lease);
    let lease = pool.acquire().await.unwrap();
    assert_ne!((lease.id, lease.session_number()), (first, number));
    assert_eq!(cluster.node(1).most_open.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_the_order_in_which_they_came() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 1);
    let held = pool.acquire().await.unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..100 {
        let (pool, sender) = (pool.clone(), sender.clone());
        tokio::spawn(async move {
            let lease = pool.acquire().await.unwrap();
            sender.send(number).unwrap();
            sleep(Duration::from_millis(1)).await;
            drop(lease);
        });
        tokio::task::yield_now().await;
    }
    assert_eq!(pool.status().waiting, 100);
    drop(held);
    // A caller that comes now does not overtake.
    let last = tokio::spawn(async move { pool.acquire().await.unwrap().id });
    for expected in 0..100 {
        assert_eq!(receiver.recv().await, Some(expected));
    }
    last.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_is_bounded_in_time_and_number() {
    let cluster = Cluster::start([1]);
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(|config| {
            config
                .max_size(1)
                .max_waiters(1)
                .acquire_timeout(Duration::from_secs(3))
        })
        .build()
        .unwrap();
    let _held = pool.acquire().await.unwrap();
    let started = Instant::now();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.acquire().await.map(drop) }
    });
    tokio::task::yield_now().await;
    let refused = pool.acquire().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooManyWaiters);
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(started.elapsed().as_millis(), 3000);
    assert_eq!(error.status().unwrap().in_use, 1);
    assert!(error.to_string().contains("1 in use"), "{error}");

    let deadline = (Instant::now() + Duration::from_millis(20)).into_std();
    let started = Instant::now();
    let options = AcquireOptions {
        deadline: Some(deadline),
        avoid: None,
    };
    assert!(pool.acquire_with(options).await.unwrap_err().is_timeout());
    assert_eq!(started.elapsed().as_millis(), 20);
}

#[tokio::test(start_paused = true)]
async fn the_error_says_why_no_session_came_free() {
    let cluster = Cluster::start([1]);
    cluster.set(1, Behaviour::Killed);
    let pool = pool(&cluster, 1);
    let options = AcquireOptions {
        deadline: Some((Instant::now() + Duration::from_secs(2)).into_std()),
        avoid: None,
    };
    let error = pool.acquire_with(options).await.unwrap_err();
    assert!(error.is_timeout());
    let text = error.to_string();
    assert!(
        text.contains("connection refused") && text.contains("ago") && text.contains("cluster:1"),
        "{text}"
    );
    // The message tells the cause, so a chain of errors does not tell it again.
    assert!(std::error::Error::source(&error).is_none());
    let failure = error.failure().unwrap().to_string();
    assert!(failure.contains("connection refused"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_fail_callers_at_once() {
    let cluster = Cluster::start([1, 2]);
    cluster.set(1, Behaviour::WrongPassword);
    cluster.set(2, Behaviour::WrongPassword);
    let pool = pool(&cluster, 8);
    let started = Instant::now();
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.acquire().await.map(drop) })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert!(error.is_authentication(), "{error}");
        assert!(
            error.to_string().contains("password authentication failed"),
            "{error}"
        );
    }
    assert!(
        started.elapsed() < Duration::from_millis(100),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn callers_that_a_session_can_serve_are_served_while_new_ones_are_refused() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 2);
    let held = pool.acquire().await.unwrap();
    cluster.set(1, Behaviour::WrongPassword);
    let waiter = |pool: &Pool<Handle>| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.acquire().await })
    };
    let served = waiter(&pool);
    // Opening a second session fails meanwhile, and the first one is only out.
    sleep(Duration::from_secs(1)).await;
    assert!(!served.is_finished());
    drop(held);
    let held = served.await.unwrap().unwrap();

    // With the last session goes the hope of the callers that wait, at once and not by their deadline.
    let (first, second) = (waiter(&pool), waiter(&pool));
    sleep(Duration::from_millis(100)).await;
    let lost = Instant::now();
    held.discard();
    for refused in [first, second] {
        let error = refused.await.unwrap().unwrap_err();
        assert!(error.is_authentication(), "{error}");
    }
    assert!(
        lost.elapsed() < Duration::from_millis(200),
        "{:?}",
        lost.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_refuses_us_does_not_fail_those_whom_another_one_serves() {
    let cluster = Cluster::start([1, 2]);
    cluster.set(1, Behaviour::WrongPassword);
    let pool = pool(&cluster, 2);
    for _ in 0..20 {
        let lease = pool.acquire().await.unwrap();
        assert_eq!(lease.address().port(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_what_is_out_and_lists_it() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 3);
    drop(pool.acquire().await.unwrap());
    let lease = pool.acquire().await.unwrap();
    let line = line!() - 1;
    let error = pool.close(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreturned);
    assert_eq!(error.unreturned().len(), 1);
    assert_eq!(error.unreturned()[0].borrowed_at.line(), line);
    assert!(
        error.unreturned()[0]
            .borrowed_at
            .file()
            .ends_with("lending.rs")
    );
    assert!(pool.acquire().await.unwrap_err().is_closed());
    let closing = tokio::spawn({
        let pool = pool.clone();
        async move { pool.close(Duration::from_secs(10)).await }
    });
    sleep(Duration::from_millis(10)).await;
    drop(lease);
    closing.await.unwrap().unwrap();
    assert_eq!(cluster.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_closes_everything() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, 3);
    let lease = pool.acquire().await.unwrap();
    drop(pool.acquire().await.unwrap());
    drop(pool);
    assert_eq!(cluster.open(), 1);
    drop(lease);
    assert_eq!(cluster.open(), 0);
}
