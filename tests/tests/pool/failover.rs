//! Three nodes, one of which dies, drains or falls silent, each in turn, under load.

use std::time::{Duration, Instant};

use crdb_pool::{NodeAddress, NodeState, Pool};
use crdb_testkit::{Accept, Cut, Direction, Engine, FaultProxy, Link, QuirksOptions, QuirksProxy};

use crate::load;
use crate::login::Login;

/// A node: the engine behind a proxy that can drain, behind a proxy that can do worse.
struct Node {
    drains: QuirksProxy,
    fails: FaultProxy,
}

impl Node {
    async fn start(engine: &Engine, number: u32) -> Self {
        let options = QuirksOptions::default().node_id(number);
        let drains = QuirksProxy::start(engine, options).await.unwrap();
        let fails = FaultProxy::start(drains.host(), drains.port()).unwrap();
        Self { drains, fails }
    }

    async fn trouble(&self, trouble: Trouble) {
        match trouble {
            Trouble::Killed => {
                self.fails.set_accept(Accept::Refuse).await;
                self.fails.cut_now(Cut::Reset);
            }
            Trouble::Drained => self.drains.drain(),
            Trouble::Blackholed => {
                self.fails.set_link(Direction::ToServer, Link::blackhole());
                self.fails.set_link(Direction::ToClient, Link::blackhole());
            }
        }
    }

    async fn mend(&self) {
        self.drains.stop_draining();
        self.fails.heal().await;
    }
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Killed,
    Drained,
    Blackholed,
}

fn state(pool: &Pool<Login>, port: u16) -> NodeState {
    let status = pool.status();
    status
        .nodes
        .iter()
        .find(|node| node.address.port() == port)
        .unwrap()
        .state
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "not within 10 s: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_caller_fails_while_a_node_is_killed_drained_or_blackholed() {
    const ALLOWED: Duration = Duration::from_secs(5);
    let engine = Engine::shared_postgres().await;
    let mut nodes = Vec::new();
    for number in 1..=3 {
        nodes.push(Node::start(engine, number).await);
    }
    let pool = Pool::builder(Login::new(engine))
        .nodes(
            nodes
                .iter()
                .map(|node| NodeAddress::new(node.fails.host(), node.fails.port())),
        )
        .configure(|config| config.max_size(9).min_size(9))
        .build()
        .unwrap();
    until("nine sessions", || pool.status().idle == 9).await;

    let troubles = [Trouble::Killed, Trouble::Drained, Trouble::Blackholed];
    let work = tokio::spawn({
        let pool = pool.clone();
        async move { load::run(&pool, 18, Duration::from_secs(14), ALLOWED).await }
    });
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut moments = Vec::new();
    for (node, trouble) in nodes.iter().zip(troubles) {
        let port = node.fails.port();
        moments.push((trouble, Instant::now()));
        node.trouble(trouble).await;
        until("the node leaves rotation", || {
            !state(&pool, port).in_rotation()
        })
        .await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        node.mend().await;
        until("the node comes back", || state(&pool, port).in_rotation()).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let calls = work.await.unwrap();

    let full = load::rate(&calls, began + Duration::from_millis(500), moments[0].1);
    println!(
        "{} calls, {full:.0} calls/s before, p99 {:.1?}",
        calls.len(),
        load::p99(&calls)
    );
    for (trouble, moment) in moments {
        let back = load::time_to_rate(&calls, moment, full * 0.6);
        println!("{trouble:?}: two nodes at 60 % of the rate of three after {back:?}");
    }
    let failures: Vec<_> = calls
        .iter()
        .filter_map(|call| call.failure.as_ref())
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} calls: {:?}",
        failures.len(),
        calls.len(),
        failures[0]
    );
    assert!(calls.len() > 1_000, "{}", calls.len());
    until("sessions flow back", || {
        let status = pool.status();
        status
            .nodes
            .iter()
            .all(|node| (2..=4).contains(&(node.idle + node.in_use)))
    })
    .await;
    pool.close(Duration::from_secs(5)).await.unwrap();
}
