//! One statement for many sets of arguments.

use crdb_data::{BatchStatement, ChunkOutcome, ErrorKind};
use crdb_facade::exec::OwnedParameters;
use crdb_facade::{Database, Row as _};
use crdb_testkit::{Cut, Injection};
use futures_util::{StreamExt as _, stream};

use crate::{cockroach, database};

fn sets(from: i64, to: i64) -> impl futures_util::Stream<Item = OwnedParameters> + Send {
    stream::iter((from..to).map(|id| {
        OwnedParameters::new()
            .with(id)
            .with((id % 3 > 0).then(|| format!("name {id}")))
    }))
}

async fn create(db: &Database) {
    db.execute(
        "CREATE TABLE item (id INT8 PRIMARY KEY, name VARCHAR(12))",
        &[],
    )
    .await
    .unwrap();
}

async fn count(db: &Database) -> (i64, i64) {
    let row = db
        .fetch_one("SELECT count(*), count(name) FROM item", &[])
        .await
        .unwrap();
    (row.get(0).unwrap(), row.get(1).unwrap())
}

const INSERT: &str = "INSERT INTO item (id, name) VALUES ($1, $2)";

#[tokio::test]
async fn an_insert_is_sent_as_arrays_and_other_statements_in_one_round_trip() {
    let (_database, db) = database().await;
    create(&db).await;
    let report = BatchStatement::new(INSERT)
        .chunk_rows(300)
        .run(db.executor(), sets(0, 1_000))
        .await;
    assert_eq!(report.chunks().len(), 4);
    assert_eq!(report.into_result().unwrap(), 1_000);
    assert_eq!(count(&db).await, (1_000, 666));
    let update = "UPDATE item SET name = $2 WHERE id = $1 AND name IS NULL";
    let rows = BatchStatement::new(update)
        .run(db.executor(), sets(0, 1_001))
        .await
        .into_result()
        .unwrap();
    assert_eq!(rows, 334);
    let upsert = "INSERT INTO item (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    let rows = BatchStatement::new(upsert)
        .chunk_bytes(1_000)
        .run(db.executor(), sets(990, 1_010))
        .await
        .into_result()
        .unwrap();
    assert_eq!(rows, 20);
    assert_eq!(count(&db).await.0, 1_010);
}

#[tokio::test]
async fn the_first_chunk_that_fails_ends_it_and_every_outcome_is_told() {
    let (_database, db) = database().await;
    create(&db).await;
    db.execute("INSERT INTO item VALUES (250, 'there')", &[])
        .await
        .unwrap();
    let report = BatchStatement::new(INSERT)
        .chunk_rows(100)
        .run(db.executor(), sets(0, 1_000))
        .await;
    let outcomes: Vec<_> = report
        .chunks()
        .iter()
        .map(|chunk| (chunk.first, chunk.sets, chunk.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [
            (0, 100, ChunkOutcome::Committed { rows: 100 }),
            (100, 100, ChunkOutcome::Committed { rows: 100 }),
            (200, 100, ChunkOutcome::Failed),
        ]
    );
    let error = report.error().unwrap();
    assert!(error.to_string().contains("sets 201 to 300"), "{error}");
    assert!(error.database().unwrap().is_unique_violation());
    assert_eq!(count(&db).await.0, 201);
    let error = BatchStatement::new("UPDATE item SET name = $2 WHERE id = $1")
        .run(
            db.executor(),
            stream::iter([OwnedParameters::new().with(1_i64)]),
        )
        .await
        .into_result()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
}

#[tokio::test]
async fn a_named_batch_is_resumed_and_lost_answers_are_asked_for() {
    let (_database, proxy, db) = cockroach().await;
    create(&db).await;
    let batch = BatchStatement::new(INSERT)
        .chunk_rows(50)
        .resumable("items");
    for injection in [
        Injection::RetryCommit,
        Injection::AmbiguousCommit { committed: true },
        Injection::AmbiguousCommit { committed: false },
        Injection::CutAfterCommit { cut: Cut::Reset },
    ] {
        proxy.inject(injection);
    }
    let rows = batch
        .run(db.executor(), sets(0, 500))
        .await
        .into_result()
        .unwrap();
    assert_eq!((rows, proxy.pending_injections()), (500, 0));
    let report = batch.run(db.executor(), sets(0, 700)).await;
    assert_eq!(report.chunks()[0].outcome, ChunkOutcome::Done);
    assert_eq!((report.chunks()[0].sets, report.rows()), (500, 200));
    assert_eq!(count(&db).await.0, 700);
}

/// The server refuses more than one row of a key in one statement; fewer at once will do.
#[tokio::test]
async fn a_chunk_that_is_too_much_is_halved() {
    let (_database, db) = database().await;
    create(&db).await;
    let upsert = "INSERT INTO item (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    let twice = stream::iter((0..20_i64).map(|number| {
        OwnedParameters::new()
            .with(number % 10)
            .with(format!("{number}"))
    }));
    let report = BatchStatement::new(upsert).run(db.executor(), twice).await;
    assert!(report.chunks().len() > 1, "{report:?}");
    assert_eq!(report.into_result().unwrap(), 20);
    let sum = db
        .fetch_one("SELECT sum(name::INT8)::INT8 FROM item", &[])
        .await
        .unwrap();
    assert_eq!(sum.get::<i64>(0).unwrap(), (10..20).sum::<i64>());
}

/// A COMMIT that comes too late comes too late at each attempt: only fewer rows at once help. What is retried is retried before.
#[tokio::test]
async fn a_transaction_past_its_deadline_is_halved_until_it_fits() {
    let (_database, proxy, db) = cockroach().await;
    create(&db).await;
    proxy.limit_commits(Some(150));
    for (statement, from) in [
        (INSERT, 0),
        // One that is not sent as arrays.
        (
            "INSERT INTO item (name, id) VALUES ($2, $1) RETURNING id",
            1_000,
        ),
    ] {
        let report = BatchStatement::new(statement)
            .chunk_rows(400)
            .run(db.executor(), sets(from, from + 1_000))
            .await;
        let mut next = 0;
        for chunk in report.chunks() {
            assert_eq!(chunk.first, next, "{report:?}");
            assert!(chunk.sets <= 150, "{report:?}");
            assert_eq!(chunk.outcome, ChunkOutcome::Committed { rows: chunk.sets });
            next += chunk.sets;
        }
        assert_eq!(report.into_result().unwrap(), 1_000);
    }
    assert_eq!(count(&db).await.0, 2_000);
    // A set by itself that is too late is an error that tells it.
    proxy.limit_commits(Some(0));
    let report = BatchStatement::new(INSERT)
        .run(db.executor(), sets(5_000, 5_002))
        .await;
    assert_eq!(report.chunks()[0].outcome, ChunkOutcome::Failed);
    let error = report.error().unwrap();
    assert!(error.to_string().contains("sets 1 to 1"), "{error}");
    assert!(error.to_string().contains("deadline exceeded"), "{error}");
    assert_eq!(count(&db).await.0, 2_000);
}

/// A collision is tried again as it is: the chunk is not cut.
#[tokio::test]
async fn a_transaction_that_collides_is_tried_again_whole() {
    let (_database, proxy, db) = cockroach().await;
    create(&db).await;
    let mut waits = true;
    let sets = sets(0, 100).inspect(|_| {
        if std::mem::take(&mut waits) {
            proxy.inject(Injection::RetryCommit);
            proxy.inject(Injection::RetryCommit);
        }
    });
    let report = BatchStatement::new(INSERT).run(db.executor(), sets).await;
    assert_eq!(proxy.pending_injections(), 0);
    assert_eq!(report.chunks().len(), 1, "{report:?}");
    assert_eq!(report.into_result().unwrap(), 100);
}

/// A lost answer of a batch without keys is reported as unknown, never as committed or as failed.
#[tokio::test]
async fn without_a_name_a_lost_answer_is_told_as_unknown() {
    for (committed, rows) in [(true, 100), (false, 0)] {
        let (_database, proxy, db) = cockroach().await;
        create(&db).await;
        // Behind the look at the table, which is read again.
        let mut waits = true;
        let sets = sets(0, 300).inspect(|_| {
            if std::mem::take(&mut waits) {
                proxy.inject(Injection::AmbiguousCommit { committed });
            }
        });
        let report = BatchStatement::new(INSERT)
            .chunk_rows(100)
            .run(db.executor(), sets)
            .await;
        assert_eq!(report.chunks().len(), 1, "{report:?}");
        assert_eq!(report.chunks()[0].outcome, ChunkOutcome::Unknown);
        assert_eq!(report.rows(), 0);
        assert!(report.error().unwrap().is_outcome_unknown());
        assert_eq!(count(&db).await.0, rows);
    }
}

/// A run that is dropped in the middle is gone on from by its keys: each set takes effect once, also one that adds.
#[tokio::test]
async fn a_named_batch_that_is_dropped_runs_each_set_once() {
    let (_database, db) = database().await;
    db.execute(
        "CREATE TABLE account (id INT8 PRIMARY KEY, balance INT8 NOT NULL)",
        &[],
    )
    .await
    .unwrap();
    db.execute(
        "INSERT INTO account SELECT i, 0 FROM generate_series(0, 9) AS g (i)",
        &[],
    )
    .await
    .unwrap();
    let sets =
        || (0..1_000_i64).map(|number| OwnedParameters::new().with(number % 10).with(number));
    let batch = BatchStatement::new("UPDATE account SET balance = balance + $2 WHERE id = $1")
        .chunk_rows(10)
        .resumable("raises");
    let mut runs = 0;
    let report = loop {
        runs += 1;
        let taken = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let stop = std::sync::Arc::new(tokio::sync::Notify::new());
        let (counted, stopping) = (taken.clone(), stop.clone());
        let fresh = sets().inspect(move |_| {
            if counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 240 * runs {
                stopping.notify_one();
            }
        });
        tokio::select! {
            biased;
            () = stop.notified() => {}
            report = batch.run(db.executor(), stream::iter(fresh)) => break report,
        }
    };
    assert!(runs > 3, "{runs}");
    report.into_result().unwrap();
    let row = db
        .fetch_one("SELECT sum(balance)::INT8 FROM account", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), 999 * 1_000 / 2);
}
