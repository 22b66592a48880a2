//! This project's own wire tests, in the form of CockroachDB's: each is replayed against the proxy as every release, and
//! against the engine that is there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use std::path::{Path, PathBuf};

use crdb_testkit::{
    CockroachVersion, Engine, Login, QuirksOptions, QuirksProxy, ReplayTarget, replay,
};

fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pgtest/cases");
    let mut cases: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// Replays all cases, each in a database of its own. Gives how many steps there were.
async fn agree(engine: &Engine, target: impl Fn(&str) -> ReplayTarget) -> usize {
    let mut steps = 0;
    let mut failures = String::new();
    for case in cases() {
        let text = std::fs::read_to_string(&case).unwrap();
        let database = engine.create_database().await;
        let replayed = replay(&target(database.name()), &text).await.unwrap();
        steps += replayed.steps;
        for disagreement in replayed.disagreements {
            failures.push_str(&format!("{}, {disagreement}", case.display()));
        }
    }
    assert!(failures.is_empty(), "{failures}");
    steps
}

#[tokio::test]
async fn the_proxy_agrees_as_every_release() {
    let engine = Engine::shared_postgres().await;
    for version in CockroachVersion::ALL {
        let proxy = QuirksProxy::start(engine, QuirksOptions::default().version(version))
            .await
            .unwrap();
        let steps = agree(engine, |database| {
            ReplayTarget::cockroach("127.0.0.1", proxy.port(), Login::Trust.user(), database)
                .version(version)
        })
        .await;
        assert!(steps >= 15, "{version}: {steps}");
    }
}

#[tokio::test]
async fn the_engine_that_is_there_agrees() {
    let engine = Engine::shared().await;
    let steps = agree(engine, |database| ReplayTarget::of(engine, database)).await;
    assert!(steps >= 5, "{steps}");
}
