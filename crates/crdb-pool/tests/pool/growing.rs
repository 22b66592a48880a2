//! How many sessions there are, and for how long.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crdb_pool::{NodeAddress, Pool};
use tokio::time::{Instant, sleep};

use crate::cluster::{Cluster, Handle, pool};

async fn spike(pool: &Pool<Handle>, callers: usize, query: Duration) -> Duration {
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.acquire().await.unwrap().work(query).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_spike_is_served_by_the_sessions_that_are_there() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| config.max_size(50).min_size(5));
    sleep(Duration::from_millis(100)).await;
    assert_eq!(pool.status().idle, 5);
    cluster.set_connect_time(Duration::from_millis(150));
    for _ in 0..10 {
        let took = spike(&pool, 50, Duration::from_millis(2)).await;
        assert!(took <= Duration::from_millis(25), "{took:?}");
        sleep(Duration::from_millis(200)).await;
    }
    assert!(
        cluster.connects() <= 6,
        "{} connections",
        cluster.connects()
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_that_lasts_makes_the_pool_grow() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| config.max_size(50).min_size(5));
    sleep(Duration::from_millis(100)).await;
    cluster.set_connect_time(Duration::from_millis(150));
    // 10 x 2 s of work: 4 s with five sessions.
    let took = spike(&pool, 50, Duration::from_secs(2)).await;
    assert!(took < Duration::from_millis(3_500), "{took:?}");
    // Short statements, but callers without end.
    let cluster = Cluster::start([1]);
    let pool = self::pool(&cluster, |config| config.max_size(20).min_size(2));
    sleep(Duration::from_millis(100)).await;
    cluster.set_connect_time(Duration::from_millis(150));
    let tasks: Vec<_> = (0..160)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for _ in 0..500 {
                    pool.acquire()
                        .await
                        .unwrap()
                        .work(Duration::from_millis(2))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(pool.status().size(), 20);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_cold_pool_grows_step_by_step_and_quickly() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| config.max_size(30));
    let took = spike(&pool, 200, Duration::from_millis(100)).await;
    assert!(took < Duration::from_millis(1_000), "{took:?}");
    assert!(cluster.node(1).most_connecting.load(SeqCst) <= 8);
    assert_eq!(cluster.node(1).most_open.load(SeqCst), 30);
}

#[tokio::test(start_paused = true)]
async fn unused_sessions_go_down_to_the_minimum() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| {
        config
            .max_size(10)
            .min_size(2)
            .idle_timeout(Some(Duration::from_secs(10)))
    });
    let leases: Vec<_> = held(&pool, 10).await;
    drop(leases);
    sleep(Duration::from_secs(8)).await;
    assert_eq!(pool.status().idle, 10);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(pool.status().idle, 2);
}

async fn held(pool: &Pool<Handle>, count: usize) -> Vec<crdb_pool::Lease<Handle>> {
    let mut leases = Vec::new();
    for _ in 0..count {
        leases.push(pool.acquire().await.unwrap());
    }
    leases
}

#[tokio::test(start_paused = true)]
async fn old_sessions_are_replaced_one_by_one() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| {
        config
            .max_size(20)
            .min_size(20)
            .seed(1)
            .max_lifetime(Some(Duration::from_secs(100)))
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pool.status().idle, 20);
    cluster.node(1).most_connecting.store(0, SeqCst);
    // Everything opened in the same second reaches its age spread over ten.
    sleep(Duration::from_secs(88)).await;
    assert_eq!(cluster.connects(), 20);
    let mut fewest = 20;
    for _ in 0..300 {
        sleep(Duration::from_millis(50)).await;
        fewest = fewest.min(pool.status().idle);
    }
    assert_eq!(cluster.connects(), 40);
    assert!(fewest >= 15, "{fewest}");
    let together = cluster.node(1).most_connecting.load(SeqCst);
    assert!(together <= 5, "{together} at once");
}

#[tokio::test(start_paused = true)]
async fn the_pool_can_be_resized_while_it_runs() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| config.max_size(4));
    let leases = held(&pool, 4).await;
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { held(&pool, 4).await.len() }
    });
    sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    pool.resize(0, 8).unwrap();
    assert_eq!(waiting.await.unwrap(), 4);
    pool.resize(1, 2).unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pool.status().size(), 4);
    drop(leases);
    assert_eq!(pool.status().size(), 2);
    assert!(pool.resize(3, 2).is_err());
}

#[tokio::test(start_paused = true)]
async fn nodes_can_come_and_go() {
    let cluster = Cluster::start([1, 2, 3]);
    let pool = Pool::builder(cluster.clone())
        .nodes([NodeAddress::new("cluster", 1)])
        .max_size(6)
        .build()
        .unwrap();
    drop(held(&pool, 6).await);
    pool.set_nodes(cluster.addresses()).unwrap();
    sleep(Duration::from_secs(3)).await;
    for port in 1..=3 {
        assert_eq!(cluster.node(port).open.load(SeqCst), 2, "{}", pool.status());
    }
    let leases = held(&pool, 6).await;
    pool.set_nodes([NodeAddress::new("cluster", 2)]).unwrap();
    assert_eq!(cluster.open(), 6);
    drop(leases);
    assert_eq!(cluster.open(), 2);
    assert_eq!(pool.status().nodes.len(), 3);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pool.status().nodes.len(), 1);
    assert!(pool.set_nodes([]).is_err());
}
