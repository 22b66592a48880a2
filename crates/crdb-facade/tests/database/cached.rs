//! A database behind its cache, on a real engine.

use crdb_facade::cache::CommitToken;
use crdb_facade::config::{Node, keys};
use crdb_facade::exec::{CacheRule, Statement};
use crdb_facade::prelude::*;
use crdb_facade::sql::Repository;
use crdb_testkit::{CockroachVersion, Engine, QuirksOptions, QuirksProxy};
use std::time::Duration;

use super::config;
use super::logged::Log;

/// Answers that are not too old as long as a test runs.
pub(super) const KEPT: CacheRule = CacheRule::new(Duration::from_secs(3_600));

pub(super) const QUERIES: &[(&str, &str)] = &[(
    "items/all.sql",
    "-- name: get :opt\n-- cache: 1h\nSELECT value FROM item WHERE id = :id;\n\n\
     -- name: put :exec\nUPDATE item SET value = :value WHERE id = :id;\n\n\
     -- name: add :one\nINSERT INTO item (id, value) VALUES (:id, :value) RETURNING id;\n\n\
     -- name: all :many\n-- cache: 1h\nSELECT * FROM item ORDER BY id;\n",
)];

pub(super) async fn prepared(config: crdb_facade::config::ConfigBuilder) -> Database {
    let builder = Database::builder(config.build().unwrap());
    let queries = Repository::from_embedded(QUERIES).unwrap();
    let db = builder.repository(queries).open().await.unwrap();
    db.execute(
        "CREATE TABLE item (id INT8 PRIMARY KEY, value INT8 NOT NULL)",
        &[],
    )
    .await
    .unwrap();
    db.execute("INSERT INTO item VALUES (1, 10), (2, 20)", &[])
        .await
        .unwrap();
    db
}

async fn open() -> (crdb_testkit::Database, Database) {
    let database = Engine::shared().await.create_database().await;
    let db = prepared(config(&database)).await;
    (database, db)
}

/// For what only PostgreSQL has.
pub(super) async fn open_postgres() -> (crdb_testkit::Database, Database) {
    let database = Engine::shared_postgres().await.create_database().await;
    let db = prepared(config(&database)).await;
    (database, db)
}

pub(super) async fn value(db: &impl Querier, id: i64) -> i64 {
    let row = db.query("items.get").bind("id", id).fetch_one().await;
    row.unwrap().get("value").unwrap()
}

pub(super) async fn put(db: &impl Querier, id: i64, value: i64) {
    let query = db.query("items.put").bind("id", id).bind("value", value);
    query.execute().await.unwrap();
}

#[tokio::test]
async fn a_handle_sees_what_it_has_written_and_another_what_may_be_old() {
    let (_database, db) = open().await;
    let (writer, reader) = (db.cached(), db.cached());
    assert_eq!((value(&writer, 1).await, value(&writer, 2).await), (10, 20));
    // The second run, which came from memory, says the same in every form.
    assert_eq!(value(&reader, 1).await, 10);
    put(&db, 1, 11).await;
    assert_eq!(value(&reader, 1).await, 10, "it may be old");
    put(&writer, 1, 12).await;
    assert_eq!(value(&writer, 1).await, 12);
    let by_transaction = writer.transact(async |tx| {
        put(tx, 2, 21).await;
        Ok(())
    });
    by_transaction.await.unwrap();
    assert_eq!(value(&writer, 2).await, 21);
    let added = writer
        .query("items.add")
        .bind("id", 3_i64)
        .bind("value", 30_i64);
    added.fetch_one().await.unwrap();
    let all = writer.query("items.all").fetch_all().await.unwrap();
    assert_eq!(all.len(), 3);
    let other = db.cached();
    other.read_after(writer.token());
    assert_eq!(value(&other, 2).await, 21);
    assert_ne!(other.token(), CommitToken::default());
}

#[tokio::test]
async fn a_transaction_reads_from_memory_where_it_is_asked_and_has_changed_nothing() {
    let set_local = "BEGIN; SET LOCAL search_path = other; COMMIT";
    let engine = Engine::shared().await;
    engine.require("SET LOCAL", set_local).await;
    let (_database, db) = open().await;
    let request = db.cached();
    assert_eq!(value(&request, 1).await, 10);
    put(&db, 1, 11).await;
    let seen = request.transact(async |tx| {
        let memory = request.within(tx);
        let asked = (value(&memory, 1).await, value(&memory, 1).await);
        let in_it = value(tx, 1).await;
        // Of this, nothing is kept.
        let new = value(&memory, 2).await;
        let undone = tx.savepoint(async |tx| {
            put(tx, 1, 12).await;
            Ok::<_, Error>(value(&request.within(tx), 1).await)
        });
        let undone = undone.await?;
        put(&memory, 1, 13).await;
        Ok((asked, in_it, new, undone, value(&memory, 1).await))
    });
    assert_eq!(seen.await.unwrap(), ((10, 10), 11, 20, 12, 13));
    assert_eq!(value(&request, 1).await, 13);
    let text = db.metrics().render();
    let hits = "crdb_cache_answers_total{query=\"items.get\",by=\"hit\"} 2";
    assert!(text.contains(hits), "{text}");

    // One that does not note what it changes is not believed.
    let silent = db.transact(async |tx| Ok::<_, Error>(value(&request.within(tx), 1).await));
    put(&db, 1, 14).await;
    assert_eq!(silent.await.unwrap(), 14);
    // What it sets counts as well: another search path is another table.
    for ddl in [
        "CREATE SCHEMA other",
        "CREATE TABLE other.item (id INT8 PRIMARY KEY, value INT8 NOT NULL)",
        "INSERT INTO other.item VALUES (1, 77)",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    let set = request.transact(async |tx| {
        tx.execute("SET LOCAL search_path = other", &[]).await?;
        Ok(value(&request.within(tx), 1).await)
    });
    assert_eq!(set.await.unwrap(), 77);
}

#[tokio::test]
async fn an_altered_table_is_read_as_it_is_at_the_next_load() {
    let (_database, db) = open().await;
    let reads = db.cached();
    let columns = async || {
        let rows = reads.query("items.all").fetch_all().await.unwrap();
        rows[0].len()
    };
    assert_eq!(columns().await, 2);
    db.execute("ALTER TABLE item ADD COLUMN note TEXT", &[])
        .await
        .unwrap();
    assert_eq!(columns().await, 2, "from memory");
    db.cache().invalidate("item");
    assert_eq!(columns().await, 3);
}

/// Runs a statement twice through a handle, the second time after `change`, and says whether the second answer came from memory.
pub(super) async fn is_kept(db: &Database, text: &str, change: &str) -> Result<bool, String> {
    let reads = db.cached();
    let statement = Statement::new(text).cached(KEPT);
    let fetch = async || -> String {
        let rows = reads.fetch_all(statement, &[]).await.unwrap();
        let value = |row: &crdb_facade::cache::CachedRow<_>| Row::value(row, 0).map(<[u8]>::to_vec);
        format!("{:?}", rows.iter().map(value).collect::<Vec<_>>())
    };
    let before = fetch().await;
    db.execute(change, &[]).await.unwrap();
    let kept = fetch().await == before;
    match reads.refusal_of(&statement) {
        Some(why) => Err(why),
        None => Ok(kept),
    }
}

const CHANGE: &str = "UPDATE item SET value = value + 1";

#[tokio::test]
async fn views_and_policies_are_followed_to_their_tables() {
    let (_database, db) = open().await;
    for ddl in [
        "CREATE VIEW sums AS SELECT sum(value) AS total FROM item",
        "CREATE VIEW doubled AS SELECT total * 2 AS total FROM sums",
        "CREATE VIEW timely AS SELECT value, now() AS at FROM item",
        "CREATE VIEW on_timely AS SELECT value FROM timely",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    assert_eq!(
        is_kept(&db, "SELECT total FROM doubled", CHANGE).await,
        Ok(true)
    );
    db.cache().invalidate("item");
    assert_eq!(
        is_kept(&db, "SELECT total FROM doubled WHERE true", "SELECT 1").await,
        Ok(true)
    );
    let refused = is_kept(&db, "SELECT value FROM on_timely", CHANGE).await;
    let why = refused.unwrap_err();
    assert!(
        why.contains("the view public.timely") && why.contains("now()"),
        "{why}"
    );
}

#[tokio::test]
async fn row_policies_are_followed_to_what_they_read() {
    let (_database, db) = open_postgres().await;
    for ddl in [
        "CREATE VIEW sums AS SELECT sum(value) AS total FROM item",
        "CREATE TABLE own (value INT8, owner TEXT)",
        "ALTER TABLE own ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY of_user ON own USING (owner = CURRENT_USER AND EXISTS (SELECT 1 FROM sums))",
        "CREATE TABLE tenants (value INT8, tenant TEXT)",
        "ALTER TABLE tenants ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY of_tenant ON tenants USING (tenant = current_setting('app.tenant', true))",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    let insert = "INSERT INTO own VALUES (1, CURRENT_USER)";
    assert_eq!(
        is_kept(&db, "SELECT value FROM own", insert).await,
        Ok(true)
    );
    let why = is_kept(&db, "SELECT value FROM tenants", CHANGE)
        .await
        .unwrap_err();
    assert!(
        why.contains("a row policy of tenants") && why.contains("current_setting"),
        "{why}"
    );
}

#[tokio::test]
async fn what_the_catalog_shows_to_depend_on_more_is_refused() {
    let (_database, db) = open_postgres().await;
    for ddl in [
        "CREATE SEQUENCE numbers",
        "CREATE MATERIALIZED VIEW refreshed AS SELECT value FROM item",
        "CREATE FUNCTION lower(INT8) RETURNS TEXT LANGUAGE sql AS 'SELECT random()::TEXT'",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    assert_eq!(
        is_kept(
            &db,
            "SELECT value FROM refreshed",
            "REFRESH MATERIALIZED VIEW refreshed"
        )
        .await,
        Ok(true)
    );
    for (text, reason) in [
        ("SELECT last_value FROM numbers", "a sequence"),
        ("SELECT count(*) FROM pg_class", "state of the server"),
        (
            "SELECT lower(value) FROM item",
            "a function of that name of its own",
        ),
        (
            "SELECT value FROM item WHERE value > 5 AND xmin IS NOT NULL AND random() < 2",
            "random()",
        ),
    ] {
        let why = is_kept(&db, text, CHANGE).await.unwrap_err();
        assert!(why.contains(reason), "{text}: {why}");
    }
}

#[tokio::test]
async fn sessions_with_another_search_path_are_given_nothing_of_those_before() {
    let (database, db) = open_postgres().await;
    for ddl in [
        "CREATE SCHEMA other",
        "CREATE TABLE other.item (id INT8 PRIMARY KEY, value INT8 NOT NULL)",
        "INSERT INTO other.item VALUES (1, 77), (2, 78)",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    let reads = db.cached();
    assert_eq!(value(&reads, 1).await, 10);
    let name = database.name();
    db.execute(
        &format!("ALTER DATABASE \"{name}\" SET search_path = other, public"),
        &[],
    )
    .await
    .unwrap();
    // New sessions have it: those of the pool are ended by another one.
    let outside = Database::open(config(&database).build().unwrap())
        .await
        .unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    outside.fetch_all(end, &[]).await.unwrap();
    db.cache().invalidate_all();
    assert_eq!(value(&reads, 2).await, 78);
    assert_eq!(
        value(&reads, 1).await,
        77,
        "not what the sessions before were given"
    );
}

#[tokio::test]
async fn a_server_that_answers_as_cockroachdb_is_read_at_its_own_time() {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let database = engine.create_database().await;
    let node = Node::new(proxy.host(), proxy.port());
    let db = prepared(config(&database).set(keys::auth::NODES, [node])).await;
    let reads = db.cached();
    assert_eq!(value(&reads, 1).await, 10);
    put(&db, 1, 11).await;
    assert_eq!(value(&reads, 1).await, 10, "from memory");
    put(&reads, 1, 12).await;
    assert_eq!(value(&reads, 1).await, 12);
}

#[tokio::test]
async fn a_token_is_carried_to_another_process_by_the_time_of_the_commit() {
    let engine = Engine::shared_postgres().await;
    // The first release that is imitated and shows a commit's time.
    let since = QuirksOptions::default().version(CockroachVersion::V23_1);
    let proxy = QuirksProxy::start(engine, since).await.unwrap();
    for imitated in [false, true] {
        let database = engine.create_database().await;
        let through = |config: crdb_facade::config::ConfigBuilder| {
            let node = Node::new(proxy.host(), proxy.port());
            if imitated {
                config.set(keys::auth::NODES, [node])
            } else {
                config
            }
        };
        let here = prepared(through(config(&database))).await;
        let queries = Repository::from_embedded(QUERIES).unwrap();
        let there = Database::builder(through(config(&database)).build().unwrap());
        let there = there.repository(queries).open().await.unwrap().cached();
        assert_eq!(value(&there, 1).await, 10);
        let writer = here.cached();
        let written = writer.transact_with_time(async |tx| {
            put(tx, 1, 11).await;
            Ok(())
        });
        written.await.unwrap();
        let carried = writer.token().timestamp().unwrap().to_string();
        assert_eq!(value(&there, 1).await, 10, "without the token");
        there.read_after(CommitToken::at(carried.parse().unwrap()));
        assert_eq!(value(&there, 1).await, 11);
        // A write whose time was not asked for cannot be carried.
        put(&writer, 1, 12).await;
        assert_eq!(writer.token().timestamp(), None);
    }
}

#[cfg(feature = "data")]
#[tokio::test]
async fn a_changefeed_keeps_answers_until_something_changes() {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let database = engine.create_database().await;
    let node = Node::new(proxy.host(), proxy.port());
    let db = prepared(config(&database).set(keys::auth::NODES, [node])).await;
    let following = db.follow_changes(["item"]).await.unwrap().unwrap();
    let hang = Duration::from_secs(60);
    let live = async {
        while !following.is_live() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(hang, live).await.unwrap();
    let reads = db.cached();
    assert_eq!(value(&reads, 1).await, 10);
    put(&db, 1, 11).await;
    let told = async {
        while value(&reads, 1).await == 10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(hang, told).await.unwrap();
    assert_eq!(value(&reads, 1).await, 11);

    // A cascade of a foreign key is a change of the rows that it changes.
    for ddl in [
        "CREATE TABLE part (id INT8 PRIMARY KEY, item INT8 REFERENCES item ON DELETE CASCADE)",
        "INSERT INTO part VALUES (1, 2)",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    let of_parts = db.follow_changes(["part"]).await.unwrap().unwrap();
    let live = async {
        while !of_parts.is_live() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(hang, live).await.unwrap();
    let parts = async || {
        let statement = Statement::new("SELECT id FROM part").cached(KEPT);
        reads.fetch_all(statement, &[]).await.unwrap().len()
    };
    assert_eq!(parts().await, 1);
    db.execute("DELETE FROM item WHERE id = 2", &[])
        .await
        .unwrap();
    let told = async {
        while parts().await == 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(hang, told).await.unwrap();
    let plain = open_postgres().await.1;
    assert!(plain.follow_changes(["item"]).await.unwrap().is_none());
}

#[tokio::test]
async fn answers_are_counted() {
    let (_database, db) = open().await;
    let cached = db.cached();
    for _ in 0..3 {
        assert_eq!(value(&cached, 1).await, 10);
    }
    let text = db.metrics().render();
    for line in [
        "crdb_cache_answers_total{query=\"items.get\",by=\"load\"} 1",
        "crdb_cache_answers_total{query=\"items.get\",by=\"hit\"} 2",
        "crdb_cache_misses_total{reason=\"absent\"} 1",
        "crdb_cache_load_seconds_count{outcome=\"kept\"} 1",
        "crdb_cache_age_seconds_count 2",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}

#[tokio::test]
async fn a_load_is_a_span_of_the_call_that_began_it_and_a_hit_an_event() {
    let (_database, db) = open_postgres().await;
    let cached = db.cached();
    // The statement is known: what follows is loaded in a task of its own.
    value(&cached, 2).await;
    let log = Log::start();
    let request = tracing::info_span!("request");
    let calls = async {
        value(&cached, 1).await;
        value(&cached, 1).await;
    };
    tracing::Instrument::instrument(calls, request).await;
    // The load's task ends behind its answer.
    let closed = async {
        while !log.text().contains("crdb::cache: close") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), closed)
        .await
        .expect("no load has closed its span");
    let text = log.text();
    let has = |parts: &[&str]| {
        let line = text
            .lines()
            .find(|line| parts.iter().all(|part| line.contains(part)));
        assert!(line.is_some(), "no {parts:?} in\n{text}");
    };
    has(&[
        "request:load{",
        "items.get",
        "outcome=\"kept\"",
        "crdb::cache: close",
    ]);
    has(&[
        "request:load{",
        ":transaction{",
        ":statement{",
        "crdb_cache.relations",
    ]);
    has(&[
        "request: crdb::cache: answered",
        "by=\"load\"",
        "miss=\"absent\"",
        "items.get",
    ]);
    has(&["request: crdb::cache: answered", "by=\"hit\"", "age="]);
}
