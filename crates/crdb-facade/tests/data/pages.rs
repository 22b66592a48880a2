//! Pages of a query.

use crdb_data::{CursorKey, ErrorKind, Pages};
use crdb_facade::{Database, Row as _};
use futures_util::TryStreamExt as _;

use crate::{cockroach, database};

async fn fill(db: &Database) {
    db.execute(
        "CREATE TABLE item (id INT8 PRIMARY KEY, at TIMESTAMPTZ NOT NULL, name TEXT)",
        &[],
    )
    .await
    .unwrap();
    db.execute(
        "INSERT INTO item SELECT i, TIMESTAMPTZ '2024-01-01 00:00:00Z' + (i / 10) * INTERVAL '1 second', 'n' || i \
         FROM generate_series(1, 100) AS g (i)",
        &[],
    )
    .await
    .unwrap();
}

fn ids<R: crdb_facade::exec::Row>(rows: &[R]) -> Vec<i64> {
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_in_the_order_of_the_key() {
    let (_database, db) = database().await;
    fill(&db).await;
    let key = CursorKey::new(&[7; 32]).unwrap();
    for (pages, wanted) in [
        (
            Pages::new("SELECT * FROM item WHERE id > $1", ["at", "id"]).size(7),
            (11..=100).collect::<Vec<i64>>(),
        ),
        (
            Pages::new("SELECT * FROM item WHERE id > $1", ["at", "id"])
                .size(30)
                .descending(),
            (11..=100).rev().collect(),
        ),
    ] {
        let mut cursor: Option<String> = None;
        let mut seen = Vec::new();
        loop {
            let page = pages
                .page(&db, &[&10_i64], cursor.as_deref(), &key)
                .await
                .unwrap();
            seen.extend(ids(&page.rows));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, wanted);
        let streamed: Vec<_> = pages.stream(&db, &[&10_i64]).try_collect().await.unwrap();
        assert_eq!(ids(&streamed), wanted);
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_query_only() {
    let (_database, db) = database().await;
    fill(&db).await;
    let key = CursorKey::new(&[7; 32]).unwrap();
    let pages = Pages::new("SELECT * FROM item", ["id"]).size(10);
    let cursor = pages
        .page(&db, &[], None, &key)
        .await
        .unwrap()
        .next
        .unwrap();
    let other = Pages::new("SELECT * FROM item WHERE true", ["id"]).size(10);
    for (pages, cursor) in [
        (&other, cursor.as_str()),
        (&pages, &cursor[1..]),
        (&pages, "x"),
    ] {
        let error = pages.page(&db, &[], Some(cursor), &key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    }
    let error = Pages::new("SELECT 1 AS id UNION ALL SELECT NULL", ["id"])
        .size(1)
        .page(&db, &[], None, &key)
        .await;
    assert!(error.is_ok());
    let nulls = Pages::new("SELECT NULL::INT8 AS id FROM item", ["id"])
        .size(1)
        .page(&db, &[], None, &key)
        .await
        .unwrap_err();
    assert_eq!(nulls.kind(), ErrorKind::Refused, "{nulls}");
    let unknown = Pages::new("SELECT id FROM item", ["nom"])
        .page(&db, &[], None, &key)
        .await
        .unwrap_err();
    assert!(unknown.to_string().contains("nom"), "{unknown}");
}

/// The quirks proxy takes the clause, as CockroachDB does.
#[tokio::test]
async fn pages_of_one_moment_are_read_as_of_that_time() {
    let (_database, _proxy, db) = cockroach().await;
    fill(&db).await;
    let time: String = db
        .fetch_one("SELECT cluster_logical_timestamp()::TEXT", &[])
        .await
        .unwrap()
        .get(0)
        .unwrap();
    let pages = Pages::new("SELECT * FROM item", ["id"])
        .size(60)
        .read_as_of(time);
    let key = CursorKey::new(&[7; 32]).unwrap();
    let first = pages.page(&db, &[], None, &key).await.unwrap();
    let second = pages
        .page(&db, &[], first.next.as_deref(), &key)
        .await
        .unwrap();
    assert_eq!(
        (first.rows.len(), second.rows.len(), second.next),
        (60, 40, None)
    );
}
