//! Loads that are killed, taken over, or meet what a cluster does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crdb_data::{ErrorKind, Load, Source};
use crdb_facade::Row as _;
use crdb_testkit::{Cut, Injection};

use super::{create, file, lines, number};
use crate::{cockroach, database};

/// A load that is dropped in the middle, again and again, ends with every row once.
#[tokio::test]
async fn a_load_that_is_dropped_goes_on_where_it_was() {
    let (_database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file("items.csv", lines(5_000));
    let load = Load::into_table("item")
        .resumable("items")
        .chunk_bytes(2_000)
        .sessions(2);
    let mut runs = 0;
    let report = loop {
        runs += 1;
        let progressed = Arc::new(tokio::sync::Notify::new());
        let told = Arc::clone(&progressed);
        let chunks = AtomicU64::new(0);
        let run = load
            .clone()
            .on_progress(move |_| {
                if chunks.fetch_add(1, Ordering::Relaxed) == 7 {
                    told.notify_one();
                }
            })
            .run(db.executor(), Source::csv(&path))
            .await_or(progressed)
            .await;
        if let Some(report) = run {
            break report.unwrap();
        }
    };
    assert!(runs > 3, "{runs}");
    assert_eq!(report.rows, 5_000);
    assert_eq!(number(&db, "SELECT count(*) FROM item").await, 5_000);
    assert_eq!(
        number(&db, "SELECT count(DISTINCT id) FROM item").await,
        5_000
    );
    // Once more does nothing.
    let again = load.run(db.executor(), Source::csv(&path)).await.unwrap();
    assert_eq!((again.rows, again.resumed_rows), (5_000, 5_000));
    // Another input is another load.
    std::fs::write(&path, lines(10)).unwrap();
    let error = load
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    Load::forget(db.executor(), "items").await.unwrap();
    assert_eq!(number(&db, "SELECT count(*) FROM crdb_data_chunk").await, 0);
}

/// Runs until it is done, or drops it on request.
trait AwaitOr: Future + Sized {
    async fn await_or(self, stop: Arc<tokio::sync::Notify>) -> Option<Self::Output> {
        tokio::select! {
            biased;
            () = stop.notified() => None,
            output = self => Some(output),
        }
    }
}

impl<F: Future> AwaitOr for F {}

/// Of two runs of one load, the later one wins, and each row is there once.
#[tokio::test]
async fn a_run_that_takes_over_stops_the_other() {
    let (_database, db) = database().await;
    db.execute(
        "CREATE TABLE plain (id INT8, name TEXT, price NUMERIC)",
        &[],
    )
    .await
    .unwrap();
    let (_directory, path) = file("items.csv", lines(4_000));
    let load = Load::into_table("plain")
        .resumable("items")
        .chunk_bytes(1_000)
        .sessions(2);
    let started = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&started);
    let first = load.clone().on_progress(move |_| told.notify_one());
    let second = async {
        started.notified().await;
        load.run(db.executor(), Source::csv(&path)).await
    };
    let (first, second) = tokio::join!(first.run(db.executor(), Source::csv(&path)), second);
    let error = first.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert_eq!(second.unwrap().rows, 4_000);
    assert_eq!(number(&db, "SELECT count(*) FROM plain").await, 4_000);
    assert_eq!(
        number(&db, "SELECT count(DISTINCT id) FROM plain").await,
        4_000
    );
}

#[tokio::test]
async fn a_load_survives_what_a_cluster_does_to_it() {
    let (_database, proxy, db) = cockroach().await;
    db.execute("CREATE TABLE t (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let lines: String = (0..3_000)
        .map(|id| format!("{id},\"name\n{id}\"\n"))
        .collect();
    std::fs::write(&path, format!("id,name\n{lines}")).unwrap();
    let proxy = Arc::new(proxy);
    let (injecting, once) = (Arc::clone(&proxy), std::sync::Once::new());
    let report = Load::into_table("t")
        .chunk_rows(100)
        .on_progress(move |_| {
            once.call_once(|| {
                for injection in [
                    Injection::RetryCommit,
                    Injection::AmbiguousCommit { committed: true },
                    Injection::AmbiguousCommit { committed: false },
                    Injection::CutAfterCommit { cut: Cut::Reset },
                    Injection::CutBeforeCommit { cut: Cut::Reset },
                ] {
                    injecting.inject(injection);
                }
            });
        })
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!((report.rows, proxy.pending_injections()), (3_000, 0));
    let row = db
        .fetch_one("SELECT count(*), count(DISTINCT id) FROM t", &[])
        .await
        .unwrap();
    assert_eq!(
        (row.get::<i64>(0).unwrap(), row.get::<i64>(1).unwrap()),
        (3_000, 3_000)
    );
}

/// A COPY that commits by itself fails on some releases when it has taken a minute: those of a load are in transactions.
#[tokio::test]
async fn a_copy_of_a_load_never_commits_by_itself() {
    let (_database, proxy, db) = cockroach().await;
    create(&db).await;
    proxy.limit_copies(Some(Duration::ZERO));
    let (_directory, path) = file("items.csv", lines(100));
    for load in [
        Load::into_table("item"),
        Load::into_table("item").resumable("items"),
    ] {
        db.execute("DELETE FROM item", &[]).await.unwrap();
        let report = load.run(db.executor(), Source::csv(&path)).await.unwrap();
        assert_eq!(report.rows, 100);
        assert_eq!(number(&db, "SELECT count(*) FROM item").await, 100);
    }
}
