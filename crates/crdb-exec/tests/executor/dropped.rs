//! Every future of the executor is dropped after each number of polls: nothing stays open, and no call reads another's reply.

use crate::fixture::Fixture;
use crate::polled::polled;
use crdb_exec::{Error, ExecutorExt, IdempotencyKey, Row, Statement, TransactionOptions};
use futures_util::TryStreamExt;
use std::time::Duration;

async fn fixture() -> Fixture {
    let fixture = Fixture::new().await;
    fixture
        .sql("CREATE TABLE t (id INT8 PRIMARY KEY, n INT8 NOT NULL)")
        .await;
    fixture.sql("INSERT INTO t VALUES (1, 0)").await;
    fixture.sql(IdempotencyKey::SCHEMA).await;
    fixture
}

/// The next borrower gets its own reply, and finds no lock that is never released.
async fn is_clean(fixture: &Fixture, number: i64) {
    let row = fixture
        .db
        .fetch_one("SELECT $1::INT8", &[&number])
        .await
        .unwrap();
    assert_eq!(row.get::<i64>(0).unwrap(), number);
    let update = Statement::new("UPDATE t SET n = n WHERE id = 1").timeout(Duration::from_secs(5));
    fixture.db.execute(update, &[]).await.unwrap();
}

#[tokio::test]
async fn a_transaction_dropped_after_each_poll() {
    let fixture = fixture().await;
    for keyed in [false, true] {
        for polls in 0.. {
            let options = if keyed {
                let key = IdempotencyKey::new(format!("{polls}"));
                TransactionOptions::new().idempotency(key)
            } else {
                TransactionOptions::new()
            };
            let work = fixture.db.transact::<_, Error, _>(&options, async |tx| {
                tx.execute("UPDATE t SET n = n + 1 WHERE id = 1", &[])
                    .await?;
                tx.savepoint(async |tx| tx.fetch_all("SELECT * FROM t", &[]).await)
                    .await
            });
            let ended = polled(work, polls).await;
            is_clean(&fixture, polls as i64).await;
            if let Some(result) = ended {
                assert_eq!(result.unwrap().len(), 1);
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_statement_dropped_after_each_poll() {
    let fixture = fixture().await;
    for polls in 0.. {
        let ended = polled(fixture.db.fetch_all("SELECT * FROM t", &[]), polls).await;
        is_clean(&fixture, polls as i64).await;
        if ended.is_some() {
            break;
        }
    }
}

#[tokio::test]
async fn a_stream_dropped_after_each_poll() {
    let fixture = fixture().await;
    for polls in 0.. {
        let read = async {
            let rows = fixture
                .db
                .fetch_stream("SELECT * FROM generate_series(1, 2000)", &[])
                .await?;
            rows.try_collect::<Vec<_>>().await
        };
        let ended = polled(read, polls).await;
        is_clean(&fixture, polls as i64).await;
        if let Some(result) = ended {
            assert_eq!(result.unwrap().len(), 2000);
            break;
        }
    }
}
