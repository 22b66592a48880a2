//! Borrowers who leave something behind: the next one finds nothing of it.

use std::time::{Duration, SystemTime};

use crdb_auth::Session;
use crdb_pool::{NodeAddress, Pool};
use crdb_testkit::Engine;

use crate::login::Login;

async fn leave(mess: usize, session: &Session) {
    let raw = session.client();
    match mess {
        0 => raw.batch_execute("BEGIN").await.unwrap(),
        1 => {
            // Polled once, and dropped: it opens a transaction after the session has been given back.
            let begin = raw.batch_execute("BEGIN");
            drop(tokio::time::timeout(Duration::ZERO, begin).await);
        }
        2 => raw
            .batch_execute("SET search_path = information_schema")
            .await
            .unwrap(),
        3 => raw
            .batch_execute("SET application_name = 'somebody else'")
            .await
            .unwrap(),
        4 => {
            // CockroachDB has them behind a setting.
            if session.facts().engine() == crdb_auth::Engine::CockroachDb {
                raw.batch_execute("SET experimental_enable_temp_tables = on")
                    .await
                    .unwrap();
            }
            raw.batch_execute("CREATE TEMP TABLE mess (id INT)")
                .await
                .unwrap();
        }
        5 => drop(raw.batch_execute("PREPARE mess AS SELECT 1").await),
        6 => drop(raw.batch_execute("BEGIN; SELECT 1/0").await),
        7 => {
            // Half-read: a million rows, of which none is taken.
            let rows = raw.query("SELECT generate_series(1, 1000000)", &[]);
            drop(tokio::time::timeout(Duration::from_millis(1), rows).await);
        }
        8 => {
            let call = session.begin_call();
            let sleep = call.client().batch_execute("SELECT pg_sleep(0.05)");
            drop(tokio::time::timeout(Duration::from_millis(1), sleep).await);
        }
        _ => raw
            .batch_execute("SET ROLE NONE; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            .await
            .unwrap(),
    }
}

async fn assert_clean(session: &Session, after: usize) {
    // Only what this session sees: the one that was left in a mess may be on its way to being reset.
    let call = session.begin_call();
    let row = call
        .client()
        .query_one(
            "SELECT current_setting('search_path'), current_setting('application_name'), \
             current_setting('default_transaction_read_only'), \
             (SELECT count(*) FROM pg_prepared_statements WHERE name = 'mess'), \
             (SELECT count(*) FROM pg_class WHERE relname = 'mess' AND pg_table_is_visible(oid)), now()",
            &[],
        )
        .await
        .unwrap_or_else(|error| panic!("after mess {after}: {error:?}"));
    // Within a transaction it would be the same moment still.
    let again = call.client().query_one("SELECT now()", &[]).await.unwrap();
    call.finish();
    let path: &str = row.get(0);
    let name: &str = row.get(1);
    assert!(
        path.contains("public"),
        "after mess {after}: search_path {path}"
    );
    assert_ne!(name, "somebody else", "after mess {after}");
    assert_eq!(row.get::<_, &str>(2), "off", "after mess {after}");
    assert_eq!(
        (row.get::<_, i64>(3), row.get::<_, i64>(4)),
        (0, 0),
        "after mess {after}"
    );
    let moments: (SystemTime, SystemTime) = (row.get(5), again.get(0));
    assert_ne!(
        moments.0, moments.1,
        "after mess {after}: in somebody's transaction"
    );
}

/// With `CRDB_TEST_LONG` set it is 10,000 messes.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_borrower_finds_nothing_of_it() {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    messes(if long { 10_000 } else { 200 }).await;
}

async fn messes(count: usize) {
    let engine = Engine::shared().await;
    let pool = Pool::builder(Login::new(engine))
        .nodes([NodeAddress::new(engine.host(), engine.port())])
        .max_size(2)
        .build()
        .unwrap();
    for round in 0..count {
        let mess = round * 7 % 10;
        let lease = pool.get().await.unwrap();
        leave(mess, &lease).await;
        drop(lease);
        for _ in 0..2 {
            assert_clean(&pool.get().await.unwrap(), mess).await;
        }
    }
    pool.close(Duration::from_secs(5)).await.unwrap();
}
