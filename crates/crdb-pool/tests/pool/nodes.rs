//! Nodes that fail, drain and come back, and which of them gets the work.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_pool::{
    AcquireOptions, CloseReason, Closed, Connector, ErrorClass, NodeAddress, NodeChanged,
    NodeState, PartialObserver, Pool,
};
use tokio::time::{Instant, sleep};

use crate::cluster::{Behaviour, Cluster, Handle};

#[derive(Default)]
struct Seen {
    closed: Mutex<Vec<CloseReason>>,
    changes: Mutex<Vec<(u16, NodeState)>>,
}

impl PartialObserver for Seen {
    fn closed(&self, event: &Closed<'_>) {
        self.closed.lock().unwrap().push(event.reason);
    }
    fn node_changed(&self, event: &NodeChanged<'_>) {
        self.changes
            .lock()
            .unwrap()
            .push((event.address.port(), event.to));
    }
}

fn pool(cluster: &Handle, max_size: u32) -> (Pool<Handle>, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(|config| config.max_size(max_size).seed(7))
        .observer(seen.clone())
        .build()
        .unwrap();
    (pool, seen)
}

fn state(pool: &Pool<Handle>, port: u16) -> NodeState {
    let status = pool.status();
    status
        .nodes
        .iter()
        .find(|node| node.address.port() == port)
        .unwrap()
        .state
}

/// Callers that work on whatever session they get, report what they see, and try again until their deadline.
async fn load(
    pool: Pool<Handle>,
    callers: usize,
    time: Duration,
    allowed: Duration,
) -> Vec<String> {
    let until = Instant::now() + time;
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut failures = Vec::new();
                while Instant::now() < until {
                    let deadline = Instant::now() + allowed;
                    let mut avoid = None;
                    loop {
                        let options = AcquireOptions {
                            deadline: Some(deadline.into_std()),
                            avoid,
                        };
                        let mut lease = match pool.acquire_with(options).await {
                            Ok(lease) => lease,
                            Err(error) => {
                                failures.push(error.to_string());
                                break;
                            }
                        };
                        let work = lease.work(Duration::from_millis(2));
                        let class =
                            match tokio::time::timeout(Duration::from_millis(200), work).await {
                                Ok(Ok(())) => break,
                                Ok(Err(error)) => pool.connector().classify(&error),
                                Err(_) => ErrorClass::Dead,
                            };
                        avoid = Some(lease.node());
                        lease.report(class);
                    }
                }
                failures
            })
        })
        .collect();
    let mut failures = Vec::new();
    for task in tasks {
        failures.extend(task.await.unwrap());
    }
    failures
}

#[tokio::test(start_paused = true)]
async fn no_caller_fails_while_nodes_fail_one_after_the_other() {
    let cluster = Cluster::start([1, 2, 3]);
    let (pool, _) = pool(&cluster, 12);
    let load = tokio::spawn(load(
        pool.clone(),
        24,
        Duration::from_secs(60),
        Duration::from_secs(3),
    ));
    for (port, trouble) in [
        (1, Behaviour::Killed),
        (2, Behaviour::Draining),
        (3, Behaviour::Blackholed),
    ] {
        sleep(Duration::from_secs(5)).await;
        cluster.set(port, trouble);
        sleep(Duration::from_secs(5)).await;
        assert!(
            !state(&pool, port).in_rotation(),
            "{:?}",
            state(&pool, port)
        );
        cluster.set(port, Behaviour::Up);
        sleep(Duration::from_millis(800)).await;
        assert!(state(&pool, port).in_rotation(), "{:?}", state(&pool, port));
    }
    assert_eq!(load.await.unwrap(), Vec::<String>::new());
    assert!(cluster.open() <= 12);
    let status = pool.status();
    for node in &status.nodes {
        assert!(
            (3..=5).contains(&(node.idle + node.in_use)),
            "sessions did not flow back: {status}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_draining_node_leaves_when_a_look_confirms_it_and_its_idle_sessions_are_closed() {
    let cluster = Cluster::start([1, 2]);
    let (pool, seen) = pool(&cluster, 8);
    let leases: Vec<_> = futures(&pool, 8).await;
    let (one, two): (Vec<_>, Vec<_>) = leases
        .into_iter()
        .partition(|lease| lease.address().port() == 1);
    assert_eq!((one.len(), two.len()), (4, 4));
    let mut one = one.into_iter();
    let mut told = one.next().unwrap();
    drop((one, two));
    cluster.set(1, Behaviour::Draining);
    told.report(ErrorClass::Draining);
    assert_eq!(state(&pool, 1), NodeState::Up, "one session says so");
    drop(told);
    // As long as a login takes.
    sleep(Duration::from_millis(10)).await;
    assert!(!state(&pool, 1).in_rotation());
    let closed = seen.closed.lock().unwrap().clone();
    assert_eq!(closed[0], CloseReason::Discarded);
    assert_eq!(closed[1..], [CloseReason::NodeOut; 3]);
    assert_eq!(pool.status().nodes[0].idle, 0);
    for _ in 0..20 {
        assert_eq!(pool.acquire().await.unwrap().address().port(), 2);
    }
}

/// As many leases at the same time.
async fn futures(pool: &Pool<Handle>, count: usize) -> Vec<crdb_pool::Lease<Handle>> {
    let mut leases = Vec::new();
    for _ in 0..count {
        leases.push(pool.acquire().await.unwrap());
    }
    leases
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_that_is_told_to_leave_takes_its_node_out_before_anybody_asks() {
    let cluster = Cluster::start([1, 2]);
    let (pool, _) = pool(&cluster, 4);
    drop(futures(&pool, 4).await);
    cluster.set(1, Behaviour::Draining);
    sleep(Duration::from_millis(1_100)).await;
    assert!(!state(&pool, 1).in_rotation());
    assert!(state(&pool, 2).in_rotation());
    assert_eq!(cluster.node(1).open.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_node_is_probed_by_exactly_as_many_as_configured() {
    for probes in 1..=3 {
        let cluster = Cluster::start([1]);
        let pool = Pool::builder(cluster.clone())
            .nodes(cluster.addresses())
            .configure(|config| config.max_size(16).half_open_probes(probes))
            .build()
            .unwrap();
        drop(futures(&pool, 8).await);
        cluster.set(1, Behaviour::Draining);
        pool.acquire_with(soon()).await.unwrap_err();
        cluster.node(1).most_connecting.store(0, SeqCst);
        cluster.set(1, Behaviour::Blackholed);
        let callers: Vec<_> = (0..500)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.acquire_with(soon()).await.map(drop) })
            })
            .collect();
        for caller in callers {
            assert!(caller.await.unwrap().unwrap_err().is_timeout());
        }
        assert_eq!(cluster.node(1).most_connecting.load(SeqCst), probes);
    }
}

fn soon() -> AcquireOptions {
    AcquireOptions {
        deadline: Some((Instant::now() + Duration::from_secs(3)).into_std()),
        avoid: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_gone_for_a_minute_is_at_full_rate_within_a_second() {
    for trouble in [
        Behaviour::Killed,
        Behaviour::Blackholed,
        Behaviour::Draining,
    ] {
        let cluster = Cluster::start([1]);
        let (pool, _) = pool(&cluster, 8);
        drop(futures(&pool, 8).await);
        let load = tokio::spawn({
            let pool = pool.clone();
            load(pool, 16, Duration::from_secs(65), Duration::from_secs(2))
        });
        sleep(Duration::from_secs(1)).await;
        cluster.set(1, trouble);
        sleep(Duration::from_secs(60)).await;
        cluster.set(1, Behaviour::Up);
        sleep(Duration::from_secs(1)).await;
        let status = pool.status();
        assert_eq!(status.in_use + status.idle, 8, "{trouble:?}: {status}");
        load.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn no_caller_waits_longer_than_the_deadline() {
    let cluster = Cluster::start([1]);
    let (pool, _) = pool(&cluster, 4);
    drop(futures(&pool, 4).await);
    cluster.set(1, Behaviour::Blackholed);
    sleep(Duration::from_secs(1)).await;
    for allowed in [1, 10, 100, 700, 1_000, 2_500] {
        let started = Instant::now();
        let allowed = Duration::from_millis(allowed);
        let deadline = Some((started + allowed).into_std());
        pool.acquire_with(AcquireOptions {
            deadline,
            avoid: None,
        })
        .await
        .unwrap_err();
        assert!(
            started.elapsed() <= allowed + Duration::from_millis(2),
            "{:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_under_a_thousand_waiters_is_no_stampede() {
    let cluster = Cluster::start([1]);
    let (pool, _) = pool(&cluster, 20);
    drop(futures(&pool, 20).await);
    cluster.set(1, Behaviour::Killed);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut lease = pool.acquire().await.unwrap();
                lease.work(Duration::from_millis(1)).await.unwrap();
            })
        })
        .collect();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(pool.status().waiting, 1_000);
    cluster.node(1).connects.store(0, SeqCst);
    cluster.node(1).most_connecting.store(0, SeqCst);
    cluster.set(1, Behaviour::Up);
    let back = Instant::now();
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(
        back.elapsed() < Duration::from_secs(1),
        "{:?}",
        back.elapsed()
    );
    assert!(
        cluster.node(1).connects.load(SeqCst) <= 21,
        "{:?}",
        cluster.node(1).connects
    );
    assert!(cluster.node(1).most_connecting.load(SeqCst) <= 8);
}

#[tokio::test(start_paused = true)]
async fn serialization_failures_never_take_a_node_out() {
    let cluster = Cluster::start([1]);
    let (pool, _) = pool(&cluster, 2);
    for _ in 0..100 {
        pool.acquire().await.unwrap().report(ErrorClass::Harmless);
    }
    assert_eq!(state(&pool, 1), NodeState::Up);
    assert_eq!(cluster.connects(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_node_keeps_what_it_has() {
    let cluster = Cluster::start([1]);
    let (pool, _) = pool(&cluster, 8);
    let leases = futures(&pool, 4).await;
    cluster.set(1, Behaviour::Full);
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.acquire().await.unwrap().id }
    });
    sleep(Duration::from_secs(2)).await;
    assert!(cluster.connects() < 20, "{}", cluster.connects());
    assert_eq!(state(&pool, 1), NodeState::Up);
    let ids: Vec<_> = leases.iter().map(|lease| lease.id).collect();
    drop(leases);
    assert!(ids.contains(&waiting.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn the_node_that_just_failed_is_passed_over() {
    let cluster = Cluster::start([1, 2]);
    let (pool, _) = pool(&cluster, 4);
    for _ in 0..50 {
        let lease = pool.acquire().await.unwrap();
        let avoid = Some(lease.node());
        drop(lease);
        let options = AcquireOptions {
            deadline: None,
            avoid,
        };
        assert_ne!(
            Some(pool.acquire_with(options).await.unwrap().node()),
            avoid
        );
    }
    // With one node left there is no choice.
    cluster.set(2, Behaviour::Draining);
    sleep(Duration::from_secs(2)).await;
    let avoid = Some(pool.acquire().await.unwrap().node());
    assert!(
        pool.acquire_with(AcquireOptions {
            deadline: None,
            avoid
        })
        .await
        .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn near_nodes_come_first_and_far_ones_help_out() {
    let cluster = Cluster::start([1, 2, 3]);
    let near = |port| NodeAddress::new("cluster", port).with_locality("region=eu,zone=a");
    let far = NodeAddress::new("cluster", 3).with_locality("region=us,zone=a");
    let pool = Pool::builder(cluster.clone())
        .nodes([near(1), near(2), far])
        .configure(|config| {
            config
                .max_size(12)
                .max_per_node(Some(4))
                .locality("region=eu,zone=b")
        })
        .build()
        .unwrap();
    let leases = futures(&pool, 8).await;
    assert_eq!(cluster.node(3).open.load(SeqCst), 0);
    let more = futures(&pool, 4).await;
    assert_eq!(cluster.node(3).open.load(SeqCst), 4);
    drop((leases, more));

    cluster.set(1, Behaviour::Killed);
    cluster.set(2, Behaviour::Killed);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(pool.acquire().await.unwrap().address().port(), 3);
    cluster.set(1, Behaviour::Up);
    cluster.set(2, Behaviour::Up);
    sleep(Duration::from_secs(2)).await;
    for _ in 0..20 {
        assert_ne!(pool.acquire().await.unwrap().address().port(), 3);
    }
}
