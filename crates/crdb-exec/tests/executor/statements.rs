//! What a statement outside a transaction promises, on a real server.

#[cfg(feature = "derive")]
mod from_row;

use crate::fixture::Fixture;
use crdb_exec::{ErrorKind, ExecutorExt, Row, SqlState, Verdict};
use futures_util::TryStreamExt;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn rows_have_columns_and_typed_values() {
    let fixture = Fixture::new().await;
    let row = fixture
        .db
        .fetch_one(
            "SELECT $1::INT8 AS number, $2::TEXT AS text, NULL::TEXT AS nothing",
            &[&7i64, &"seven"],
        )
        .await
        .unwrap();
    assert_eq!(row.len(), 3);
    assert_eq!(row.column(1).unwrap().name, "text");
    assert_eq!(row.get::<i64>(0).unwrap(), 7);
    assert_eq!(row.get::<&str>("text").unwrap(), "seven");
    assert_eq!(row.get::<Option<String>>("nothing").unwrap(), None);
    assert_eq!(row.value(1), Some(&b"seven"[..]));
    assert_eq!(row.value(2), None);
    for error in [
        row.get::<i64>("missing").unwrap_err(),
        row.get::<i64>(3).unwrap_err(),
        row.get::<i32>("number").unwrap_err(),
        row.get::<String>("nothing").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
    }
    assert_eq!(
        row.get::<i64>("missing").unwrap_err().to_string(),
        "reading column \"missing\": the row has no such column (it has \"number\", \"text\", \"nothing\"): a value does not convert"
    );
}

#[tokio::test]
async fn the_number_of_rows_is_checked() {
    let fixture = Fixture::new().await;
    let db = &fixture.db;
    let none = "SELECT 1::INT8 WHERE false";
    let two = "VALUES (1::INT8), (2)";
    assert_eq!(
        db.fetch_one(none, &[]).await.unwrap_err().kind(),
        ErrorKind::NoRow
    );
    assert_eq!(
        db.fetch_one(two, &[]).await.unwrap_err().kind(),
        ErrorKind::SeveralRows
    );
    assert!(db.fetch_optional(none, &[]).await.unwrap().is_none());
    assert_eq!(
        db.fetch_optional(two, &[]).await.unwrap_err().kind(),
        ErrorKind::SeveralRows
    );
    assert_eq!(db.fetch_all(two, &[]).await.unwrap().len(), 2);
    // All of it was read to the end, in one session.
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn wrong_parameters_are_refused_before_anything_is_sent() {
    let fixture = Fixture::new().await;
    for error in [
        fixture
            .db
            .execute("SELECT $1::INT8", &[])
            .await
            .unwrap_err(),
        fixture
            .db
            .execute("SELECT $1::INT8", &[&"text"])
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
        assert_eq!(error.verdict(), Verdict::Never);
    }
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn errors_say_what_the_server_said() {
    let fixture = Fixture::new().await;
    fixture
        .sql("CREATE TABLE t (id INT8 CONSTRAINT t_key PRIMARY KEY)")
        .await;
    let insert = "INSERT INTO t VALUES (1)";
    assert_eq!(fixture.db.execute(insert, &[]).await.unwrap(), 1);
    let error = fixture.db.execute(insert, &[]).await.unwrap_err();
    assert!(error.is_unique_violation());
    assert_eq!(error.sqlstate(), Some(SqlState::UNIQUE_VIOLATION));
    assert_eq!(error.verdict(), Verdict::Never);
    assert!(error.to_string().contains(insert), "{error}");
}

#[tokio::test]
async fn streams_give_all_rows_and_the_session_back() {
    let fixture = Fixture::new().await;
    let mut rows = fixture
        .db
        .fetch_stream("SELECT * FROM generate_series(1, 1000) AS g (n)", &[])
        .await
        .unwrap();
    let mut sum = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        sum += row
            .get::<i64>(0)
            .or_else(|_| row.get::<i32>(0).map(i64::from))
            .unwrap();
    }
    assert_eq!(sum, 500_500);
    assert_eq!(crdb_exec::Rows::rows_affected(&rows), Some(1000));
    drop(rows);
    fixture.db.execute("SELECT 1", &[]).await.unwrap();
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_dropped_stream_leaves_its_session_unfinished() {
    let fixture = Fixture::new().await;
    let mut rows = fixture
        .db
        .fetch_stream("SELECT * FROM generate_series(1, 100000)", &[])
        .await
        .unwrap();
    rows.try_next().await.unwrap();
    drop(rows);
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 1);
    let row = fixture.db.fetch_one("SELECT 7::INT8", &[]).await.unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), 7);
}

#[tokio::test]
async fn a_statement_the_server_forgot_is_prepared_again() {
    let fixture = Fixture::new().await;
    let select = "SELECT 7::INT8";
    fixture.db.fetch_one(select, &[]).await.unwrap();
    fixture.db.execute("DEALLOCATE ALL", &[]).await.unwrap();
    // The statement behind DEALLOCATE ALL has deallocated itself as well.
    fixture.db.fetch_one(select, &[]).await.unwrap();
    fixture.db.execute("DEALLOCATE ALL", &[]).await.unwrap();
    fixture.db.fetch_one(select, &[]).await.unwrap();
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_result_type_that_changed_is_prepared_again() {
    let fixture = Fixture::new().await;
    fixture.sql("CREATE TABLE t (id INT8 PRIMARY KEY)").await;
    fixture.sql("INSERT INTO t VALUES (1)").await;
    let select = "SELECT * FROM t";
    let columns = |rows: Vec<crdb_exec::ClientRow>| rows[0].len();
    assert_eq!(columns(fixture.db.fetch_all(select, &[]).await.unwrap()), 1);
    fixture.sql("ALTER TABLE t ADD COLUMN more TEXT").await;
    assert_eq!(columns(fixture.db.fetch_all(select, &[]).await.unwrap()), 2);
    fixture.sql("ALTER TABLE t DROP COLUMN more").await;
    let inside = fixture
        .db
        .transact::<_, crdb_exec::Error, _>(&crdb_exec::TransactionOptions::new(), async |tx| {
            tx.fetch_all(select, &[]).await
        })
        .await
        .unwrap();
    assert_eq!(columns(inside), 1);
    // The transaction's one; outside of it the statement is run again in the same session, which counts as none.
    assert_eq!(
        *fixture.counter.causes.lock().unwrap(),
        [Some(crdb_exec::SqlState::FEATURE_NOT_SUPPORTED)]
    );
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_cache_of_statements_is_bounded() {
    let fixture = Fixture::with_statements(4).await;
    for number in 0..32 {
        let text = format!("SELECT {number}::INT8");
        let row = fixture.db.fetch_one(&text, &[]).await.unwrap();
        assert_eq!(row.get::<i64>(0).unwrap(), number);
    }
    let count = fixture
        .db
        .fetch_one("SELECT count(*) FROM pg_prepared_statements", &[])
        .await
        .unwrap();
    assert!(count.get::<i64>(0).unwrap() <= 5);
}
