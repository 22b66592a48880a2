//! The table of idempotency keys: made and pruned by the crate, and never a key that may still be asked for.

use crate::fixture::Fixture;
use crdb_exec::{
    Error, ErrorKind, ExecutorExt, IdempotencyKey, Resolution, Row, TransactionOptions,
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    // Twice, as every start of a service does.
    IdempotencyKey::create_table(&fixture.db).await.unwrap();
    IdempotencyKey::create_table(&fixture.db).await.unwrap();
    fixture
}

async fn use_key(fixture: &Fixture, key: &str) -> Result<(), Error> {
    let options = TransactionOptions::new().idempotency(IdempotencyKey::new(key));
    fixture
        .db
        .transact(&options, async |tx| tx.execute("SELECT 1", &[]).await)
        .await
        .map(drop)
}

/// Makes every key as old as that.
async fn age(fixture: &Fixture, days: u32) {
    let text = format!(
        "UPDATE crdb_idempotency_key SET created_at = created_at - INTERVAL '1 day' * {days}"
    );
    fixture.sql(&text).await;
}

async fn keys(fixture: &Fixture) -> i64 {
    let count = "SELECT count(*) FROM crdb_idempotency_key";
    let row = fixture.db.fetch_one(count, &[]).await.unwrap();
    row.get(0).unwrap()
}

#[tokio::test]
async fn old_keys_are_pruned_and_young_ones_stay() {
    let fixture = fixture().await;
    fixture
        .sql(
            "INSERT INTO crdb_idempotency_key \
             SELECT 'old/' || n::TEXT, 'x', false, now() - INTERVAL '3 days' \
             FROM generate_series(1, 2500) AS g (n)",
        )
        .await;
    use_key(&fixture, "new").await.unwrap();
    let pruned = IdempotencyKey::prune(&fixture.db, DAY).await.unwrap();
    assert_eq!(pruned, 2500);
    assert_eq!(keys(&fixture).await, 1);
    assert_eq!(
        IdempotencyKey::prune(&fixture.db, Duration::MAX)
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn a_key_that_may_still_be_asked_for_stays() {
    let fixture = fixture().await;
    use_key(&fixture, "a").await.unwrap();
    for younger in [
        Duration::ZERO,
        IdempotencyKey::MIN_AGE - Duration::from_secs(1),
    ] {
        let error = IdempotencyKey::prune(&fixture.db, younger)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
    assert_eq!(keys(&fixture).await, 1);
}

/// A key is as old as its last use: one that was abandoned long ago and claimed today is young.
#[tokio::test]
async fn a_key_that_is_claimed_again_is_young_again() {
    let fixture = fixture().await;
    fixture
        .sql("INSERT INTO crdb_idempotency_key VALUES ('a', 'a call', true, now())")
        .await;
    let closed = IdempotencyKey::new("closed");
    let resolve = async || fixture.db.resolve(&closed).await.unwrap();
    assert_eq!(resolve().await, Resolution::Abandoned);
    age(&fixture, 3).await;
    use_key(&fixture, "a").await.unwrap();
    // Asking for it again keeps it closed for as long again.
    assert_eq!(resolve().await, Resolution::Abandoned);
    assert_eq!(IdempotencyKey::prune(&fixture.db, DAY).await.unwrap(), 0);
    let again = use_key(&fixture, "a").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyCommitted);
    let error = use_key(&fixture, "closed").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Abandoned);
}
