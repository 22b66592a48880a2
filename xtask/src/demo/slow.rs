//! Calls that are slow, each for a reason of its own, and what the profile says of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crdb_facade::config::keys;
use crdb_facade::observe::profile::SlowCall;
use crdb_facade::{Config, Database, Error, Row as _};
use crdb_testkit::{Direction, FaultProxy, Link};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::server::Server;
use crate::workspace;

/// How many sessions the pool has: few, so that it is soon full.
const SESSIONS: usize = 4;

/// What counts as slow here.
const SLOW: Duration = Duration::from_millis(100);

/// How long the full pool stays full, and how much longer the slow node takes.
const LONG: Duration = Duration::from_millis(300);

/// How long transactions wait for each other at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes calls slow by a full pool, a slow node and a contended row, and gives what the profile says of one of each.
///
/// # Errors
/// When the profile does not tell the reasons apart.
pub(super) async fn run(server: &Server) -> Result<Vec<String>> {
    let (host, port) = server.address();
    let proxies = [
        FaultProxy::start(host, port)?,
        FaultProxy::start(host, port)?,
    ];
    let names = proxies
        .each_ref()
        .map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
    let queries = workspace::root()?.join("sql/queries");
    let config = server
        .configure(Config::builder())
        .set_text("auth.nodes", &names.join(","))
        .set_text("pool.max_size", &SESSIONS.to_string())
        .set_text("sql.directory", &queries.to_string_lossy())
        .set_text("exec.isolation", "serializable")
        .set(keys::observe::PROFILE, true)
        .set(keys::observe::SLOW_AFTER, SLOW)
        .build()?;
    let db = Database::open(config).await?;

    full_pool(&db).await?;
    let [slow, _] = &proxies;
    slow.set_link(Direction::ToClient, Link::perfect().delay(LONG));
    slow_node(&db).await?;
    slow.set_link(Direction::ToClient, Link::perfect());
    contended_row(&db).await?;

    let report = db.profile().context("no profile is recorded")?.report();
    let find = |is_it: &dyn Fn(&SlowCall) -> bool, what: &str| {
        let found = report.slow.iter().find(|call| is_it(call));
        found
            .map(ToString::to_string)
            .with_context(|| format!("the profile shows no {what}:\n{report}"))
    };
    let told = vec![
        find(
            &|call| call.verdict() == "waiting for sessions",
            "full pool",
        )?,
        find(
            &|call| {
                let rest = call.seconds - call.waiting;
                call.node.as_ref() == names.first() && rest >= LONG.as_secs_f64()
            },
            "slow node",
        )?,
        find(
            &|call| call.is_transaction && call.collisions > 0,
            "contended row",
        )?,
    ];
    db.close(Duration::from_secs(5)).await?;
    Ok(told)
}

/// All sessions are lent while a call wants one.
async fn full_pool(db: &Database) -> Result<()> {
    let mut leases = Vec::new();
    for _ in 0..SESSIONS {
        leases.push(db.pool().acquire().await?);
    }
    let waiting = {
        let db = db.clone();
        tokio::spawn(async move { numbers(&db).await })
    };
    let began = Instant::now();
    while db.pool_status().waiting == 0 && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(LONG).await;
    drop(leases);
    waiting.await??;
    Ok(())
}

/// As many calls as idle sessions, which are on both nodes: each takes one before any is answered.
async fn slow_node(db: &Database) -> Result<()> {
    let call = || Box::pin(numbers(db));
    let (a, b, c, d) = tokio::join!(call(), call(), call(), call());
    [a, b, c, d].into_iter().collect::<Result<(), _>>()?;
    Ok(())
}

async fn numbers(db: &Database) -> Result<(), Error> {
    db.query("accounts.numbers")
        .bind("count", 8_i64)
        .fetch_all()
        .await
        .map(drop)
}

/// Transactions that read and write the same row at the same time.
async fn contended_row(db: &Database) -> Result<()> {
    let number = db.query("accounts.numbers").bind("count", 1_i64);
    let number: String = number.fetch_one().await?.get("number")?;
    let options = db.transaction_options().name("touch");
    // Each reads before any writes; later attempts do not wait for each other.
    let all_have_read = Arc::new((Barrier::new(SESSIONS), AtomicUsize::new(0)));
    let mut transactions = JoinSet::new();
    for _ in 0..SESSIONS {
        let (db, options, number) = (db.clone(), options.clone(), number.clone());
        let all_have_read = Arc::clone(&all_have_read);
        transactions.spawn(async move {
            db.transact_with(&options, async |tx| {
                let balance = tx.query("accounts.balance").bind("number", number.as_str());
                balance.fetch_one().await?;
                let (barrier, reads) = &*all_have_read;
                if reads.fetch_add(1, Ordering::Relaxed) < SESSIONS {
                    // One that was lost before it has read leaves the others to their time.
                    drop(tokio::time::timeout(PATIENCE, barrier.wait()).await);
                }
                tokio::time::sleep(SLOW).await;
                tx.sql("UPDATE accounts SET balance = balance WHERE number = :number")
                    .bind("number", number.as_str())
                    .execute()
                    .await?;
                Ok(())
            })
            .await
        });
    }
    while let Some(transaction) = transactions.join_next().await {
        transaction??;
    }
    Ok(())
}
