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

/// A row whose key holds NULL is never left out in silence: it is refused, or shown at the end where the key may hold NULL.
#[tokio::test]
async fn a_null_in_the_key_is_refused_or_comes_last() {
    let (_database, db) = database().await;
    let key = CursorKey::new(&[7; 32]).unwrap();
    let query =
        "SELECT * FROM (VALUES (2, 1), (NULL, 2), (1, 3), (NULL, 4), (1, 5)) AS v (rank, id)";
    for pages in [
        Pages::new(query, ["rank", "id"]).size(2),
        Pages::new(query, ["rank", "id"]).size(10),
        Pages::new(query, ["rank", "id"]).size(2).descending(),
    ] {
        let mut cursor = None;
        let error = loop {
            match pages.page(&db, &[], cursor.as_deref(), &key).await {
                Ok(page) => cursor = Some(page.next.expect("an error before the end")),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert!(error.to_string().contains("\"rank\" holds NULL"), "{error}");
        let streamed = pages.stream(&db, &[]).try_collect::<Vec<_>>().await;
        assert_eq!(streamed.unwrap_err().kind(), ErrorKind::Refused);
    }
    let pages = Pages::new(query, ["rank", "id"]).nullable(["rank"]);
    assert_eq!(walk(&db, pages.clone(), &key).await, [3, 5, 1, 2, 4]);
    assert_eq!(
        walk(&db, pages.descending_by(["rank"]), &key).await,
        [1, 3, 5, 2, 4]
    );
}

#[tokio::test]
async fn columns_of_the_key_may_run_in_different_directions() {
    let (_database, db) = database().await;
    fill(&db).await;
    let key = CursorKey::new(&[7; 32]).unwrap();
    let query = "SELECT i AS id, nullif(i % 4, 3) AS a, (i % 3)::TEXT AS b FROM generate_series(1, 40) AS g (i)";
    for descending in [
        &[][..],
        &["a"],
        &["b"],
        &["id"],
        &["a", "id"],
        &["a", "b", "id"],
    ] {
        let direction = |name: &str| {
            if descending.contains(&name) {
                "DESC"
            } else {
                "ASC"
            }
        };
        let wanted = format!(
            "SELECT * FROM ({query}) AS q ORDER BY a {} NULLS LAST, b {}, id {}",
            direction("a"),
            direction("b"),
            direction("id")
        );
        let wanted = db.fetch_all(&wanted, &[]).await.unwrap();
        let wanted: Vec<i32> = wanted.iter().map(|row| row.get("id").unwrap()).collect();
        let pages = Pages::new(query, ["a", "b", "id"])
            .nullable(["a"])
            .descending_by(descending.iter().copied());
        assert_eq!(walk(&db, pages, &key).await, wanted, "{descending:?}");
    }
    let error = Pages::new(query, ["id"])
        .descending_by(["a"])
        .page(&db, &[], None, &key)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no column \"a\""), "{error}");
}

/// A value of a type that is cut without its length, and one whose type's name needs quotes and its schema.
#[tokio::test]
async fn a_key_of_any_type_is_gone_on_from() {
    let (_database, db) = database().await;
    db.execute("CREATE SCHEMA \"Odd\"", &[]).await.unwrap();
    db.execute(
        "CREATE TYPE \"Odd\".\"Mood\" AS ENUM ('sad', 'so so', 'glad')",
        &[],
    )
    .await
    .unwrap();
    let key = CursorKey::new(&[7; 32]).unwrap();
    for value in [
        "i::BIT(5)",
        "chr(64 + i)::\"char\"",
        "(ARRAY['sad', 'so so', 'glad'])[1 + i / 7]::\"Odd\".\"Mood\"",
        "('a' || i % 4)::CHAR(6)",
    ] {
        let query = format!("SELECT i AS id, {value} AS k FROM generate_series(0, 20) AS g (i)");
        let pages = Pages::new(&query, ["k", "id"]);
        let mut found = walk(&db, pages, &key).await;
        found.sort_unstable();
        assert_eq!(found, (0..=20).collect::<Vec<i32>>(), "{value}");
    }
}

/// The ids of all rows, page by page, which is what a stream has too.
async fn walk(db: &Database, pages: Pages, key: &CursorKey) -> Vec<i32> {
    let pages = pages.size(2);
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = pages.page(db, &[], cursor.as_deref(), key).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.get::<i32>("id").unwrap()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let streamed: Vec<_> = pages.stream(db, &[]).try_collect().await.unwrap();
    let streamed: Vec<i32> = streamed.iter().map(|row| row.get("id").unwrap()).collect();
    assert_eq!(streamed, seen);
    seen
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
