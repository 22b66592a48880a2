//! Three nodes, one of which dies, drains or falls silent, each in turn, under load.

use super::load::{self, Call};
use super::login::Login;
use super::{fall_silent, refuse, until};
use crate::chaos::checker::Violation;
use crate::chaos::row::Report;
use anyhow::Context as _;
use crdb_pool::{NodeAddress, NodeState, Pool};
use crdb_testkit::{Engine, FaultProxy, QuirksOptions, QuirksProxy};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a call may take, with everything that is tried again on other nodes.
const ALLOWED: Duration = Duration::from_secs(5);
const CALLERS: usize = 18;
const SESSIONS: u32 = 9;

/// What befalls a node.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// Connections are reset, new ones refused.
    Killed,
    /// Its sessions are told to leave (57P01), new ones refused, as a node that is being shut down does.
    Drained,
    /// Nothing is answered, nothing is closed.
    Blackholed,
}

impl Trouble {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Killed, Self::Drained, Self::Blackholed];
}

/// What stands behind the proxy that cuts a node off.
enum Server<'a> {
    /// A node of the engine's own.
    Real(&'a crdb_testkit::Node),
    /// PostgreSQL behind a proxy that drains as CockroachDB does.
    Imitated(QuirksProxy),
}

struct Node<'a> {
    server: Server<'a>,
    fails: FaultProxy,
}

impl<'a> Node<'a> {
    /// The engine's nodes where it has three, else three that are imitated.
    async fn all(engine: &'a Engine) -> anyhow::Result<Vec<Self>> {
        let mut nodes = Vec::new();
        if engine.nodes().len() == 3 {
            for node in engine.nodes() {
                nodes.push(Self {
                    server: Server::Real(node),
                    fails: FaultProxy::start(node.host(), node.port())?,
                });
            }
            return Ok(nodes);
        }
        for number in 1..=3 {
            let options = QuirksOptions::default().node_id(number);
            let drains = QuirksProxy::start(engine, options).await?;
            nodes.push(Self {
                fails: FaultProxy::start(drains.host(), drains.port())?,
                server: Server::Imitated(drains),
            });
        }
        Ok(nodes)
    }

    async fn befall(&self, trouble: Trouble) -> anyhow::Result<()> {
        match (trouble, &self.server) {
            (Trouble::Killed, Server::Real(node)) => node.kill()?,
            (Trouble::Killed, Server::Imitated(_)) => refuse(&self.fails).await,
            (Trouble::Drained, Server::Real(node)) => node.shut_down()?,
            (Trouble::Drained, Server::Imitated(proxy)) => proxy.drain(),
            (Trouble::Blackholed, _) => fall_silent(&self.fails).await,
        }
        Ok(())
    }

    async fn mend(&self, trouble: Trouble) -> anyhow::Result<()> {
        match (trouble, &self.server) {
            (Trouble::Blackholed, _) => {}
            (_, Server::Real(node)) => tokio::task::block_in_place(|| node.restart())?,
            (_, Server::Imitated(proxy)) => proxy.stop_draining(),
        }
        self.fails.heal().await;
        Ok(())
    }

    fn in_rotation(&self, pool: &Pool<Login>) -> bool {
        let port = self.fails.port();
        let nodes = pool.status().nodes;
        let state = nodes.iter().find(|node| node.address.port() == port);
        state.is_some_and(|node| NodeState::in_rotation(node.state))
    }
}

/// When a node was troubled, left, and was back.
struct Episode {
    trouble: Trouble,
    began: Instant,
    left: Instant,
    mended: Instant,
    back: Instant,
}

/// Puts each of three nodes out for `away`, one after the other: the engine's own, else ones imitated before PostgreSQL. Every
/// call must be answered by its deadline. Needs a runtime with several threads, one of which waits for a node's restart.
///
/// # Errors
/// When the engine has no three nodes and is no PostgreSQL, or a node does not leave or come back.
pub async fn run(engine: &Engine, away: Duration) -> anyhow::Result<Report> {
    let nodes = Node::all(engine).await?;
    let addresses = nodes
        .iter()
        .map(|node| NodeAddress::new(node.fails.host(), node.fails.port()));
    let pool = Pool::builder(Login::new(engine)?)
        .nodes(addresses)
        .configure(|config| config.max_size(SESSIONS).min_size(SESSIONS))
        .build()?;
    until("the pool is full", || pool.status().idle == SESSIONS).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let work = tokio::spawn({
        let (pool, stop) = (pool.clone(), Arc::clone(&stop));
        async move { load::run(&pool, CALLERS, stop, ALLOWED).await }
    });
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut episodes = Vec::new();
    for (node, trouble) in nodes.iter().zip(Trouble::ALL) {
        let began = Instant::now();
        node.befall(trouble).await?;
        until("the node leaves rotation", || !node.in_rotation(&pool)).await?;
        let left = Instant::now();
        tokio::time::sleep(away).await;
        node.mend(trouble).await?;
        let mended = Instant::now();
        until("the node comes back", || node.in_rotation(&pool)).await?;
        let back = Instant::now();
        tokio::time::sleep(Duration::from_secs(1)).await;
        episodes.push(Episode {
            trouble,
            began,
            left,
            mended,
            back,
        });
    }
    stop.store(true, Ordering::Relaxed);
    let calls = work.await.context("the load failed")??;
    let mut report = tell(&calls, began, &episodes);
    let evenly = |pool: &Pool<Login>| {
        let nodes = pool.status().nodes;
        nodes
            .iter()
            .all(|node| (2..=4).contains(&(node.idle + node.in_use)))
    };
    if let Err(error) = until("sessions flow back", || evenly(&pool)).await {
        let detail = format!("{error:#}: {}", pool.status());
        report
            .violations
            .push(Violation::new("sessions stay away", detail));
    }
    pool.close(Duration::from_secs(5)).await?;
    Ok(report)
}

fn tell(calls: &[Call], began: Instant, episodes: &[Episode]) -> Report {
    let mut report = Report {
        done: episodes.len() as u64,
        ..Report::default()
    };
    let failures: Vec<_> = calls
        .iter()
        .filter_map(|call| call.failure.as_ref())
        .collect();
    if let Some(first) = failures.first() {
        let detail = format!("{} of {}: {first}", failures.len(), calls.len());
        report
            .violations
            .push(Violation::new("a call failed", detail));
    }
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let settled = began + Duration::from_millis(500);
    let until = episodes.first().map_or(settled, |first| first.began);
    let full = load::rate(calls, settled, until);
    report.count("calls", calls.len() as u64);
    report.count("calls that failed", failures.len() as u64);
    report.figure("rate of three nodes", full, "calls/s");
    let usual = milliseconds(load::p99(calls, settled, until));
    report.figure("p99 of three nodes", usual, "ms");
    for episode in episodes {
        let name = format!("{:?}", episode.trouble).to_lowercase();
        let failed = calls
            .iter()
            .filter(|call| call.failure.is_some())
            .filter(|call| call.began < episode.back && call.began + call.took > episode.began);
        report.count(format!("{name}: errors"), failed.count() as u64);
        let slow = load::p99(calls, episode.began, episode.back);
        report.figure(format!("{name}: p99"), milliseconds(slow), "ms");
        let left = milliseconds(episode.left - episode.began);
        report.figure(format!("{name}: out of rotation after"), left, "ms");
        match load::time_to_rate(calls, episode.began, full) {
            Some(time) => report.figure(
                format!("{name}: full rate on two nodes after"),
                milliseconds(time),
                "ms",
            ),
            None => report.violations.push(Violation::late(
                "two nodes do not reach the rate of three",
                format!("within 10 s of one being {name}"),
            )),
        }
        let back = milliseconds(episode.back - episode.mended);
        report.figure(format!("{name}: in rotation again after"), back, "ms");
    }
    report
}
