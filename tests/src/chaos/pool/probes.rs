//! How often a node that is out of rotation is asked whether it is back, while many callers wait for it.

use super::login::Login;
use super::{PATIENCE, fall_silent, until};
use crate::chaos::checker::Violation;
use crate::chaos::row::Report;
use anyhow::Context as _;
use crdb_pool::{ErrorClass, GetOptions, NodeAddress, NodeState, Pool};
use crdb_testkit::{Cut, Engine, FaultProxy};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SESSIONS: u32 = 10;
const CALLERS: usize = 64;
/// How long a node is watched while it is silent.
const WATCHED: Duration = Duration::from_secs(2);

/// Lets a node fall silent under load with `allowed` probes at a time, and counts them at the proxy.
///
/// # Errors
/// When the pool cannot be filled, or the node does not leave or come back.
pub async fn run(engine: &Engine, allowed: u32) -> anyhow::Result<Report> {
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    let pool = Pool::builder(Login::new(engine)?)
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
    fall_silent(&proxy);
    let out = || !state(&pool).is_some_and(NodeState::in_rotation);
    until("the node leaves rotation", out).await?;
    // What is open now is what callers and the pool had; from here on only probes connect.
    proxy.cut_now(Cut::Reset);
    let began = Instant::now();
    let (mut most, mut full) = (0, 0_u32);
    while began.elapsed() < WATCHED {
        most = most.max(proxy.counts().open);
        let probing = matches!(state(&pool), Some(NodeState::Probing(_)));
        full += u32::from(probing && proxy.counts().open == u64::from(allowed));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    proxy.cut_now(Cut::Reset);
    proxy.heal().await;
    until("the node comes back", || {
        state(&pool).is_some_and(NodeState::in_rotation)
    })
    .await?;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.context("a caller failed")?;
    }
    pool.close(PATIENCE).await?;

    let mut report = Report {
        done: 1,
        ..Report::default()
    };
    report.count(format!("{allowed} allowed: most at a time"), most);
    if most > u64::from(allowed) {
        let detail = format!("{most} where {allowed} are allowed");
        report
            .violations
            .push(Violation::new("too many probes at a time", detail));
    }
    if full == 0 {
        let detail = format!("never {allowed} at a time, but {most} at most");
        report
            .violations
            .push(Violation::new("too few probes at a time", detail));
    }
    Ok(report)
}

fn state(pool: &Pool<Login>) -> Option<NodeState> {
    pool.status().nodes.first().map(|node| node.state)
}

/// Asks for sessions and uses them until told to stop, impatiently.
async fn insist(pool: &Pool<Login>, stop: &AtomicBool) {
    const IMPATIENCE: Duration = Duration::from_millis(100);
    while !stop.load(Ordering::Relaxed) {
        let options = GetOptions {
            deadline: Some(Instant::now() + IMPATIENCE),
            avoid: None,
        };
        let Ok(mut lease) = pool.get_with(options).await else {
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
