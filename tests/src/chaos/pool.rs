//! What the rows about the pool do to it, at any size: the short tests in `tests/pool` do the same in small.
//!
//! [`login`] gives it real sessions, [`load`] is callers with a deadline, [`tally`] is callers that are counted by the
//! moment. Then one module a subject: [`outage`] (R4), [`restart`] (R6), [`mess`] (R7), [`probes`] (R14) and [`failover`].
//! `peers` puts other pools through an outage, where they are compiled in.

pub mod failover;
pub mod load;
pub mod login;
pub mod mess;
pub mod outage;
#[cfg(feature = "peers")]
pub mod peers;
pub mod probes;
pub mod restart;
pub mod tally;

use self::login::Login;
use anyhow::Context as _;
use crdb_pool::{NodeAddress, Pool};
use crdb_testkit::{Accept, Cut, Direction, Engine, FaultProxy, Link};
use std::time::Duration;

/// How long anything that must come true in the end may take to do so.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a pool of exactly `size` sessions through `proxy`, all of them there.
///
/// # Errors
/// When they are not there within 30 s.
pub async fn open(engine: &Engine, proxy: &FaultProxy, size: u32) -> anyhow::Result<Pool<Login>> {
    let pool = Pool::builder(Login::new(engine)?)
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(size).min_size(size))
        .build()?;
    until("the pool is full", || pool.status().idle == size)
        .await
        .with_context(|| pool.status().to_string())?;
    Ok(pool)
}

/// Resets every connection, and refuses new ones: what a dead process looks like.
pub async fn refuse(proxy: &FaultProxy) {
    proxy.set_accept(Accept::Refuse).await;
    proxy.cut_now(Cut::Reset);
}

/// Lets nothing through any more, and closes nothing: what a dead machine looks like. Nor does the server hear of callers that
/// come now: it would start a process for each, and be slow for all once they are let go.
pub async fn fall_silent(proxy: &FaultProxy) {
    proxy.set_link(Direction::ToServer, Link::blackhole());
    proxy.set_link(Direction::ToClient, Link::blackhole());
    proxy.set_accept(Accept::Blackhole).await;
}

/// Waits until something holds.
pub(super) async fn until(what: &str, holds: impl Fn() -> bool) -> anyhow::Result<()> {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .with_context(|| format!("not within {PATIENCE:?}: {what}"))
}
