//! How many statements are sent for each that is asked for, while every connection is cut at its first.

use crate::chaos::checker::Violation;
use crate::chaos::pool::{PATIENCE, until};
use crate::chaos::row::Report;
use crate::chaos::stack::{StackOptions, configuration};
use anyhow::Context as _;
use crdb_exec::{
    ExecutorExt as _, PartialObserver, RetryDeniedEvent, RetryEvent, RetrySafety, Statement,
    StatementEnd,
};
use crdb_facade::Database;
use crdb_facade::config::Node;
use crdb_testkit::{Cut, Direction, Engine, FaultProxy};
use futures_util::future::try_join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const CALLERS: u32 = 16;
/// Each retry is earned by this many calls.
const CALLS_PER_RETRY: u64 = 10;
/// How long calls are counted once the reserve is used up.
const COUNTED: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    retries: AtomicU64,
    denied: AtomicU64,
}

impl PartialObserver for Counts {
    fn statement_ended(&self, _: &StatementEnd<'_>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn retry(&self, _: &RetryEvent<'_>) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    fn retry_denied(&self, _: &RetryDeniedEvent<'_>) {
        self.denied.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counts {
    fn now(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.calls), load(&self.retries))
    }
}

pub(super) async fn run(engine: &Engine) -> anyhow::Result<Report> {
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    let counts = Arc::new(Counts::default());
    let options = StackOptions {
        tls: false,
        sessions: CALLERS,
        ..StackOptions::default()
    };
    let nodes = vec![Node::new(proxy.host(), proxy.port())];
    let config = configuration(engine, engine.database(), nodes, options)?.build()?;
    let db = Database::builder(config)
        .exec_observer(counts.clone())
        .open()
        .await?;
    let opened = proxy.counts();
    let login = opened.bytes_to_server / opened.accepted.max(1);
    // A login passes, and the first statement after it does not.
    proxy.cut_now(Cut::Reset);
    proxy.cut_after(Direction::ToServer, login + 1, Cut::Reset);
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move { call(&db, &stop).await })
        })
        .collect();
    let used_up = until("the reserve of retries is used up", || {
        counts.denied.load(Ordering::Relaxed) > 0
    })
    .await;
    let before = counts.now();
    tokio::time::sleep(COUNTED).await;
    let after = counts.now();
    stop.store(true, Ordering::Relaxed);
    proxy.heal().await;
    try_join_all(callers).await.context("a caller failed")?;
    db.close(PATIENCE).await?;
    used_up?;
    Ok(tell(after.0 - before.0, after.1 - before.1))
}

async fn call(db: &Database, stop: &AtomicBool) {
    const STATEMENT: Statement<'static> = Statement::new("SELECT 1").retry(RetrySafety::Safe);
    while !stop.load(Ordering::Relaxed) {
        // Whether it worked does not matter here: it is counted.
        drop(db.executor().execute(STATEMENT, &[]).await);
    }
}

fn tell(calls: u64, retries: u64) -> Report {
    let mut report = Report {
        done: 1,
        ..Report::default()
    };
    report.count("calls in an outage", calls);
    let amplification = 1.0 + retries as f64 / calls.max(1) as f64;
    report.figure("statements sent for each call", amplification, "x");
    // Calls that are under way when the count begins, or ends, have earned as well.
    if retries > (calls + u64::from(CALLERS)) / CALLS_PER_RETRY + 1 {
        let detail = format!("{retries} retries for {calls} calls");
        report
            .violations
            .push(Violation::new("retries amplify an outage", detail));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_allowed() {
        assert_eq!(tell(10_000, 1_000).violations, []);
        assert_eq!(tell(10_000, 1_003).violations.len(), 1);
    }
}
