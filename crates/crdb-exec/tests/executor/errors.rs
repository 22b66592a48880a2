//! What an error tells: once, without values, and with names that last.

use crate::fixture::Fixture;
use crdb_exec::{Error, ErrorKind, ExecutorExt, NamedExecutor, Verdict};
use crdb_testkit::EngineKind;
use std::error::Error as StdError;

async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture
        .sql("CREATE TABLE owner (id INT8 PRIMARY KEY)")
        .await;
    fixture
        .sql(
            "CREATE TABLE card (number TEXT CONSTRAINT card_number UNIQUE, \
             owner INT8 NOT NULL CONSTRAINT card_owner REFERENCES owner (id), \
             credit INT8 CONSTRAINT card_credit CHECK (credit >= 0))",
        )
        .await;
    fixture.sql("INSERT INTO owner VALUES (1)").await;
    fixture
        .sql("INSERT INTO card VALUES ('4111-1111', 1, 0)")
        .await;
    fixture
}

async fn refused(fixture: &Fixture, values: &str) -> Error {
    let insert = format!("INSERT INTO card VALUES ({values})");
    fixture.db.execute(&insert, &[]).await.unwrap_err()
}

#[tokio::test]
async fn a_violation_names_its_constraint_table_and_column() {
    let fixture = fixture().await;
    let unique = refused(&fixture, "'4111-1111', 1, 0").await;
    assert!(unique.is_unique_violation());
    assert_eq!(unique.constraint(), Some("card_number"));
    let foreign = refused(&fixture, "'1', 7, 0").await;
    assert!(foreign.is_foreign_key_violation());
    assert_eq!(foreign.constraint(), Some("card_owner"));
    let check = refused(&fixture, "'1', 1, -1").await;
    assert!(check.is_check_violation());
    assert_eq!(check.constraint(), Some("card_credit"));
    let null = refused(&fixture, "'1', NULL, 0").await;
    assert!(null.is_not_null_violation());
    // CockroachDB names a constraint and nothing else.
    let names_columns = fixture.engine.kind() == EngineKind::PostgreSql;
    assert_eq!(null.column(), names_columns.then_some("owner"));
    for error in [unique, foreign, check, null] {
        assert!(error.is_constraint_violation(), "{error:?}");
        if error.table().is_some() {
            assert_eq!(error.table(), Some("card"));
        }
    }
}

/// The server's detail quotes the row: `Key (number)=(4111-1111) already exists.`
#[tokio::test]
async fn neither_display_nor_debug_shows_values() {
    let fixture = fixture().await;
    let error = refused(&fixture, "lower('4111-1111'), 1, 0").await;
    let text = "INSERT INTO card VALUES (lower('4111-1111'), 1, 0)";
    for shown in [
        error.to_string(),
        format!("{error:?}"),
        format!("{:?}", error.server_error().unwrap()),
    ] {
        let beside_the_statement = shown.replace(text, "");
        assert!(!beside_the_statement.contains("4111"), "{shown}");
    }
    if let Some(detail) = error.server_error().unwrap().detail() {
        assert!(detail.contains("4111"), "code may still ask for it");
    }
}

#[tokio::test]
async fn a_chain_says_nothing_twice() {
    let fixture = fixture().await;
    let row = fixture
        .db
        .fetch_one("SELECT 'x'::TEXT AS x, NULL::INT8 AS n", &[])
        .await
        .unwrap();
    let errors: Vec<Error> = vec![
        refused(&fixture, "'4111-1111', 1, 0").await,
        fixture
            .db
            .execute("SELECT $1::INT8", &[&"text"])
            .await
            .unwrap_err(),
        crdb_exec::Row::get::<i64>(&row, "x").unwrap_err(),
        crdb_exec::Row::get::<i64>(&row, "n").unwrap_err(),
    ];
    for error in errors {
        let shown = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            assert!(!shown.contains(&cause.to_string()), "{shown} / {cause}");
            source = cause.source();
        }
    }
}

#[tokio::test]
async fn a_wrong_value_names_its_parameter() {
    let fixture = fixture().await;
    let number = fixture
        .db
        .execute("SELECT $1::INT8, $2::INT8", &[&1_i64, &"text"])
        .await
        .unwrap_err();
    assert_eq!(number.kind(), ErrorKind::Refused);
    assert!(
        number.to_string().contains("parameter $2 of type int8"),
        "{number}"
    );
    let repository = crdb_sql::Repository::from_embedded(&[(
        "q.sql",
        "-- name: pick :one\nSELECT id FROM owner WHERE id = :wanted;",
    )])
    .unwrap();
    let pick = repository.get("q.pick").unwrap();
    let named = fixture
        .db
        .query(pick, &[("wanted", &"text")])
        .unwrap()
        .fetch_one()
        .await
        .unwrap_err();
    assert!(named.to_string().contains("parameter :wanted"), "{named}");
}

/// What the client refuses is the caller's mistake: nothing is sent, and the session goes on being used.
#[tokio::test]
async fn the_client_refuses_before_anything_is_sent() {
    let fixture = fixture().await;
    let many: Vec<&(dyn crdb_exec::ToSql + Sync)> = vec![&1_i64; 65_536];
    let refusals = [
        fixture.db.execute("SELECT 1 \0", &[]).await,
        fixture.db.execute("SELECT 1", &many).await,
        fixture.db.execute("SELECT $1::INT8", &[]).await,
        fixture.db.execute("COPY owner FROM STDIN", &[]).await,
        fixture.db.execute("/* */ copy owner to stdout", &[]).await,
        fixture
            .db
            .fetch_all("COPY owner TO STDOUT", &[])
            .await
            .map(|rows| rows.len() as u64),
    ];
    for refused in refusals {
        let error = refused.unwrap_err();
        assert_eq!(
            (error.kind(), error.verdict()),
            (ErrorKind::Refused, Verdict::Never),
            "{error:?}"
        );
        assert!(!error.is_connection());
    }
    let error = fixture
        .db
        .transact::<_, Error, _>(&crdb_exec::TransactionOptions::new(), async |tx| {
            tx.execute("SELECT $1::INT8", &[&"text"]).await.unwrap_err();
            tx.execute("INSERT INTO owner VALUES (2)", &[]).await
        })
        .await;
    assert_eq!(
        error.unwrap(),
        1,
        "a refusal leaves the transaction as it was"
    );
    let shared = fixture.shared();
    assert_eq!(
        shared.connected.load(std::sync::atomic::Ordering::SeqCst),
        1
    );
    assert!(shared.reports.lock().unwrap().is_empty());
}
