//! What counts against a node, and what does not: sessions end on nodes that are well.

use std::collections::HashSet;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_pool::{
    AcquireOptions, ErrorClass, Lease, NodeChanged, NodeState, OutCause, PartialObserver, Pool,
};
use tokio::time::{Instant, sleep, timeout};

use crate::cluster::{Behaviour, Cluster, End, Failure, Handle};

/// Every state that a node was in.
#[derive(Default)]
struct States(Mutex<Vec<NodeState>>);

impl PartialObserver for States {
    fn node_changed(&self, event: &NodeChanged<'_>) {
        self.0.lock().unwrap().push(event.to);
    }
}

impl States {
    /// Whether no node has ever left rotation.
    fn assert_steady(&self, what: &str) {
        assert_eq!(*self.0.lock().unwrap(), [], "{what}");
    }
}

fn pool(cluster: &Handle, max_size: u32) -> (Pool<Handle>, Arc<States>) {
    let states = Arc::new(States::default());
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(|config| config.max_size(max_size).seed(7))
        .observer(states.clone())
        .build()
        .unwrap();
    (pool, states)
}

async fn leases(pool: &Pool<Handle>, count: usize) -> Vec<Lease<Handle>> {
    let mut leases = Vec::new();
    for _ in 0..count {
        leases.push(pool.acquire().await.unwrap());
    }
    leases
}

fn state(pool: &Pool<Handle>, port: u16) -> NodeState {
    let nodes = pool.status().nodes;
    let node = nodes.iter().find(|node| node.address.port() == port);
    node.unwrap().state
}

#[tokio::test(start_paused = true)]
async fn sessions_that_end_while_idle_say_nothing_about_their_node() {
    for how in [End::Closed, End::Told, End::Forgotten] {
        for nodes in [1, 3] {
            let cluster = Cluster::start(1..=nodes);
            let (pool, states) = pool(&cluster, 10);
            for _ in 0..5 {
                drop(leases(&pool, 10).await);
                cluster.end_sessions(1, how);
                // The pool looks at idle sessions by itself, and pings them.
                sleep(Duration::from_secs(40)).await;
                drop(pool.acquire().await.unwrap());
                cluster.end_sessions(1, how);
                drop(leases(&pool, 3).await);
            }
            states.assert_steady(&format!("{how:?}, {nodes} nodes"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_that_end_while_lent_say_nothing_about_their_node() {
    for (how, class) in [
        (End::Closed, ErrorClass::Dead),
        (End::Told, ErrorClass::Draining),
        (End::Forgotten, ErrorClass::Dead),
    ] {
        let cluster = Cluster::start([1, 2]);
        let (pool, states) = pool(&cluster, 10);
        for _ in 0..5 {
            let mut all = leases(&pool, 10).await;
            cluster.end_sessions(1, how);
            for lease in &mut all {
                if lease.port == 1 {
                    lease.report(class);
                }
            }
            drop(all);
            sleep(Duration::from_millis(300)).await;
        }
        states.assert_steady(&format!("{how:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_raises_57p01_costs_its_own_session_only() {
    let cluster = Cluster::start([1]);
    let (pool, states) = pool(&cluster, 10);
    drop(leases(&pool, 10).await);
    let before = cluster.connects();
    for _ in 0..100 {
        let mut lease = pool.acquire().await.unwrap();
        lease.report(ErrorClass::Draining);
        drop(lease);
        sleep(Duration::from_millis(20)).await;
    }
    states.assert_steady("57P01");
    // Each is replaced when it is needed, and by two looks a second at most: here in two seconds.
    let logins = cluster.connects() - before;
    assert!(logins <= 100, "{logins}");
}

#[tokio::test(start_paused = true)]
async fn the_other_sessions_of_a_node_outlive_the_end_of_one() {
    for class in [ErrorClass::Dead, ErrorClass::Draining] {
        let cluster = Cluster::start([1]);
        let (pool, _) = pool(&cluster, 10);
        let all = leases(&pool, 10).await;
        let ids: HashSet<_> = all.iter().map(|lease| lease.id).collect();
        let mut all = all.into_iter();
        let mut one = all.next().unwrap();
        drop(all);
        one.report(class);
        let gone = one.id;
        drop(one);
        sleep(Duration::from_secs(2)).await;
        let now: HashSet<_> = leases(&pool, 10)
            .await
            .iter()
            .map(|lease| lease.id)
            .collect();
        let lost: Vec<_> = ids.difference(&now).collect();
        assert_eq!(lost, [&gone]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_refuses_or_abandons_is_never_evidence() {
    let cluster = Cluster::start([1]);
    let (pool, states) = pool(&cluster, 4);
    drop(leases(&pool, 4).await);
    for _ in 0..20 {
        // A value that does not encode.
        let mut lease = pool.acquire().await.unwrap();
        lease.report_error(ErrorClass::Harmless, Failure::Statement);
        drop(lease);
        // A statement whose future was dropped.
        let mut lease = pool.acquire().await.unwrap();
        timeout(
            Duration::from_millis(1),
            lease.work(Duration::from_secs(60)),
        )
        .await
        .unwrap_err();
        drop(lease);
    }
    states.assert_steady("refused and abandoned");
    assert_eq!(
        cluster.node(1).checks.load(SeqCst),
        0,
        "nothing was suspected"
    );
    assert!(pool.status().nodes[0].last_error.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_client_does_not_forget_what_was_seen() {
    let cluster = Cluster::start([1, 2]);
    let (pool, _) = pool(&cluster, 4);
    let mut all = leases(&pool, 4).await;
    cluster.set(1, Behaviour::Killed);
    for lease in &mut all {
        if lease.port == 1 {
            lease.report(ErrorClass::Dead);
            lease.report(ErrorClass::Harmless);
        }
    }
    drop(all);
    sleep(Duration::from_millis(300)).await;
    assert!(!state(&pool, 1).in_rotation());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_gone_leaves_rotation_before_a_second_has_passed() {
    for (trouble, within) in [
        (Behaviour::Killed, 400),
        (Behaviour::Draining, 100),
        // A check, and two looks.
        (Behaviour::Blackholed, 2_200),
        (Behaviour::Mute, 2_200),
    ] {
        let cluster = Cluster::start([1, 2]);
        let (pool, _) = pool(&cluster, 8);
        drop(leases(&pool, 8).await);
        sleep(Duration::from_millis(600)).await;
        cluster.set(1, trouble);
        let began = Instant::now();
        while state(&pool, 1).in_rotation() {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "{trouble:?}: {}",
                pool.status()
            );
            let options = AcquireOptions {
                deadline: Some((Instant::now() + Duration::from_millis(1_100)).into_std()),
                avoid: None,
            };
            drop(pool.acquire_with(options).await);
            sleep(Duration::from_millis(1)).await;
        }
        let took = began.elapsed();
        assert!(
            took <= Duration::from_millis(within),
            "{trouble:?}: {took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_confirmed_by_the_second_look() {
    // The session's word and the look after it, or two looks.
    let cluster = Cluster::start([1]);
    let (pool, _) = pool(&cluster, 4);
    drop(leases(&pool, 2).await);
    cluster.set(1, Behaviour::Draining);
    sleep(Duration::from_millis(600)).await;
    let (NodeState::Out(cause) | NodeState::Probing(cause)) = state(&pool, 1) else {
        panic!("{}", pool.status());
    };
    assert_eq!(cause, OutCause::Draining);

    // A single login that is ended with 57P01 is no drain.
    let cluster = Cluster::start([1]);
    let (pool, states) = self::pool(&cluster, 4);
    cluster.set(1, Behaviour::Draining);
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.acquire().await.map(drop) }
    });
    // The first login has been answered when it takes 5 ms.
    sleep(Duration::from_millis(6)).await;
    cluster.set(1, Behaviour::Up);
    waiting.await.unwrap().unwrap();
    states.assert_steady("one login");
}

#[tokio::test(start_paused = true)]
async fn a_full_pool_finds_room_for_a_look() {
    let cluster = Cluster::start([1, 2]);
    let (pool, _) = pool(&cluster, 4);
    let all = leases(&pool, 4).await;
    cluster.set(1, Behaviour::Killed);
    let busy: Vec<_> = (0..16)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    let mut lease = pool.acquire().await.unwrap();
                    if lease.work(Duration::from_millis(20)).await.is_err() {
                        lease.report(ErrorClass::Dead);
                    }
                }
            })
        })
        .collect();
    drop(all);
    sleep(Duration::from_secs(1)).await;
    assert!(!state(&pool, 1).in_rotation(), "{}", pool.status());
    cluster.set(1, Behaviour::Up);
    sleep(Duration::from_secs(2)).await;
    assert!(state(&pool, 1).in_rotation(), "{}", pool.status());
    for task in busy {
        task.await.unwrap();
    }
}
