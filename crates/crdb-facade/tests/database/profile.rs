//! Why a call was slow: what the profile says of a contended row, a slow node and a full pool.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crdb_facade::config::{Node, keys};
use crdb_facade::exec::{ExecutorExt as _, Statement};
use crdb_facade::observe::profile::{Plan, ProfileReport, SlowCall, StatementProfile};
use crdb_facade::{Config, Database, Row as _};
use crdb_testkit::{Direction, Engine, FaultProxy, Injection, Link, QuirksOptions, QuirksProxy};

use tokio::sync::Barrier;

use crate::config;

/// For hangs only.
const LONG: Duration = Duration::from_secs(60);

/// What is made slow takes this much longer.
const WAIT: Duration = Duration::from_millis(300);

/// How many sessions a pool has.
const SESSIONS: u32 = 10;

/// How many transactions want one row.
const CALLERS: usize = 8;

/// A database that calls whatever takes 100 ms slow.
async fn open(config: crdb_facade::config::ConfigBuilder) -> Database {
    let config = config
        .set(keys::observe::PROFILE, true)
        .set(keys::pool::FRESH_FOR, LONG)
        .set(keys::observe::SLOW_AFTER, Duration::from_millis(100))
        .build()
        .unwrap();
    Database::open(config).await.unwrap()
}

fn report(db: &Database) -> ProfileReport {
    let report = db.profile().unwrap().report();
    let read = ProfileReport::from_json(&report.to_json()).unwrap();
    // The last digit of a time may be another one.
    assert_eq!(read.to_string(), report.to_string());
    report
}

/// The slowest call that is kept.
fn slowest(report: &ProfileReport) -> &SlowCall {
    let by_time = |a: &&SlowCall, b: &&SlowCall| a.seconds.total_cmp(&b.seconds);
    report.slow.iter().max_by(by_time).unwrap()
}

#[tokio::test]
async fn calls_are_counted_by_statement_without_text_or_values() {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = open(config(&database)).await;
    db.sql("CREATE TABLE secrets (id INT8 PRIMARY KEY, word TEXT)")
        .execute()
        .await
        .unwrap();
    for number in 0..30_i64 {
        let text = format!("INSERT INTO secrets VALUES ({number}, 'rosebud{number}')");
        db.sql(&text).execute().await.unwrap();
    }
    db.sql("SELECT * FROM secrets").fetch_all().await.unwrap();
    drop(db.sql("SELECT * FROM absent").fetch_all().await);

    let report = report(&db);
    let of = |summary: &str| {
        let mut found = report
            .statements
            .iter()
            .filter(|one| one.summary == summary);
        let one = found.next().unwrap();
        assert!(found.next().is_none(), "{summary} is there twice");
        one
    };
    let inserts = of("INSERT secrets");
    assert_eq!((inserts.calls, inserts.rows, inserts.failed), (30, 30, 0));
    let times = inserts.times;
    assert!(times.p50 <= times.p95 && times.p95 <= times.p99 && times.p99 <= times.longest);
    let parts = times.waiting + times.retrying + times.working;
    assert!((parts - times.total).abs() < 1e-6, "{times:?}");
    assert_eq!(of("SELECT secrets").rows, 30);
    assert_eq!(of("SELECT absent").failed, 1);
    assert!(!report.to_json().contains("rosebud"));
    assert!(report.to_string().contains("INSERT secrets"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_shows_as_waiting() {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = open(config(&database).set(keys::pool::MAX_SIZE, 1_u32)).await;
    let lease = db.pool().acquire().await.unwrap();
    let call = tokio::spawn({
        let db = db.clone();
        async move { db.sql("SELECT 1").fetch_one().await.map(drop) }
    });
    let until_it_waits = async {
        while db.pool_status().waiting == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, until_it_waits).await.unwrap();
    tokio::time::sleep(WAIT).await;
    drop(lease);
    call.await.unwrap().unwrap();
    let report = report(&db);
    let call = slowest(&report);
    assert!(call.waiting >= WAIT.as_secs_f64(), "{call}");
    assert!(
        call.waiting <= call.seconds && call.retrying == 0.0,
        "{call}"
    );
    let statement = report.statements.first().unwrap();
    assert!(statement.times.waiting >= WAIT.as_secs_f64(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_node_shows_by_its_name() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let proxies: Vec<_> = (0..2)
        .map(|_| FaultProxy::start(engine.host(), engine.port()).unwrap())
        .collect();
    let own = format!("{}:{}", engine.host(), engine.port());
    let names: Vec<_> = proxies
        .iter()
        .map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))
        .collect();
    let url = database.url().replace(&own, &names.join(","));
    let db = open(Config::builder().set_text("auth.url", &url)).await;
    // As many calls as idle sessions, which are on both nodes: each call takes one before any is answered.
    let mut leases = Vec::new();
    for _ in 0..SESSIONS {
        leases.push(db.pool().acquire().await.unwrap());
    }
    drop(leases);
    proxies[0].set_link(Direction::ToClient, Link::perfect().delay(WAIT));
    let calls = (0..SESSIONS).map(|_| async { db.sql("SELECT 1").fetch_one().await.map(drop) });
    for call in futures_util::future::join_all(calls).await {
        call.unwrap();
    }
    let report = report(&db);
    let mut slow = report
        .slow
        .iter()
        .filter(|call| call.node.as_ref() == Some(&names[0]))
        .peekable();
    assert!(slow.peek().is_some(), "{report}");
    for call in slow {
        let working = call.seconds - call.waiting - call.retrying;
        assert!(working >= WAIT.as_secs_f64(), "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contended_row_shows_as_retries() {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = open(config(&database).set_text("exec.isolation", "serializable")).await;
    for text in [
        "CREATE TABLE row (value INT8 NOT NULL)",
        "INSERT INTO row VALUES (0)",
    ] {
        db.sql(text).execute().await.unwrap();
    }
    let options = db.transaction_options().name("increment");
    // Each reads before any writes; later attempts do not wait for each other.
    let (all_have_read, reads) = (Barrier::new(CALLERS), AtomicUsize::new(0));
    let transactions = (0..CALLERS).map(|_| {
        db.transact_with(&options, async |tx| {
            tx.sql("SELECT value FROM row").fetch_one().await?;
            if reads.fetch_add(1, Ordering::Relaxed) < CALLERS {
                let waiting = tokio::time::timeout(LONG, all_have_read.wait());
                waiting.await.expect("every transaction reads");
            }
            tx.sql("SELECT pg_sleep(0.1)").fetch_one().await?;
            tx.sql("UPDATE row SET value = value + 1").execute().await?;
            Ok(())
        })
    });
    for transaction in futures_util::future::join_all(transactions).await {
        transaction.unwrap();
    }
    let report = report(&db);
    let all = report.transactions.first().unwrap();
    assert_eq!((all.name.as_str(), all.calls), ("increment", 8));
    assert!(
        all.collisions > 0 && all.collisions == all.retries,
        "{all:?}"
    );
    assert!(all.times.retrying > 0.0);
    let call = slowest(&report);
    assert!(call.is_transaction && call.collisions > 0, "{call}");
    assert!(call.retrying >= 0.1, "{call}");
    let moment = call.at + call.seconds / 2.0;
    assert!(report.slow_between(moment, moment).any(|one| one == call));
    assert_eq!(report.slow_between(0.0, 1.0).count(), 0);

    // The same load is no change; a slower one is.
    assert!(report.compare(&report).worse.is_empty());
    let same = report.compare(&report).to_string();
    assert!(same.starts_with("no statement has become slower"), "{same}");
    db.profile().unwrap().reset();
    assert!(db.profile().unwrap().report().statements.is_empty());
}

/// A database to which every call is slow, and that explains a statement once within this window.
async fn inspected(
    database: &crdb_testkit::Database,
    window: Duration,
    analyze_every: u32,
) -> Database {
    inspected_with(config(database), window, analyze_every).await
}

async fn inspected_with(
    config: crdb_facade::config::ConfigBuilder,
    window: Duration,
    analyze_every: u32,
) -> Database {
    let config = config
        .set(keys::observe::PROFILE, true)
        .set(keys::observe::SLOW_AFTER, Duration::ZERO)
        .set(keys::observe::INSPECT_PLANS, true)
        .set(keys::observe::INSPECT_CONTENTION, true)
        .set(keys::observe::INSPECT_WINDOW, window)
        .set(keys::observe::INSPECT_ANALYZE_EVERY, analyze_every)
        .set(keys::observe::INSPECT_INTERVAL, Duration::from_millis(20))
        .build()
        .unwrap();
    Database::open(config).await.unwrap()
}

/// The statement, once `is_it` holds. Calls it again until then.
async fn until<F: Future<Output = ()>>(
    db: &Database,
    summary: &str,
    is_it: impl Fn(&StatementProfile) -> bool,
    call: impl Fn() -> F,
) -> StatementProfile {
    let calling = async {
        loop {
            call().await;
            let report = report(db);
            let mut all = report.statements.into_iter();
            if let Some(one) = all.find(|one| one.summary == summary && is_it(one)) {
                return one;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(LONG, calling).await {
        Ok(one) => one,
        Err(_) => panic!(
            "{summary} did not come to that: {}",
            db.profile().unwrap().report()
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_statements_are_explained_without_values_and_a_change_is_noticed() {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = inspected(&database, Duration::from_millis(1), 1).await;
    for text in [
        "CREATE TABLE words (id INT8 PRIMARY KEY, word TEXT NOT NULL)",
        "INSERT INTO words SELECT n, 'word' || n FROM generate_series(1, 20000) AS n",
        "ANALYZE words",
    ] {
        db.sql(text).execute().await.unwrap();
    }
    let find = async || {
        let found = db
            .sql("SELECT id FROM words WHERE word = :word AND id <> :id")
            .bind("word", "rosebud4711008154711")
            .bind("id", 4711008154711_i64)
            .fetch_all();
        assert!(found.await.unwrap().is_empty());
    };
    // The values of a call are bound, and it only reads: so it is run for its plan.
    let one = until(&db, "SELECT words", |one| !one.plans.is_empty(), find).await;
    let plan = &one.plans[0];
    assert!(plan.is_analyzed, "{plan}");
    let scan = plan
        .steps
        .iter()
        .find(|step| step.table.as_deref() == Some("words"))
        .unwrap();
    assert!(
        scan.is_full && scan.actual_rows == Some(0.0) && scan.seconds.is_some(),
        "{plan}"
    );
    assert_eq!(plan.read_whole().collect::<Vec<_>>(), ["words"]);
    assert_eq!((one.plan_changes, one.plan_failure.as_deref()), (0, None));

    db.sql("CREATE INDEX words_word ON words (word)")
        .execute()
        .await
        .unwrap();
    db.sql("ANALYZE words").execute().await.unwrap();
    let one = until(&db, "SELECT words", |one| one.plan_changes > 0, find).await;
    let indexes = |plan: &Plan| {
        plan.steps
            .iter()
            .any(|step| step.index.as_deref() == Some("words_word"))
    };
    assert!(
        indexes(&one.plans[0]) && !indexes(&one.plans[1]),
        "{:?}",
        one.plans
    );
    assert_ne!(one.plans[0].shape, one.plans[1].shape);
    let text = db.profile().unwrap().report().to_string();
    assert!(text.contains("its plan has changed"), "{text}");
    let report = report(&db);
    assert!(
        !report.to_json().contains("4711008154711") && !text.contains("4711008154711"),
        "{text}"
    );
    assert_eq!(report.compare(&report).plans_changed, [""; 0]);

    // On a session of its own, under a name of its own.
    let names = db
        .sql("SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE application_name LIKE '%crdb-profile' AND datname = current_database()")
        .fetch_one();
    assert_eq!(names.await.unwrap().get::<i64>(0).unwrap(), 1);
    db.close(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_writes_is_explained_and_not_run() {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = inspected(&database, Duration::from_secs(3600), 1).await;
    db.sql("CREATE TABLE counted (id INT8 PRIMARY KEY, value INT8 NOT NULL)")
        .execute()
        .await
        .unwrap();
    db.sql("INSERT INTO counted VALUES (1, 0)")
        .execute()
        .await
        .unwrap();
    db.sql(
        "CREATE FUNCTION add_one() RETURNS INT8 LANGUAGE sql AS 'UPDATE counted SET value = value + 1 RETURNING value'",
    )
    .execute()
    .await
    .unwrap();
    let calls = AtomicUsize::new(0);
    let update = async || {
        calls.fetch_add(1, Ordering::Relaxed);
        db.sql("UPDATE counted SET value = value + 1 WHERE id = :id")
            .bind("id", 1_i64)
            .execute()
            .await
            .unwrap();
    };
    let one = until(&db, "UPDATE counted", |one| !one.plans.is_empty(), update).await;
    assert!(!one.plans[0].is_analyzed && one.plans[0].steps[0].operation == "Update");
    // A function may write: what calls one is not run either.
    let call = async || {
        calls.fetch_add(1, Ordering::Relaxed);
        db.sql("SELECT add_one() FROM counted")
            .fetch_all()
            .await
            .unwrap();
    };
    let one = until(&db, "SELECT counted", |one| !one.plans.is_empty(), call).await;
    assert!(!one.plans[0].is_analyzed);
    // However often it is called within a window, it is explained once.
    for _ in 0..5 {
        update().await;
    }
    let value = db
        .sql("SELECT value FROM counted")
        .fetch_one()
        .await
        .unwrap();
    let calls = i64::try_from(calls.load(Ordering::Relaxed)).unwrap();
    assert_eq!(
        value.get::<i64>(0).unwrap(),
        calls,
        "an explanation has written"
    );
    let report = report(&db);
    let one = report
        .statements
        .iter()
        .find(|one| one.summary == "UPDATE counted")
        .unwrap();
    assert!(
        (one.plans[0].first - one.plans[0].last).abs() < f64::EPSILON,
        "explained twice in a window"
    );
    db.close(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_said_which_statement_another_one_waited_for() {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = inspected(&database, Duration::from_secs(3600), 0).await;
    db.sql("CREATE TABLE fought (id INT8 PRIMARY KEY, value INT8 NOT NULL)")
        .execute()
        .await
        .unwrap();
    db.sql("INSERT INTO fought VALUES (4711008154711, 0)")
        .execute()
        .await
        .unwrap();
    let (first, second) = (
        Statement::new("UPDATE fought SET value = value + 1 WHERE id = $1").named("fought.first"),
        Statement::new("UPDATE fought SET value = value - 1 WHERE id = 4711008154711")
            .named("fought.second"),
    );
    let (has_lock, waited) = (Barrier::new(2), tokio::sync::Notify::new());
    let options = db.transaction_options();
    let holder = db
        .executor()
        .transact::<_, crdb_facade::exec::Error, _>(&options, async |tx| {
            tx.execute(first, &[&4711008154711_i64]).await?;
            has_lock.wait().await;
            waited.notified().await;
            Ok(())
        });
    let waiter = async {
        has_lock.wait().await;
        db.executor().execute(second, &[]).await.unwrap();
    };
    let seen = async {
        loop {
            if let Some(found) = db.profile().unwrap().report().contention.first() {
                waited.notify_one();
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let (holder, (), seen) =
        tokio::time::timeout(LONG, async { tokio::join!(holder, waiter, seen) })
            .await
            .expect("the inspector saw no wait");
    holder.unwrap();
    assert_eq!(seen.waiting.name.as_deref(), Some("fought.second"));
    assert_eq!(seen.blocking.name.as_deref(), Some("fought.first"));
    assert_eq!(seen.waiting.summary, "UPDATE fought");
    let report = report(&db);
    assert!(!report.to_json().contains("4711008154711"));
    assert!(
        report
            .to_string()
            .contains("fought.second waited for fought.first; seen "),
        "{report}"
    );
    assert_eq!(report.contention_failure, None);
    db.close(LONG).await.unwrap();
}

/// CockroachDB remembers who waited: it is asked in its own words, of tables that have its columns.
#[tokio::test(flavor = "multi_thread")]
async fn cockroachdb_is_asked_who_has_waited() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    // As v25.1 documents them.
    let there = Database::open(config(&database).build().unwrap())
        .await
        .unwrap();
    for text in [
        "CREATE SCHEMA crdb_internal",
        "CREATE TABLE crdb_internal.transaction_contention_events (collection_ts TIMESTAMPTZ NOT NULL, \
         blocking_txn_id UUID, blocking_txn_fingerprint_id BYTEA NOT NULL, waiting_txn_id UUID, \
         waiting_txn_fingerprint_id BYTEA, contention_duration INTERVAL NOT NULL, contending_key BYTEA, \
         contending_pretty_key TEXT, waiting_stmt_id TEXT, waiting_stmt_fingerprint_id BYTEA NOT NULL, \
         database_name TEXT NOT NULL, schema_name TEXT, table_name TEXT NOT NULL, index_name TEXT, contention_type TEXT)",
        "CREATE TABLE crdb_internal.statement_statistics (fingerprint_id BYTEA NOT NULL, metadata JSONB NOT NULL)",
        "CREATE TABLE crdb_internal.transaction_statistics (fingerprint_id BYTEA NOT NULL, metadata JSONB NOT NULL)",
        "INSERT INTO crdb_internal.statement_statistics VALUES \
         ('\\x01', '{\"query\": \"UPDATE fought SET value = _ WHERE id = _\"}'), \
         ('\\xab03', '{\"query\": \"DELETE FROM fought\"}')",
        "INSERT INTO crdb_internal.transaction_statistics VALUES ('\\x02', '{\"stmtFingerprintIDs\": [\"ab03\"]}')",
        "INSERT INTO crdb_internal.transaction_contention_events (collection_ts, blocking_txn_fingerprint_id, \
         contention_duration, waiting_stmt_fingerprint_id, database_name, table_name) VALUES \
         (now(), '\\x02', '250 ms', '\\x01', current_database(), 'fought'), \
         (now(), '\\x02', '50 ms', '\\x01', current_database(), 'fought'), \
         (now(), '\\x02', '9 s', '\\x01', 'another', 'fought'), \
         (now() - INTERVAL '2 days', '\\x02', '9 s', '\\x01', current_database(), 'fought')",
    ] {
        there.sql(text).execute().await.unwrap();
    }
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let node = Node::new(proxy.host(), proxy.port());
    let through = config(&database).set(keys::auth::NODES, [node]);
    let db = inspected_with(through, Duration::from_secs(3600), 0).await;
    // It is asked once a race was lost.
    proxy.inject(Injection::RetryStatement);
    let seen = async {
        loop {
            db.sql("SELECT 1").fetch_one().await.unwrap();
            let report = report(&db);
            assert_eq!(report.contention_failure, None);
            if let Some(found) = report.contention.first() {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(LONG, seen).await.unwrap();
    assert_eq!(seen.waiting.summary, "UPDATE fought");
    assert_eq!(seen.blocking.summary, "DELETE fought");
    assert_eq!((seen.table.as_deref(), seen.seen), (Some("fought"), 2));
    assert!((seen.longest - 0.25).abs() < 1e-6, "{seen:?}");
    db.close(LONG).await.unwrap();
}

#[cfg(feature = "parser")]
#[test]
fn what_the_servers_are_asked_is_their_sql() {
    for text in [
        include_str!("../../../crdb-observe/src/profile/inspect/contention_cockroachdb.sql"),
        include_str!("../../../crdb-observe/src/profile/inspect/contention_postgresql.sql"),
    ] {
        let parsed = crdb_facade::sql::dialect::parse(text);
        assert!(parsed.is_ok(), "{text}: {parsed:?}");
    }
}
