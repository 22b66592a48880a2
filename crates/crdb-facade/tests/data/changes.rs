//! Changes of tables, sent by the quirks proxy as a changefeed sends them.

use std::time::Duration;

use crdb_data::{ChangeEvent, Changes, ErrorKind};
use crdb_testkit::{Cut, FaultProxy};
use futures_util::StreamExt as _;
use serde::Deserialize;

use crate::{cockroach, database, on_cockroach, through};

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    id: i64,
    name: Option<String>,
}

/// The next event, which is not waited for longer than a hang.
async fn next<S: futures_util::Stream + Unpin>(events: &mut S) -> S::Item {
    tokio::time::timeout(Duration::from_secs(60), events.next())
        .await
        .expect("an event")
        .unwrap()
}

#[tokio::test]
async fn rows_then_changes_then_deletions_are_told_with_their_times() {
    let (_database, _proxy, db) = cockroach().await;
    db.execute("CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    db.execute("INSERT INTO item VALUES (1, 'one')", &[])
        .await
        .unwrap();
    let mut events = Changes::of(["item"])
        .resolved_every(Duration::from_millis(50))
        .stream::<Item, _>(db.executor());
    let mut resolved = 0;
    let mut step = 0;
    while step < 3 || resolved < 2 {
        match next(&mut events).await.unwrap() {
            ChangeEvent::Change(change) => {
                assert_eq!(change.table, "item");
                assert_eq!(change.key, [1]);
                assert!(!change.updated.is_empty());
                match step {
                    0 => {
                        assert_eq!(
                            change.after,
                            Some(Item {
                                id: 1,
                                name: Some("one".to_owned())
                            })
                        );
                        db.execute("UPDATE item SET name = NULL", &[])
                            .await
                            .unwrap();
                    }
                    1 => {
                        assert_eq!(change.after, Some(Item { id: 1, name: None }));
                        db.execute("DELETE FROM item", &[]).await.unwrap();
                    }
                    _ => assert_eq!(change.after, None),
                }
                step += 1;
            }
            ChangeEvent::Resolved(_) => resolved += 1,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_lost_connection_is_gone_on_from_the_last_resolved_time() {
    let (database, proxy, plain) = cockroach().await;
    plain
        .execute("CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    let network = FaultProxy::start(proxy.host(), proxy.port()).unwrap();
    let db = through(&database, network.host(), network.port()).await;
    let mut events = Changes::of(["item"])
        .without_initial_scan()
        .resolved_every(Duration::from_millis(50))
        .stream::<Item, _>(db.executor());
    let mut last = String::new();
    for round in 0..3 {
        loop {
            if let ChangeEvent::Resolved(time) = next(&mut events).await.unwrap() {
                assert!(time >= last, "{time} after {last}");
                last = time;
                break;
            }
        }
        network.cut_now(Cut::Reset);
        // As long as it is lost.
        plain
            .execute("INSERT INTO item VALUES ($1, 'x')", &[&i64::from(round)])
            .await
            .unwrap();
        loop {
            if let ChangeEvent::Change(change) = next(&mut events).await.unwrap()
                && change.key == [round]
            {
                break;
            }
        }
    }
}

/// A stream that is not polled is not read: the server waits, memory stays flat, and other statements go on, on connections of their own.
#[tokio::test]
async fn a_slow_reader_is_waited_for_and_then_gets_everything() {
    const ROWS: i64 = 24;
    const MIB: u64 = 1 << 20;
    let (database, proxy, plain) = cockroach().await;
    plain
        .execute("CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    plain
        .execute(
            "INSERT INTO item SELECT i, repeat('x', 1048576) FROM generate_series(1, $1::INT8) AS g (i)",
            &[&ROWS],
        )
        .await
        .unwrap();
    let network = FaultProxy::start(proxy.host(), proxy.port()).unwrap();
    let db = through(&database, network.host(), network.port()).await;
    let mut events = Changes::of(["item"]).stream::<Item, _>(db.executor());
    let ChangeEvent::Change(first) = next(&mut events).await.unwrap() else {
        panic!("rows come first");
    };
    // What has come when no more comes.
    let mut came = network.counts().bytes_to_client;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        db.execute("SELECT 1", &[]).await.unwrap();
        let now = network.counts().bytes_to_client;
        if now - came < MIB {
            break;
        }
        came = now;
    }
    // What the sockets on the way hold is less than this.
    let most = 18 * MIB;
    assert!(
        came < most,
        "{came} bytes were read of a stream that was not polled"
    );
    let mut seen = std::collections::BTreeSet::from([first.after.unwrap().id]);
    while seen.len() < usize::try_from(ROWS).unwrap() {
        if let ChangeEvent::Change(change) = next(&mut events).await.unwrap() {
            let item = change.after.unwrap();
            assert_eq!(item.name.unwrap().len(), 1 << 20);
            seen.insert(item.id);
        }
    }
}

/// Kept by a service and given back after a restart, a resolved time leaves out what was sent before it and nothing else.
#[tokio::test]
async fn a_stream_goes_on_since_a_resolved_time_that_was_kept() {
    let (_database, _proxy, db) = cockroach().await;
    db.execute("CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    db.execute("INSERT INTO item VALUES (1, 'old')", &[])
        .await
        .unwrap();
    let changes = Changes::of(["item"]).resolved_every(Duration::from_millis(50));
    let mut events = changes.stream::<Item, _>(db.executor());
    let mut told = Vec::new();
    let kept = loop {
        match next(&mut events).await.unwrap() {
            ChangeEvent::Change(change) => told.push(change.after.unwrap().id),
            ChangeEvent::Resolved(time) if !told.is_empty() => break time,
            _ => {}
        }
    };
    assert_eq!(told, [1]);
    drop(events);
    let mut events = changes.since(kept).stream::<Item, _>(db.executor());
    while !matches!(next(&mut events).await.unwrap(), ChangeEvent::Resolved(_)) {}
    db.execute("INSERT INTO item VALUES (2, 'new')", &[])
        .await
        .unwrap();
    let change = loop {
        if let ChangeEvent::Change(change) = next(&mut events).await.unwrap() {
            break change;
        }
    };
    assert_eq!(change.after.unwrap().id, 2);
}

#[tokio::test]
async fn a_stream_that_is_dropped_gives_its_session_back() {
    let (_database, _proxy, db) = cockroach().await;
    db.execute("CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    // More than the pool has sessions.
    for _ in 0..24 {
        let mut events = Changes::of(["item"])
            .resolved_every(Duration::from_millis(20))
            .stream::<Item, _>(db.executor());
        next(&mut events).await.unwrap();
    }
    db.execute("INSERT INTO item VALUES (1, 'x')", &[])
        .await
        .unwrap();
}

#[tokio::test]
async fn postgresql_and_tables_that_do_not_exist_are_errors() {
    let (_database, db) = database().await;
    let error = next(&mut Changes::of(["item"]).stream::<Item, _>(db.executor()))
        .await
        .unwrap_err();
    if on_cockroach().await {
        assert!(error.to_string().contains("item"), "{error}");
    } else {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.to_string().contains("PostgreSQL has no changefeeds"),
            "{error}"
        );
    }
    let (_database, _proxy, db) = cockroach().await;
    let mut events = Changes::of(["no_table"]).stream::<Item, _>(db.executor());
    let error = next(&mut events).await.unwrap_err();
    assert!(error.to_string().contains("no_table"), "{error}");
    assert!(events.next().await.is_none());
}
