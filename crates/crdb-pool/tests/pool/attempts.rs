//! How often logins are tried, and where: pauses that grow with each cause, and nodes that are raced.

use std::time::Duration;

use crdb_pool::{NodeState, OutCause, Pool};
use tokio::time::{Instant, sleep};

use crate::cluster::{Behaviour, Cluster, Failure, Handle, pool};

/// Callers without end for `time`, each of which learns within a moment that there is no session.
async fn turned_away_at_once(pool: &Pool<Handle>, time: Duration, pause: Duration) {
    let until = Instant::now() + time;
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                while Instant::now() < until {
                    let asked = Instant::now();
                    let error = pool.acquire().await.map(drop).unwrap_err();
                    assert!(error.is_authentication(), "{error}");
                    let text = error.to_string();
                    assert!(text.contains("password authentication failed"), "{text}");
                    let took = asked.elapsed();
                    assert!(took < Duration::from_millis(100), "{took:?}");
                    sleep(pause).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_not_tried_again_and_again() {
    for (nodes, min_size) in [(1, 0), (3, 0), (3, 5)] {
        let cluster = Cluster::start(1..=nodes);
        for port in 1..=nodes {
            cluster.set(port, Behaviour::WrongPassword);
        }
        let pool = pool(&cluster, |config| config.max_size(10).min_size(min_size));
        let (ten, six_hundred) = (Duration::from_secs(10), Duration::from_secs(600));
        turned_away_at_once(&pool, ten, Duration::from_millis(10)).await;
        // One for each node to begin with, or `min_size` side by side, then after about 1, 2, 4 s.
        let logins = cluster.connects();
        let first = u32::from(nodes).max(min_size);
        assert!(logins <= first + 5, "{nodes} nodes: {logins} logins");
        turned_away_at_once(&pool, six_hundred, Duration::from_secs(1)).await;
        let later = cluster.connects() - logins;
        assert!(later <= 30, "{nodes} nodes: {later} logins in ten minutes");

        // The password is put right: within a minute.
        for port in 1..=nodes {
            cluster.set(port, Behaviour::Up);
        }
        let right = Instant::now();
        while pool.acquire().await.is_err() {
            assert!(right.elapsed() < Duration::from_secs(61));
            sleep(Duration::from_millis(100)).await;
        }
        // The others follow.
        sleep(Duration::from_secs(61)).await;
        let status = pool.status();
        assert!(
            status.nodes.iter().all(|node| node.state.in_rotation()),
            "{status}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_changes_under_load_is_tried_seldom() {
    let cluster = Cluster::start([1, 2, 3]);
    let pool = pool(&cluster, |config| config.max_size(9));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(pool.acquire().await.unwrap());
    }
    let before = cluster.connects();
    for port in 1..=3 {
        cluster.set(port, Behaviour::WrongPassword);
    }
    // More callers than sessions, so that the pool wants to grow.
    let until = Instant::now() + Duration::from_secs(10);
    let callers: Vec<_> = (0..12)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut served = 0;
                while Instant::now() < until {
                    if let Ok(mut lease) = pool.acquire().await {
                        lease.work(Duration::from_millis(10)).await.unwrap();
                        served += 1;
                    }
                }
                served
            })
        })
        .collect();
    drop(held);
    for caller in callers {
        assert!(caller.await.unwrap() > 0);
    }
    let logins = cluster.connects() - before;
    assert!((1..=8).contains(&logins), "{logins} logins");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_full_is_not_asked_again_and_again() {
    let cluster = Cluster::start([1]);
    let pool = pool(&cluster, |config| config.max_size(10).min_size(10));
    sleep(Duration::from_millis(100)).await;
    let held = {
        pool.resize(0, 4).unwrap();
        sleep(Duration::from_secs(1)).await;
        pool.acquire().await.unwrap()
    };
    cluster.set(1, Behaviour::Full);
    let before = cluster.connects();
    pool.resize(10, 10).unwrap();
    sleep(Duration::from_secs(10)).await;
    let logins = cluster.connects() - before;
    assert!((4..=18).contains(&logins), "{logins} logins in 10 s");
    assert_eq!(pool.status().nodes[0].state, NodeState::Up);
    drop(held);
    // And it fills up when it can.
    cluster.set(1, Behaviour::Up);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(pool.status().idle, 10);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_end_at_once_are_not_opened_again_and_again() {
    // A balancer that lets clients in and closes at once.
    let cluster = Cluster::start([1]);
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .acquire_timeout(Duration::from_secs(10))
        .before_acquire(|_, _| Box::pin(async { Err(Failure::Statement.into()) }))
        .build()
        .unwrap();
    let error = pool.acquire().await.map(drop).unwrap_err();
    assert!(error.is_timeout());
    let text = error.to_string();
    assert!(
        text.contains("the before_acquire hook failed: relation does not exist"),
        "{text}"
    );
    let logins = cluster.connects();
    assert!(logins <= 12, "{logins} logins in 10 s");
}

#[tokio::test(start_paused = true)]
async fn the_first_caller_does_not_wait_for_a_dead_node() {
    for silent in [1, 2] {
        for seed in 0..40 {
            let cluster = Cluster::start([1, 2, 3]);
            for port in 1..=silent {
                cluster.set(port, Behaviour::Blackholed);
            }
            let pool = pool(&cluster, |config| config.seed(seed).max_size(4));
            let began = Instant::now();
            let lease = pool.acquire().await.unwrap();
            let took = began.elapsed();
            assert!(lease.port > silent);
            // A head start of 250 ms for each silent node.
            assert!(
                took <= Duration::from_millis(280) * u32::from(silent),
                "{took:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_pool_gives_an_attempt_up_for_another_node() {
    for (max_size, silent) in [(1, 1), (1, 2), (2, 2)] {
        for seed in 0..40 {
            let cluster = Cluster::start([1, 2, 3]);
            for port in 1..=silent {
                cluster.set(port, Behaviour::Blackholed);
            }
            let pool = pool(&cluster, |config| config.seed(seed).max_size(max_size));
            let began = Instant::now();
            let lease = pool.acquire().await.unwrap();
            let took = began.elapsed();
            assert!(lease.port > silent);
            let limit = Duration::from_millis(300) * u32::from(silent);
            assert!(took <= limit, "{took:?} with {max_size} sessions");
            assert!(pool.status().size() <= max_size);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_not_given_up_again_and_again_where_all_nodes_are_slow() {
    for (time, limit) in [(600, 1_200), (2_000, 6_000), (4_500, 11_000)] {
        for nodes in [1, 2, 3] {
            for seed in 0..10 {
                let cluster = Cluster::start(1..=nodes);
                cluster.set_connect_time(Duration::from_millis(time));
                let pool = pool(&cluster, |config| config.max_size(1).seed(seed));
                let began = Instant::now();
                drop(pool.acquire().await.unwrap());
                let took = began.elapsed();
                assert!(took <= Duration::from_millis(limit), "{took:?}");
                for node in pool.status().nodes {
                    assert_eq!(node.state, NodeState::Up);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_node_nearby_is_raced_against_one_far_away() {
    for seed in 0..10 {
        let cluster = Cluster::start([1, 2]);
        cluster.set(1, Behaviour::Blackholed);
        let near = crdb_pool::NodeAddress::new("cluster", 1).with_locality("region=eu");
        let far = crdb_pool::NodeAddress::new("cluster", 2).with_locality("region=us");
        for max_size in [1, 10] {
            let pool = Pool::builder(cluster.clone())
                .nodes([near.clone(), far.clone()])
                .configure(|config| config.locality("region=eu").seed(seed).max_size(max_size))
                .build()
                .unwrap();
            let began = Instant::now();
            assert_eq!(pool.acquire().await.unwrap().port, 2);
            assert!(began.elapsed() <= Duration::from_millis(300));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_raced_stays_in_rotation_until_it_has_failed() {
    let cluster = Cluster::start([1, 2, 3]);
    cluster.set_connect_time(Duration::from_millis(600));
    // Slow, not dead: a login takes more than the head start.
    let pool = pool(&cluster, |config| config.max_size(6).seed(3));
    let began = Instant::now();
    drop(pool.acquire().await.unwrap());
    assert!(began.elapsed() <= Duration::from_millis(610));
    sleep(Duration::from_secs(2)).await;
    for node in pool.status().nodes {
        assert_eq!(node.state, NodeState::Up);
    }
    assert!(cluster.connects() <= 4, "{}", cluster.connects());
}

#[tokio::test(start_paused = true)]
async fn sessions_are_not_moved_to_a_node_that_does_not_answer() {
    let cluster = Cluster::start([1, 2]);
    cluster.set(2, Behaviour::Blackholed);
    let pool = pool(&cluster, |config| config.max_size(8).min_size(4));
    sleep(Duration::from_secs(5)).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(pool.acquire().await.unwrap());
    }
    drop(held);
    sleep(Duration::from_secs(60)).await;
    let status = pool.status();
    assert!(
        matches!(
            status.nodes[1].state,
            NodeState::Out(OutCause::Failing) | NodeState::Probing(OutCause::Failing)
        ),
        "{status}"
    );
    assert!(status.nodes[0].idle >= 4, "{status}");
}
