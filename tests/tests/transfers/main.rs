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

use std::sync::atomic::{AtomicUsize, Ordering};

use crdb_facade::exec::{IdempotencyKey, SqlState};
use crdb_facade::{Database, Verdict};
use crdb_testkit::{
    Cut, Engine, EngineKind, FaultProxy, QuirksOptions, QuirksProxy, RandomInjections,
};
use rand::RngExt;

use bank::Bank;
use workload::{Outcomes, Workload, transfers};

/// Now and then, when one task has finished a transfer, ends all connections wherever the other tasks are: before a
/// statement, in its answer, in COMMIT, in a login.
fn cut_at_random(proxy: &FaultProxy, rng: &mut impl rand::Rng) {
    if rng.random_bool(0.15) {
        proxy.cut_now([Cut::Close, Cut::Reset, Cut::HalfClose][rng.random_range(0..3)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conserve_the_total_under_injected_serialization_failures() {
    let engine = Engine::shared().await;
    let bank = Bank::new(engine).await;
    if engine.kind() == EngineKind::CockroachDb {
        // It fails every statement of an explicit transaction for as long as the variable is on: that must be reported as
        // what it is. Conflicts of its own follow without it.
        let failing = bank
            .open_with_session_variable("inject_retry_errors_enabled", "on")
            .await;
        let options = failing.transaction_options().attempts(4);
        let refused: Result<u64, crdb_facade::Error> = failing
            .transact_with(&options, async |tx| {
                tx.execute("UPDATE accounts SET balance = balance + 1", &[])
                    .await
            })
            .await;
        let error = refused.expect_err("every statement fails");
        assert_eq!(error.verdict(), Some(Verdict::Retry), "{error}");
        assert_eq!(
            error.sqlstate(),
            Some(SqlState::SERIALIZATION_FAILURE),
            "{error}"
        );
        let db = bank.open_at(engine.host(), engine.port()).await;
        let outcomes = transfers(&db, &Workload::seeded(3), |_| ()).await;
        assert!(
            outcomes.acknowledged() >= outcomes.len() / 2,
            "{outcomes:?}"
        );
        bank.check(&outcomes).await;
        return;
    }
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let db = bank.open_at(proxy.host(), proxy.port()).await;
    proxy.inject_at_random(
        RandomInjections::seeded(3)
            .retry_statement(0.25)
            .retry_commit(0.25),
    );
    let outcomes = transfers(&db, &Workload::seeded(3), |_| ()).await;
    proxy.stop_injecting();

    let counts = proxy.counts();
    let chances = counts.statements + counts.commits;
    assert!(
        counts.retries * 5 >= chances,
        "only {} of {chances} were made to fail",
        counts.retries
    );
    assert_eq!(outcomes.unknown(), 0, "{outcomes:?}");
    // 16 attempts are nearly always enough, although two in three fail.
    assert!(outcomes.failed() <= outcomes.len() / 20, "{outcomes:?}");
    let metrics = db.metrics().render();
    let counted = "crdb_exec_retries_total{scope=\"transaction\",sqlstate=\"40001\"} ";
    let counted = metrics.lines().find_map(|line| line.strip_prefix(counted));
    assert_ne!(counted, Some("0"));
    assert!(counted.is_some(), "{metrics}");
    bank.check(&outcomes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_nothing_unknown_with_idempotency_keys_under_ambiguous_commits() {
    let engine = Engine::shared().await;
    let bank = Bank::new(engine).await;
    // CockroachDB cannot be asked for a 40003; there the cut connections make the unknown outcomes.
    let Ok(proxy) = QuirksProxy::start(engine, QuirksOptions::default()).await else {
        return leave_nothing_unknown_under_cut_connections(engine, &bank).await;
    };
    let db = bank.open_at(proxy.host(), proxy.port()).await;
    proxy.inject_at_random(
        RandomInjections::seeded(4)
            .retry_statement(0.1)
            .ambiguous_commit(0.25)
            .cut_commit(0.1),
    );
    let mut outcomes = transfers(&db, &Workload::seeded(4).with_keys(), |_| ()).await;
    proxy.stop_injecting();

    let counts = proxy.counts();
    assert!(counts.ambiguous >= 20 && counts.cuts >= 10, "{counts:?}");
    resolve(&db, &mut outcomes).await;
    bank.check(&outcomes).await;
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
    leave_nothing_unknown_under_cut_connections(engine, &Bank::new(engine).await).await;
}

async fn leave_nothing_unknown_under_cut_connections(engine: &Engine, bank: &Bank) {
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let db = bank.open_at("localhost", proxy.port()).await;
    let workload = Workload::seeded(2).with_keys();
    let mut outcomes = transfers(&db, &workload, |rng| cut_at_random(&proxy, rng)).await;
    proxy.heal().await;

    let cut = proxy.counts().cut;
    assert!(cut >= 20, "only {cut} connections were cut");
    resolve(&db, &mut outcomes).await;
    bank.check(&outcomes).await;
}

/// Nodes that are drained one after the other, as for an upgrade: no caller notices.
#[tokio::test(flavor = "multi_thread")]
async fn go_on_while_nodes_are_drained_in_turn() {
    // The proxies, which drain when told to, stand in front of PostgreSQL only.
    let engine = Engine::shared_postgres().await;
    let bank = Bank::new(engine).await;
    let mut nodes = Vec::new();
    for id in 1..=3 {
        let options = QuirksOptions::default().node_id(id);
        match QuirksProxy::start(engine, options).await {
            Ok(node) => nodes.push(node),
            Err(error) => error.end_test(),
        }
    }
    let db = bank
        .open_nodes(nodes.iter().map(|node| (node.host(), node.port())))
        .await;
    let done = AtomicUsize::new(0);
    // On a busy machine the hot accounts alone can cost a transfer its sixteen attempts.
    let workload = Workload::seeded(5).attempts(1_000);
    let outcomes = transfers(&db, &workload, |_| {
        // Of 320 transfers, 80 with each of the nodes away.
        match done.fetch_add(1, Ordering::Relaxed) {
            40 => nodes[0].drain(),
            120 => {
                nodes[0].stop_draining();
                nodes[1].drain();
            }
            200 => {
                nodes[1].stop_draining();
                nodes[2].drain();
            }
            280 => nodes[2].stop_draining(),
            _ => {}
        }
    })
    .await;

    assert_eq!(
        (outcomes.failed(), outcomes.unknown()),
        (0, 0),
        "{outcomes:?}"
    );
    let drained: u64 = nodes.iter().map(|node| node.counts().drained).sum();
    assert!(drained >= 3, "only {drained} sessions were told to go");
    bank.check(&outcomes).await;
}

/// Afterwards every outcome is known.
async fn resolve(db: &Database, outcomes: &mut Outcomes) {
    outcomes
        .resolve(async |mark| {
            db.executor()
                .resolve(&IdempotencyKey::new(mark))
                .await
                .unwrap()
        })
        .await;
    assert_eq!(outcomes.unknown(), 0);
}
