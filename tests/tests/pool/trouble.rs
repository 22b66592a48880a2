//! The rows of the chaos harness that are about the pool, in small.

use std::time::{Duration, Instant};

use crdb_pool::AcquireOptions;
use crdb_testkit::{Engine, FaultProxy};
use crdb_tests::chaos::pool::mess::{Mess, Tenants, prepare, price_of_returning};
use crdb_tests::chaos::pool::outage::{Outage, Race};
use crdb_tests::chaos::pool::{failover, fall_silent, open, probes, restart};
use crdb_tests::chaos::report::shown;
use crdb_tests::chaos::row::Report;

/// A bound for hangs: how late a caller may be told is a promise that the harness measures at size.
const HANGS: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_secs(3);

fn assert_good(report: &Report) {
    for figure in &report.figures {
        println!("{:<50} {:>12}", figure.name, shown(figure));
    }
    // What comes late may do so because the cores are shared.
    let wrong = report.violations.iter().filter(|violation| !violation.late);
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_caller_fails_while_a_node_is_killed_drained_or_blackholed() {
    let engine = Engine::shared_postgres().await;
    let report = failover::run(engine, Duration::from_secs(1)).await;
    assert_good(&report.unwrap());
}

async fn outage(outage: Outage) {
    let race = Race::new(Engine::shared().await, A_WHILE).await.unwrap();
    let report = race.run(outage, A_WHILE).await.unwrap();
    assert_good(&report);
    let gave_up = report
        .figures
        .iter()
        .find(|figure| figure.name.ends_with("gave up"));
    assert!(gave_up.unwrap().value > Some(0.0), "the server was away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_for_a_while() {
    outage(Outage::Refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_for_a_while() {
    outage(Outage::Silent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acquire_is_never_late_on_a_dead_connection() {
    let engine = Engine::shared().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let pool = open(engine, &proxy, 4).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    fall_silent(&proxy).await;
    for allowed in [50, 200, 700, 1_500].map(Duration::from_millis) {
        let started = Instant::now();
        let options = AcquireOptions {
            deadline: Some(started + allowed),
            avoid: None,
        };
        let error = pool.acquire_with(options).await.unwrap_err();
        let took = started.elapsed();
        assert!(error.is_timeout(), "{error}");
        assert!(took < HANGS, "{took:?} where {allowed:?} were allowed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_under_a_thousand_waiters() {
    let report = restart::run(Engine::shared().await, A_WHILE).await;
    assert_good(&report.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_as_many_probes_as_allowed() {
    let engine = Engine::shared().await;
    for allowed in [1, 3] {
        assert_good(&probes::run(engine, allowed).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_borrower_finds_nothing_of_a_mess() {
    let engine = Engine::shared().await;
    prepare(engine).await.unwrap();
    let tenants = Tenants::open(engine).unwrap();
    for mess in Mess::ALL.into_iter().cycle().take(10 * Mess::ALL.len()) {
        assert_eq!(tenants.follow(mess).await.unwrap(), None);
    }
    tenants.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_a_clean_session_sends_nothing() {
    let report = price_of_returning(Engine::shared().await, 200).await;
    assert_good(&report.unwrap());
}
