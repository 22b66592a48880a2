//! Answers that must not be given to others, or again: as one tries who wants them all the same.

use std::sync::{Arc, Mutex};

use crdb_facade::config::{Node, keys};
use crdb_facade::exec::{ExecutorExt as _, SessionSettings, Statement};
use crdb_facade::prelude::*;
use crdb_facade::sql::Repository;
use crdb_testkit::{Engine, QuirksOptions, QuirksProxy};

use super::cached::{KEPT, QUERIES, is_kept, open_postgres, prepared, value};
use super::config;

const WHO: Statement<'static> =
    Statement::new("SELECT CURRENT_USER::TEXT, value FROM item WHERE id = 1").cached(KEPT);

/// Makes roles that the test may take on, with a name of their own: roles belong to the server.
async fn roles(database: &crdb_testkit::Database, db: &Database, names: &[&str]) -> Vec<String> {
    let names: Vec<_> = names
        .iter()
        .map(|name| format!("{}_{name}", database.name()))
        .collect();
    for name in &names {
        for ddl in [
            format!("CREATE ROLE {name}"),
            format!("GRANT SELECT ON item TO {name}"),
        ] {
            db.execute(&ddl, &[]).await.unwrap();
        }
    }
    names
}

async fn drop_roles(db: &Database, names: &[String]) {
    for name in names {
        for ddl in [
            format!("REVOKE ALL ON item FROM {name}"),
            format!("DROP ROLE {name}"),
        ] {
            db.execute(&ddl, &[]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_set_in_a_block_of_work_is_seen_by_what_follows_in_it() {
    let (database, db) = open_postgres().await;
    let roles = roles(&database, &db, &["one", "two"]).await;
    let session = db
        .executor()
        .session(&SessionSettings::new())
        .await
        .unwrap();
    let cached = db.cache().over((*session).clone());
    let who = async || -> (String, i64) {
        let row = cached.fetch_one(WHO, &[]).await.unwrap();
        (row.get(0).unwrap(), row.get(1).unwrap())
    };
    who().await;
    for role in &roles {
        session
            .execute(&format!("SET ROLE {role}"), &[])
            .await
            .unwrap();
        assert_eq!(who().await, (role.clone(), 10));
    }
    session.execute("SET ROLE none", &[]).await.unwrap();
    // A temporary table of the session stands before the one that others see.
    for text in [
        "CREATE TEMPORARY TABLE item AS SELECT 1::INT8 AS id, 5::INT8 AS value",
        "SET search_path = pg_temp, public",
    ] {
        session.execute(text, &[]).await.unwrap();
        assert_eq!(who().await.1, 5, "{text}");
    }
    session
        .execute("DROP TABLE pg_temp.item", &[])
        .await
        .unwrap();
    assert_eq!(who().await.1, 10);
    assert!(cached.refusal(&WHO).unwrap().contains("from call to call"));
    drop(cached);
    session.end().await.unwrap();
    drop_roles(&db, &roles).await;
}

#[tokio::test]
async fn a_hook_that_sets_each_session_for_its_borrower_keeps_answers_apart() {
    let (database, first) = open_postgres().await;
    let roles = roles(&database, &first, &["red", "blue"]).await;
    let tenant = Arc::new(Mutex::new(roles[0].clone()));
    let hook = Arc::clone(&tenant);
    let db = Database::builder(config(&database).build().unwrap())
        .repository(Repository::from_embedded(QUERIES).unwrap())
        .configure_pool(move |pool| {
            pool.before_acquire(move |session, _| {
                let set = format!("SET ROLE {}", hook.lock().unwrap());
                Box::pin(async move {
                    session.wire().simple(&set).await?;
                    Ok(())
                })
            })
        })
        .open()
        .await
        .unwrap();
    let reads = db.cached();
    for role in roles.iter().chain(&roles) {
        tenant.lock().unwrap().clone_from(role);
        let row = reads.fetch_one(WHO, &[]).await.unwrap();
        assert_eq!(&row.get::<String>(0).unwrap(), role);
    }
    assert!(reads.refusal_of(&WHO).unwrap().contains("hook"));
    drop_roles(&first, &roles).await;
}

#[tokio::test]
async fn a_statement_with_a_rule_that_writes_is_a_write() {
    let (_database, db) = open_postgres().await;
    db.execute(
        "CREATE FUNCTION bump() RETURNS INT8 LANGUAGE sql AS 'UPDATE item SET value = value + 1 RETURNING value'",
        &[],
    )
    .await
    .unwrap();
    let reads = db.cached();
    assert_eq!(value(&reads, 1).await, 10);
    for (text, after) in [
        (
            "UPDATE item SET value = 30 WHERE id = 1 RETURNING value",
            30,
        ),
        (
            "WITH w AS (UPDATE item SET value = 40 RETURNING value) SELECT value FROM w",
            40,
        ),
        ("SELECT bump() FROM item WHERE id = 1", 41),
    ] {
        reads
            .fetch_all(Statement::new(text).cached(KEPT), &[])
            .await
            .unwrap();
        assert_eq!(value(&reads, 1).await, after, "{text}");
    }
}

#[tokio::test]
async fn functions_operators_and_casts_that_do_not_look_like_it_are_refused() {
    let change = "UPDATE item SET value = value + 1";
    for (ddl, text, reason) in [
        (
            &[
                "CREATE FUNCTION noise(item) RETURNS FLOAT8 VOLATILE LANGUAGE sql AS 'SELECT random()'",
            ][..],
            "SELECT i.noise FROM item AS i",
            "noise behind a dot",
        ),
        (
            &[
                "CREATE FUNCTION noise(item) RETURNS FLOAT8 VOLATILE LANGUAGE sql AS 'SELECT random()'",
                "CREATE VIEW noisy AS SELECT noise(i) AS noise FROM item AS i",
            ],
            "SELECT n.noise FROM noisy AS n",
            "noise()",
        ),
        (
            &[
                "CREATE FUNCTION add(INT8, TEXT) RETURNS FLOAT8 VOLATILE LANGUAGE sql AS 'SELECT random()'",
                "CREATE OPERATOR + (LEFTARG = INT8, RIGHTARG = TEXT, FUNCTION = add)",
            ],
            "SELECT value + 'a'::TEXT FROM item",
            "an operator + of its own",
        ),
        (
            &[
                "CREATE FUNCTION cast_it(INT8) RETURNS BYTEA VOLATILE LANGUAGE sql AS 'SELECT sha256(random()::TEXT::BYTEA)'",
                "CREATE CAST (INT8 AS BYTEA) WITH FUNCTION cast_it(INT8)",
            ],
            "SELECT value::BYTEA FROM item",
            "a cast of its own",
        ),
        (
            &[
                "CREATE TABLE own (value INT8)",
                "ALTER TABLE own ENABLE ROW LEVEL SECURITY",
                "CREATE FUNCTION allowed(own) RETURNS BOOL VOLATILE LANGUAGE sql AS 'SELECT random() < 2'",
                "CREATE POLICY odd ON own USING (own.allowed)",
            ],
            "SELECT value FROM own",
            "allowed",
        ),
    ] {
        let (_database, db) = open_postgres().await;
        for ddl in ddl.iter().copied() {
            db.execute(ddl, &[]).await.unwrap();
        }
        let why = is_kept(&db, text, change).await.expect_err(text);
        assert!(why.contains(reason), "{text}: {why}");
    }
}

#[tokio::test]
async fn a_table_is_read_with_its_partitions_and_heirs() {
    let (_database, db) = open_postgres().await;
    for ddl in [
        "CREATE TABLE part (id INT8, value INT8) PARTITION BY LIST (id)",
        "CREATE TABLE part_one PARTITION OF part FOR VALUES IN (1) PARTITION BY LIST (value)",
        "CREATE TABLE part_deep PARTITION OF part_one DEFAULT",
        "CREATE TABLE heir () INHERITS (item)",
        "CREATE TABLE far (id INT8, value INT8) PARTITION BY LIST (id)",
        "CREATE TABLE far_one PARTITION OF far FOR VALUES IN (1)",
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere",
        "CREATE FOREIGN TABLE far_two PARTITION OF far FOR VALUES IN (2) SERVER elsewhere",
        "INSERT INTO part VALUES (1, 10)",
        "INSERT INTO heir VALUES (3, 30)",
    ] {
        db.execute(ddl, &[]).await.unwrap();
    }
    let reads = db.cached();
    for (text, table) in [
        ("SELECT sum(value)::INT8 FROM part", "part_deep"),
        ("SELECT sum(value)::INT8 FROM item", "public.heir"),
    ] {
        let statement = Statement::new(text).cached(KEPT);
        let sum = async || -> i64 {
            reads
                .fetch_one(statement, &[])
                .await
                .unwrap()
                .get(0)
                .unwrap()
        };
        let before = sum().await;
        db.execute(&format!("UPDATE {table} SET value = value + 1"), &[])
            .await
            .unwrap();
        assert_eq!(sum().await, before, "from memory");
        db.cache().invalidate(table);
        assert_eq!(sum().await, before + 1, "{text}");
    }
    // Only the part that is here is read, and the other may be the next time.
    let why = is_kept(&db, "SELECT value FROM far WHERE id = 1", "SELECT 1")
        .await
        .unwrap_err();
    assert!(why.contains("public.far_two"), "{why}");
}

#[tokio::test]
async fn sessions_with_any_other_setting_are_given_nothing_of_those_before() {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    for imitated in [false, true] {
        let database = engine.create_database().await;
        let through = || match imitated {
            false => config(&database),
            true => {
                config(&database).set(keys::auth::NODES, [Node::new(proxy.host(), proxy.port())])
            }
        };
        let db = prepared(through()).await;
        let reads = db.cached();
        assert_eq!(value(&reads, 1).await, 10);
        db.execute("UPDATE item SET value = 11 WHERE id = 1", &[])
            .await
            .unwrap();
        // One that no list of settings would name.
        let name = database.name();
        for text in [
            format!("ALTER DATABASE \"{name}\" SET constraint_exclusion = on"),
            format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        ] {
            engine.execute(&text).await.unwrap();
        }
        assert_eq!(value(&reads, 1).await, 10, "it is noticed by the next load");
        assert_eq!(value(&reads, 2).await, 20);
        assert_eq!(value(&reads, 1).await, 11, "imitated: {imitated}");
    }
}
