//! Money moved between a few hot accounts while everything goes wrong: the total is conserved, what was acknowledged
//! is there, what failed is not, and what is unknown can be found out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bank;
mod workload;

use crdb_facade::exec::IdempotencyKey;
use crdb_testkit::{Cut, Engine, FaultProxy};
use rand::RngExt;

use bank::Bank;
use workload::{Workload, transfers};

/// Now and then, when one task has finished a transfer, ends all connections wherever the other tasks are: before a
/// statement, in its answer, in COMMIT, in a login.
fn cut_at_random(proxy: &FaultProxy, rng: &mut impl rand::Rng) {
    if rng.random_bool(0.15) {
        proxy.cut_now([Cut::Close, Cut::Reset, Cut::HalfClose][rng.random_range(0..3)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conserve_the_total_under_cut_connections() {
    let engine = Engine::shared().await;
    let bank = Bank::new(engine).await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let db = bank.open_at("localhost", proxy.port()).await;
    let outcomes = transfers(&db, &Workload::seeded(1), |rng| cut_at_random(&proxy, rng)).await;
    proxy.heal().await;

    let cut = proxy.counts().cut;
    assert!(cut >= 20, "only {cut} connections were cut");
    assert!(
        outcomes.acknowledged() >= outcomes.len() / 4,
        "{outcomes:?}"
    );
    bank.check(&outcomes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_nothing_unknown_with_idempotency_keys_under_cut_connections() {
    let engine = Engine::shared().await;
    let bank = Bank::new(engine).await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let db = bank.open_at("localhost", proxy.port()).await;
    let workload = Workload::seeded(2).with_keys();
    let mut outcomes = transfers(&db, &workload, |rng| cut_at_random(&proxy, rng)).await;
    proxy.heal().await;

    let cut = proxy.counts().cut;
    assert!(cut >= 20, "only {cut} connections were cut");
    outcomes
        .resolve(async |mark| {
            db.executor()
                .resolve(&IdempotencyKey::new(mark))
                .await
                .unwrap()
        })
        .await;
    assert_eq!(outcomes.unknown(), 0);
    bank.check(&outcomes).await;
}
