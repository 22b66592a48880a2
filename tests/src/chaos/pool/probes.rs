//! How often a node that is out of rotation is asked whether it is back, while many callers wait for it.

use super::login::Login;
use super::{PATIENCE, fall_silent, until};
use crate::chaos::checker::Violation;
use crate::chaos::row::Report;
use anyhow::Context as _;
use crdb_pool::{AcquireOptions, Condition, Connector, ErrorClass, NodeAddress, NodeState, Pool};
use crdb_testkit::{Cut, Engine, FaultProxy};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const SESSIONS: u32 = 10;
const CALLERS: usize = 64;
/// How long a node is watched while it is silent.
const WATCHED: Duration = Duration::from_secs(1);

/// Counts the sessions that are being opened at the moment.
#[derive(Debug)]
struct Counted {
    login: Login,
    opening: Arc<AtomicU32>,
}

struct OneMore<'a>(&'a AtomicU32);

impl<'a> OneMore<'a> {
    fn of(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for OneMore<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connector for Counted {
    type Session = <Login as Connector>::Session;
    type Error = <Login as Connector>::Error;

    async fn connect(&self, node: &NodeAddress) -> Result<Self::Session, Self::Error> {
        let _one_more = OneMore::of(&self.opening);
        self.login.connect(node).await
    }

    async fn check(&self, session: &mut Self::Session) -> Result<(), Self::Error> {
        self.login.check(session).await
    }

    fn condition(&self, session: &mut Self::Session) -> Condition {
        self.login.condition(session)
    }

    fn lend(&self, session: &mut Self::Session) {
        self.login.lend(session);
    }

    fn take_back(&self, session: &mut Self::Session) {
        self.login.take_back(session);
    }

    async fn reset(&self, session: &mut Self::Session) -> Result<(), Self::Error> {
        self.login.reset(session).await
    }

    fn classify(&self, error: &Self::Error) -> ErrorClass {
        self.login.classify(error)
    }
}

/// Lets a node fall silent under load with `allowed` probes at a time, and counts them.
///
/// # Errors
/// When the pool cannot be filled, or the node does not leave or come back.
pub async fn run(engine: &Engine, allowed: u32) -> anyhow::Result<Report> {
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    let opening = Arc::new(AtomicU32::new(0));
    let connector = Counted {
        login: Login::quick(engine)?,
        opening: Arc::clone(&opening),
    };
    let pool = Pool::builder(connector)
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| {
            config
                .max_size(SESSIONS)
                .min_size(SESSIONS)
                .half_open_probes(allowed)
        })
        .build()?;
    until("the pool is full", || pool.status().idle == SESSIONS).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (pool, stop) = (pool.clone(), Arc::clone(&stop));
            tokio::spawn(async move { insist(&pool, &stop).await })
        })
        .collect();
    fall_silent(&proxy).await;
    let probing = || matches!(state(&pool), Some(NodeState::Probing(_)));
    until("the node is probed", probing).await?;
    // What was being opened for callers when the node left is given up, as soon as its task is polled.
    let settled = || opening.load(Ordering::SeqCst) <= allowed;
    until("what was being opened is given up", settled).await?;
    let began = Instant::now();
    let (mut most, mut exactly) = (0, 0_u64);
    while began.elapsed() < WATCHED {
        let now = opening.load(Ordering::SeqCst);
        most = most.max(now);
        exactly += u64::from(now == allowed);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    proxy.cut_now(Cut::Reset);
    proxy.heal().await;
    let back = || state(&pool).is_some_and(NodeState::in_rotation);
    until("the node comes back", back).await?;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.context("a caller failed")?;
    }
    pool.close(PATIENCE).await?;

    let mut report = Report {
        done: 1,
        ..Report::default()
    };
    report.count(
        format!("{allowed} allowed: most at a time"),
        u64::from(most),
    );
    if most > allowed {
        let detail = format!("{most} where {allowed} are allowed");
        report
            .violations
            .push(Violation::new("too many probes at a time", detail));
    }
    if exactly == 0 {
        let detail = format!("never {allowed} at a time, but {most} at most");
        report
            .violations
            .push(Violation::new("too few probes at a time", detail));
    }
    Ok(report)
}

fn state(pool: &Pool<Counted>) -> Option<NodeState> {
    pool.status().nodes.first().map(|node| node.state)
}

/// Asks for sessions and uses them until told to stop, impatiently.
async fn insist(pool: &Pool<Counted>, stop: &AtomicBool) {
    const IMPATIENCE: Duration = Duration::from_millis(100);
    while !stop.load(Ordering::Relaxed) {
        let options = AcquireOptions {
            deadline: Some(Instant::now() + IMPATIENCE),
            avoid: None,
        };
        let Ok(mut lease) = pool.acquire_with(options).await else {
            continue;
        };
        let call = lease.begin_call();
        let answer = tokio::time::timeout(IMPATIENCE, call.client().simple_query("")).await;
        if matches!(answer, Ok(Ok(_))) {
            call.finish();
        } else {
            drop(call);
            lease.report(ErrorClass::Dead);
        }
    }
}
