//! Session settings that only CockroachDB has.

use crdb_testkit::{CockroachVersion, Login, QuirksOptions};

use crate::raw::{Raw, proxy, query, run, session, sync};

#[tokio::test]
async fn settings_are_set_shown_and_reset() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for (name, default) in [
        ("autocommit_before_ddl", "on"),
        ("enable_implicit_transaction_for_batch_statements", "on"),
        ("multiple_active_portals_enabled", "off"),
        ("inject_retry_errors_enabled", "off"),
        ("inject_retry_errors_on_commit_enabled", "off"),
        ("allow_unsafe_internals", "off"),
        ("create_table_with_schema_locked", "on"),
        ("kv_transaction_buffered_writes_enabled", "on"),
    ] {
        let other = if default == "on" { "off" } else { "on" };
        let shown = |value: &str| {
            vec![
                format!("RowDescription {name}:25"),
                format!("DataRow {value}"),
                "CommandComplete 'SHOW'".to_owned(),
                "ReadyForQuery I".to_owned(),
            ]
        };
        let show = format!("SHOW {name}");
        assert_eq!(raw.query(&show).await, shown(default));
        assert_eq!(
            raw.query(&format!("SET {name} = {other}")).await,
            ["CommandComplete 'SET'", "ReadyForQuery I"]
        );
        assert_eq!(raw.query(&show).await, shown(other));
        raw.query(&format!("RESET {name}")).await;
        assert_eq!(raw.query(&show).await, shown(default));
        raw.exchange(&[run(&format!("SET SESSION {name} TO '{other}'")), sync()].concat())
            .await;
        assert_eq!(raw.query(&show).await, shown(other));
        raw.query("DISCARD ALL").await;
        assert_eq!(raw.query(&show).await, shown(default));
        // For one transaction only.
        raw.query("BEGIN").await;
        raw.query(&format!("SET LOCAL {name} = {other}")).await;
        assert_eq!(raw.query(&show).await[1], format!("DataRow {other}"));
        raw.query("COMMIT").await;
        assert_eq!(raw.query(&show).await, shown(default));
        // A rollback takes it back.
        raw.query("BEGIN").await;
        raw.query(&format!("SET {name} = {other}")).await;
        raw.query("ROLLBACK").await;
        assert_eq!(raw.query(&show).await, shown(default));
        assert_eq!(
            raw.query(&format!("SET {name} = maybe")).await[0],
            format!("ErrorResponse ERROR 22023 'parameter \"{name}\" requires a Boolean value'")
        );
    }
}

#[tokio::test]
async fn a_release_does_not_know_later_settings() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_2)).await;
    for name in ["autocommit_before_ddl", "multiple_active_portals_enabled"] {
        for sql in [format!("SET {name} = on"), format!("SHOW {name}")] {
            let answer = raw.query(&sql).await;
            assert!(
                answer[0]
                    .starts_with("ErrorResponse ERROR 42704 'unrecognized configuration parameter"),
                "{answer:?}"
            );
        }
    }
    assert_eq!(
        raw.query("SHOW inject_retry_errors_enabled").await[1],
        "DataRow off"
    );
}

#[tokio::test]
async fn settings_can_be_given_when_the_session_begins() {
    let (proxy, database) = proxy(QuirksOptions::default()).await;
    for (name, value) in [
        ("autocommit_before_ddl", "off"),
        ("options", "-c autocommit_before_ddl=off"),
        ("options", "-cautocommit_before_ddl=false"),
    ] {
        let mut raw = Raw::connect_with(
            proxy.port(),
            &[
                ("user", Login::Trust.user()),
                ("database", database.name()),
                (name, value),
            ],
        )
        .await
        .unwrap();
        assert_eq!(
            raw.query("SHOW autocommit_before_ddl").await[1],
            "DataRow off"
        );
        raw.query("BEGIN").await;
        assert_eq!(
            raw.query("CREATE TABLE u (id INT8)").await,
            ["CommandComplete 'CREATE TABLE'", "ReadyForQuery T"]
        );
        raw.query("ROLLBACK").await;
    }
}

#[tokio::test]
async fn autocommit_before_ddl_can_be_off_for_one_transaction() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("BEGIN; SET LOCAL autocommit_before_ddl = off")
        .await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    assert_eq!(
        raw.query("CREATE TABLE u (id INT8)").await,
        ["CommandComplete 'CREATE TABLE'", "ReadyForQuery T"]
    );
    assert_eq!(
        raw.query("ROLLBACK").await,
        ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
    );
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 0");
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("CREATE TABLE u (id INT8)").await.last().unwrap(),
        "ReadyForQuery I"
    );
}

#[tokio::test]
async fn isolation_levels_are_raised_where_they_are_not_there() {
    for (version, committed) in [
        (CockroachVersion::V23_1, "serializable"),
        (CockroachVersion::V24_1, "read committed"),
        (CockroachVersion::V26_2, "read committed"),
    ] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        for (level, actual) in [
            ("READ COMMITTED", committed),
            ("REPEATABLE READ", "serializable"),
            ("SERIALIZABLE", "serializable"),
        ] {
            let begin = format!("BEGIN ISOLATION LEVEL {level}");
            for ask in [query(&begin), [run(&begin), sync()].concat()] {
                raw.exchange(&ask).await;
                assert_eq!(
                    raw.query("SHOW transaction_isolation").await[1],
                    format!("DataRow {actual}"),
                    "{version} {level}"
                );
                raw.query("ROLLBACK").await;
            }
        }
    }
}

#[tokio::test]
async fn retry_errors_can_be_asked_for() {
    for version in [CockroachVersion::V22_2, CockroachVersion::V26_2] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        raw.query("SET inject_retry_errors_enabled = on").await;
        // A statement of its own is retried by the server.
        assert_eq!(raw.query("SELECT 1").await.len(), 4);
        let failed = "ErrorResponse ERROR 40001 'restart transaction: TransactionRetryWithProtoRefreshError: injected by \
                      `inject_retry_errors_enabled` session variable'";
        for ask in [query("SELECT 1"), [run("SELECT 1"), sync()].concat()] {
            raw.query("BEGIN").await;
            assert_eq!(
                raw.query("SET statement_timeout = 0").await[0],
                "CommandComplete 'SET'"
            );
            let answer = raw.exchange(&ask).await;
            let [.., error, ready] = answer.as_slice() else {
                panic!("{answer:?}")
            };
            assert!(error.starts_with(failed), "{answer:?}");
            assert_eq!(ready, "ReadyForQuery E");
            raw.query("ROLLBACK").await;
        }
        // By its savepoint, a transaction gets through after three.
        raw.query("BEGIN; SAVEPOINT cockroach_restart").await;
        for _ in 0..3 {
            assert!(raw.query("SELECT 1").await[0].starts_with(failed));
            raw.query("ROLLBACK TO SAVEPOINT cockroach_restart").await;
        }
        assert_eq!(raw.query("SELECT 1").await.len(), 4);
        raw.query("RELEASE SAVEPOINT cockroach_restart").await;
        assert_eq!(raw.query("COMMIT").await[0], "CommandComplete 'COMMIT'");
        raw.query("SET inject_retry_errors_enabled = off").await;
        raw.query("BEGIN").await;
        assert_eq!(raw.query("SELECT 1").await.len(), 4);
    }
}

#[tokio::test]
async fn retry_errors_can_be_asked_for_at_commit() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("SET inject_retry_errors_on_commit_enabled = on")
        .await;
    for ask in [query("COMMIT"), [run("COMMIT"), sync()].concat()] {
        raw.query("BEGIN").await;
        raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
        let answer = raw.exchange(&ask).await;
        let [.., error, ready] = answer.as_slice() else {
            panic!("{answer:?}")
        };
        assert!(
            error.contains("40001 'restart transaction: TransactionRetryWithProtoRefreshError: injected by `inject_retry_errors_on_commit_enabled`"),
            "{answer:?}"
        );
        assert_eq!(ready, "ReadyForQuery I");
    }
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 0");
    raw.query("RESET inject_retry_errors_on_commit_enabled")
        .await;
    raw.query("BEGIN; INSERT INTO tr VALUES (1, 1, 'a')").await;
    assert_eq!(
        raw.query("COMMIT").await,
        ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn a_schema_change_below_serializable_is_raised_and_alone() {
    let raised = "NoticeResponse NOTICE 00000 'setting transaction isolation level to SERIALIZABLE due to schema change'";
    let refused = "ErrorResponse ERROR 0A000 'multi-statement transaction involving a schema change needs to be SERIALIZABLE'";
    for version in [CockroachVersion::V24_1, CockroachVersion::V26_2] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        raw.query("SET autocommit_before_ddl = off").await;
        raw.query("SET default_transaction_isolation = 'read committed'")
            .await;
        let created = "CommandComplete 'CREATE TABLE'";
        assert_eq!(
            raw.query("CREATE TABLE a (i INT8)").await,
            [raised, created, "ReadyForQuery I"]
        );
        let two = "CREATE TABLE b (i INT8); CREATE TABLE c (i INT8)";
        let answer = raw.query(two).await;
        assert_eq!(answer, [raised, created, refused, "ReadyForQuery I"]);
        raw.query("BEGIN").await;
        raw.query("SELECT 1").await;
        let late = raw.query("CREATE TABLE b (i INT8)").await;
        assert_eq!(late, [refused, "ReadyForQuery E"]);
        raw.query("ROLLBACK").await;
        raw.query("BEGIN ISOLATION LEVEL SERIALIZABLE").await;
        raw.query("SELECT 1").await;
        let here = raw.query("CREATE TABLE b (i INT8)").await;
        assert_eq!(here, [created, "ReadyForQuery T"]);
        raw.query("ROLLBACK").await;
        let clock = raw.query("SELECT cluster_logical_timestamp()").await;
        assert!(
            clock[0].starts_with("ErrorResponse ERROR 0A000"),
            "{clock:?}"
        );
    }
    let old = QuirksOptions::default().version(CockroachVersion::V23_1);
    let (_proxy, _database, mut raw) = session(old).await;
    raw.query("SET default_transaction_isolation = 'read committed'")
        .await;
    let answer = raw.query("CREATE TABLE a (i INT8)").await;
    assert_eq!(
        answer,
        ["CommandComplete 'CREATE TABLE'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn settings_of_the_cluster_are_taken_and_do_nothing() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let set = "SET CLUSTER SETTING kv.rangefeed.enabled = true";
    let done = ["CommandComplete 'SET CLUSTER SETTING'", "ReadyForQuery I"];
    assert_eq!(raw.query(set).await, done);
    let answer = raw.exchange(&[run(set), sync()].concat()).await;
    assert_eq!(answer[answer.len() - 2..], done);
}
