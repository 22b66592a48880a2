//! Blocks of work: a session with settings of its own, and a transaction that the caller begins and ends.

use crate::fixture::Fixture;
use crdb_exec::{
    Error, ErrorKind, Executor, ExecutorExt, IdempotencyKey, Row, SessionSettings, Statement,
    TransactionOptions, Verdict,
};
use futures_util::TryStreamExt as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture.sql("CREATE TABLE t (n INT8 NOT NULL)").await;
    fixture.sql("CREATE SCHEMA aside").await;
    fixture.sql("CREATE TABLE aside.u (n INT8)").await;
    fixture
}

const INSERT: &str = "INSERT INTO t VALUES (1)";

async fn shown(db: &impl Executor, name: &str) -> String {
    let row = db.fetch_one(&format!("SHOW {name}"), &[]).await.unwrap();
    row.get(0).unwrap()
}

async fn count(fixture: &Fixture) -> i64 {
    let row = fixture
        .db
        .fetch_one("SELECT count(*) FROM t", &[])
        .await
        .unwrap();
    row.get(0).unwrap()
}

const NAMES: [&str; 3] = ["statement_timeout", "search_path", "application_name"];

async fn all_shown(db: &impl Executor) -> Vec<String> {
    let mut values = Vec::new();
    for name in NAMES {
        values.push(shown(db, name).await);
    }
    values
}

fn settings() -> SessionSettings {
    SessionSettings::new()
        .statement_timeout(Duration::from_millis(1500))
        .search_path(["aside", "public"])
        .application_name("it's \\ a block")
}

#[tokio::test]
async fn settings_hold_for_the_block_and_are_restored() {
    let fixture = fixture().await;
    let before = all_shown(&fixture.db).await;
    let session = fixture.db.session(&settings()).await.unwrap();
    session
        .execute("INSERT INTO u VALUES (1)", &[])
        .await
        .unwrap();
    assert_eq!(
        shown(&*session, "application_name").await,
        "it's \\ a block"
    );
    let rows = session.fetch_stream("SELECT n FROM u", &[]).await.unwrap();
    assert_eq!(rows.try_collect::<Vec<_>>().await.unwrap().len(), 1);
    session
        .transact::<_, Error, _>(&TransactionOptions::new(), async |tx| {
            tx.execute("INSERT INTO u VALUES (2)", &[]).await
        })
        .await
        .unwrap();
    // The block's limit counts as the session's own.
    let limit = session
        .transact::<_, Error, _>(&TransactionOptions::new(), async |tx| {
            Ok(shown(tx, "statement_timeout").await)
        })
        .await
        .unwrap();
    assert!(["1500ms", "1500"].contains(&limit.as_str()), "{limit}");
    session.end().await.unwrap();
    assert_eq!(all_shown(&fixture.db).await, before);
    assert_eq!(fixture.shared().connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_role_holds_for_the_block() {
    let fixture = fixture().await;
    let role = format!("block_{}", fixture.database.name());
    fixture.sql(&format!("CREATE ROLE {role}")).await;
    fixture.sql(&format!("GRANT {role} TO CURRENT_USER")).await;
    let before = fixture
        .db
        .fetch_one("SELECT current_user::TEXT", &[])
        .await
        .unwrap();
    let before: String = before.get(0).unwrap();
    let session = fixture
        .db
        .session(&SessionSettings::new().role(&role))
        .await
        .unwrap();
    let inside = session
        .fetch_one("SELECT current_user::TEXT", &[])
        .await
        .unwrap();
    assert_eq!(inside.get::<String>(0).unwrap(), role);
    session.end().await.unwrap();
    let after = fixture
        .db
        .fetch_one("SELECT current_user::TEXT", &[])
        .await
        .unwrap();
    assert_eq!(after.get::<String>(0).unwrap(), before);
    fixture
        .sql(&format!("REVOKE {role} FROM CURRENT_USER"))
        .await;
    fixture.sql(&format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_dropped_block_leaks_no_setting() {
    let fixture = fixture().await;
    let before = all_shown(&fixture.db).await;
    let session = fixture.db.session(&settings()).await.unwrap();
    session.execute("SELECT 1", &[]).await.unwrap();
    drop(session);
    assert_eq!(all_shown(&fixture.db).await, before);
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 1);

    let refused = SessionSettings::new().role("no such role");
    let error = fixture.db.session(&refused).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error:?}");
    assert_eq!(all_shown(&fixture.db).await, before);
}

#[tokio::test]
async fn what_is_dropped_in_a_block_ends_it() {
    let fixture = fixture().await;
    let session = fixture.db.session(&settings()).await.unwrap();
    let mut rows = session
        .fetch_stream("SELECT * FROM generate_series(1, 100000)", &[])
        .await
        .unwrap();
    rows.try_next().await.unwrap();
    drop(rows);
    let error = session.execute(INSERT, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Acquire, "{error:?}");
    session.end().await.unwrap_err();
    assert_eq!(count(&fixture).await, 0);
}

#[tokio::test]
async fn a_transaction_by_hand_is_committed_rolled_back_or_dropped() {
    let fixture = fixture().await;
    let options = TransactionOptions::new();
    let tx = fixture.db.begin(&options).await.unwrap();
    tx.execute(INSERT, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&fixture).await, 1);

    let tx = fixture.db.begin(&options).await.unwrap();
    tx.execute(INSERT, &[]).await.unwrap();
    tx.savepoint(async |tx| tx.execute(INSERT, &[]).await)
        .await
        .unwrap();
    tx.rollback().await;
    assert_eq!(count(&fixture).await, 1);
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 0);

    let tx = fixture.db.begin(&options).await.unwrap();
    tx.execute(INSERT, &[]).await.unwrap();
    drop(tx);
    assert_eq!(fixture.shared().closed_unfinished.load(Ordering::SeqCst), 1);
    assert_eq!(count(&fixture).await, 1);
}

#[tokio::test]
async fn a_transaction_by_hand_tells_what_is_certain() {
    let fixture = fixture().await;
    let tx = fixture.db.begin(&TransactionOptions::new()).await.unwrap();
    tx.execute(INSERT, &[]).await.unwrap();
    tx.execute("SELECT no_such_function()", &[])
        .await
        .unwrap_err();
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RolledBack);

    let tx = fixture.db.begin(&TransactionOptions::new()).await.unwrap();
    tx.execute(INSERT, &[]).await.unwrap();
    let ended = tx.execute("COMMIT", &[]).await.unwrap_err();
    assert!(ended.is_outcome_unknown());
    assert!(tx.commit().await.unwrap_err().is_outcome_unknown());

    // Long enough for a busy machine to begin in.
    let limited = TransactionOptions::new().timeout(Duration::from_secs(4));
    let tx = fixture.db.begin(&limited).await.unwrap();
    let error = tx.execute("SELECT pg_sleep(60)", &[]).await.unwrap_err();
    assert!(
        error.is_timeout() || error.kind() == ErrorKind::Cancelled,
        "{error:?}"
    );
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Never, "{error:?}");

    let keyed = TransactionOptions::new().idempotency(IdempotencyKey::new("k"));
    let error = fixture.db.begin(&keyed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

/// A statement in a block keeps to its own limit as everywhere.
#[tokio::test]
async fn a_statements_limit_holds_in_a_block() {
    let fixture = fixture().await;
    let session = fixture.db.session(&SessionSettings::new()).await.unwrap();
    let sleep = Statement::new("SELECT pg_sleep(60)").timeout(Duration::from_millis(200));
    let error = session.execute(sleep, &[]).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}
