//! Statements that PostgreSQL runs and CockroachDB does not.

use crdb_testkit::{CockroachVersion, Engine, Login, QuirksOptions};

use crate::raw::{Raw, parse, run, session, sync};

#[tokio::test]
async fn what_is_no_syntax_there_is_refused_with_its_place() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    assert_eq!(
        raw.query("LISTEN a").await,
        [
            "ErrorResponse ERROR 42601 'at or near \"listen\": syntax error' detail=\"source SQL:\\nLISTEN a\\n^\"",
            "ReadyForQuery I"
        ]
    );
    for sql in ["NOTIFY a", "LOCK TABLE tr", "VACUUM", "SELECT 1; LISTEN a"] {
        let answer = raw.query(sql).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42601"),
            "{sql}: {answer:?}"
        );
        assert_eq!(answer.len(), 2, "{sql}");
        let answer = raw.exchange(&[parse("", sql), sync()].concat()).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42601"),
            "{sql}: {answer:?}"
        );
    }
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("LOCK TABLE tr").await.last().unwrap(),
        "ReadyForQuery E"
    );
}

#[tokio::test]
async fn set_local_can_be_unknown_and_then_nothing_of_its_text_runs() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default().set_local(false)).await;
    assert_eq!(
        raw.query("BEGIN; SET LOCAL statement_timeout = 100").await,
        [
            "ErrorResponse ERROR 0A000 'at or near \"statement_timeout\": syntax error: unimplemented: this syntax' \
             detail=\"source SQL:\\nBEGIN; SET LOCAL statement_timeout = 100\\n                 ^\" \
             hint=\"You have attempted to use a feature that is not yet implemented.\\nSee: \
             https://go.crdb.dev/issue/32562\"",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn advisory_locks_are_unknown_or_lock_nothing() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let mut other = Raw::connect(proxy.port(), database.name()).await;
    for sql in [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_advisory_xact_lock(1)",
    ] {
        let answer = raw.query(sql).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42883 'unknown function: pg_advisory_"),
            "{answer:?}"
        );
        let answer = raw.exchange(&[run(sql), sync()].concat()).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42883"),
            "{answer:?}"
        );
    }
    for session in [&mut raw, &mut other] {
        for name in ["pg_try_advisory_lock", "pg_advisory_unlock"] {
            let answer = session.query(&format!("SELECT {name}(1)")).await;
            assert_eq!(
                answer[..2],
                [format!("RowDescription {name}:16"), "DataRow t".to_owned()]
            );
        }
    }
}

#[tokio::test]
async fn several_statements_cannot_be_prepared() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let answer = raw
        .exchange(&[parse("", "SELECT 1; SELECT 2"), sync()].concat())
        .await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 42P14"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn cursors_are_text_and_go_forward() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_1)).await;
    for kind in ["BINARY CURSOR", "SCROLL CURSOR", "CURSOR WITH HOLD"] {
        raw.query("BEGIN").await;
        let answer = raw.query(&format!("DECLARE c {kind} FOR SELECT 1")).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 0A000 'unimplemented: DECLARE "),
            "{answer:?}"
        );
        assert!(
            answer[0].contains("https://go.crdb.dev/issue-v/"),
            "{answer:?}"
        );
        raw.query("ROLLBACK").await;
    }
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("DECLARE c CURSOR FOR SELECT 1").await[0],
        "CommandComplete 'DECLARE CURSOR'"
    );
}

#[tokio::test]
async fn tags_and_parameters_come_as_cockroachdb_sends_them() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_1)).await;
    assert_eq!(
        raw.query("SET application_name = 'x'").await,
        [
            "ParameterStatus application_name=x",
            "CommandComplete 'SET'",
            "ReadyForQuery I"
        ]
    );
    let discarded = raw.query("DISCARD ALL").await;
    assert_eq!(
        discarded[discarded.len() - 2..],
        ["CommandComplete 'DISCARD'", "ReadyForQuery I"]
    );
    assert_eq!(
        raw.query("").await,
        ["EmptyQueryResponse", "ReadyForQuery I"]
    );
    // Not a parameter that CockroachDB reports.
    assert_eq!(
        raw.query("SET default_transaction_read_only = on")
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn a_parameter_is_reported_whenever_it_is_set() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    // Also when it is what it was.
    for _ in 0..2 {
        assert_eq!(
            raw.query("SET application_name = 'x'").await,
            [
                "ParameterStatus application_name=x",
                "CommandComplete 'SET'",
                "ReadyForQuery I"
            ]
        );
    }
    assert_eq!(
        raw.query("SET application_name = 'a'; SELECT 1::int8 AS one; SET application_name = 'b'")
            .await,
        [
            "ParameterStatus application_name=a",
            "CommandComplete 'SET'",
            "RowDescription one:20",
            "DataRow 1",
            "CommandComplete 'SELECT 1'",
            "ParameterStatus application_name=b",
            "CommandComplete 'SET'",
            "ReadyForQuery I"
        ]
    );
    for (zone, reported) in [
        ("+6", "6"),
        ("-11.5", "-11.5"),
        ("'America/New_York'", "America/New_York"),
    ] {
        assert_eq!(
            raw.query(&format!("SET TIME ZONE {zone}")).await,
            [
                format!("ParameterStatus TimeZone={reported}"),
                "CommandComplete 'SET'".to_owned(),
                "ReadyForQuery I".to_owned()
            ]
        );
    }
    assert_eq!(
        raw.query("SET DateStyle = 'YMD, ISO'").await[0],
        "ParameterStatus DateStyle=ISO, YMD"
    );
}

#[tokio::test]
async fn no_encoding_but_utf8_is_known() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for sql in ["SET client_encoding = 'latin1'", "SET NAMES 'latin1'"] {
        assert!(
            raw.query(sql).await[0].starts_with("ErrorResponse ERROR 0A000"),
            "{sql}"
        );
    }
    assert_eq!(
        raw.query("SET client_encoding = 'utf-8'").await,
        [
            "ParameterStatus client_encoding=UTF8",
            "CommandComplete 'SET'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn a_placeholder_without_a_type_is_refused() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    assert_eq!(
        raw.exchange(&[parse("", "SELECT $1"), sync()].concat())
            .await,
        [
            "ErrorResponse ERROR 42P18 'could not determine data type of placeholder $1'",
            "ReadyForQuery I"
        ]
    );
    assert_eq!(
        raw.query("SELECT $1::int8").await,
        [
            "ErrorResponse ERROR 42P02 'no value provided for placeholder: $1'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn tags_are_cockroachdbs_own() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V24_1)).await;
    for (sql, tag) in [
        ("START TRANSACTION", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("TRUNCATE TABLE tr", "TRUNCATE"),
        ("CREATE TABLE u AS SELECT 1 AS a", "CREATE TABLE AS"),
        ("COMMENT ON TABLE tr IS 'x'", "COMMENT ON TABLE"),
        ("COMMENT ON COLUMN tr.v IS 'x'", "COMMENT ON COLUMN"),
    ] {
        let answer = raw.query(sql).await;
        assert_eq!(answer[answer.len() - 2], format!("CommandComplete '{tag}'"));
    }
    for (version, tag) in [
        (CockroachVersion::V22_1, "SHOW 1"),
        (CockroachVersion::V22_2, "SHOW"),
    ] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        for sql in ["SHOW node_id", "SHOW application_name"] {
            assert_eq!(
                raw.query(sql).await[2],
                format!("CommandComplete '{tag}'"),
                "{sql}"
            );
        }
    }
}

#[tokio::test]
async fn internals_are_closed_since_v26() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let closed = "ErrorResponse ERROR 42501 'Access to crdb_internal and system is restricted.'";
    for sql in [
        "SELECT node_id FROM crdb_internal.gossip_nodes",
        "SELECT * FROM system.jobs",
        "SELECT crdb_internal.force_retry('1s')",
    ] {
        assert!(raw.query(sql).await[0].starts_with(closed), "{sql}");
        let answer = raw.exchange(&[parse("", sql), sync()].concat()).await;
        assert!(answer[0].starts_with(closed), "{answer:?}");
    }
    // These stay open; PostgreSQL has none of them.
    for table in ["transaction_contention_events", "cluster_locks"] {
        let answer = raw
            .query(&format!("SELECT * FROM crdb_internal.{table}"))
            .await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 42P01"),
            "{answer:?}"
        );
    }
    raw.query("SET allow_unsafe_internals = on").await;
    assert_eq!(
        raw.query("SELECT crdb_internal.force_retry('1ms')").await[1],
        "DataRow 0"
    );
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V25_4)).await;
    assert_eq!(
        raw.query("SELECT crdb_internal.force_retry('1ms')").await[1],
        "DataRow 0"
    );
}

#[tokio::test]
async fn what_the_grammar_only_names_is_unimplemented() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for (sql, at) in [
        ("CREATE DOMAIN d AS INT8", "as"),
        ("CREATE OR REPLACE RULE r AS ON INSERT TO t DO NOTHING", "r"),
        ("CREATE AGGREGATE a (INT8) (sfunc = f, stype = INT8)", "a"),
        ("CREATE CAST (a AS b) WITHOUT FUNCTION", "("),
        ("CREATE OPERATOR = (function = f, leftarg = INT8)", "="),
        ("CREATE PUBLICATION p FOR ALL TABLES", "p"),
        ("CREATE TABLESPACE s LOCATION '/'", "s"),
        ("CREATE FOREIGN TABLE f (a INT8) SERVER s", "f"),
        (
            "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
            "search",
        ),
        ("CREATE TRUSTED LANGUAGE l HANDLER h", "handler"),
        ("DROP DOMAIN IF EXISTS d", "if"),
        ("DROP COLLATION c", "c"),
        ("DROP EXTENSION e CASCADE", "cascade"),
    ] {
        let error = format!(
            "ErrorResponse ERROR 0A000 'at or near \"{at}\": syntax error: unimplemented: this syntax'"
        );
        // It is the parser's, so that nothing of the text runs.
        let answer = raw.query(&format!("SELECT 1; {sql}")).await;
        assert!(answer[0].starts_with(&error), "{sql}: {answer:?}");
        assert_eq!(answer.len(), 2, "{sql}: {answer:?}");
    }
    let trigger = "CREATE TRIGGER t BEFORE INSERT ON no_such_table EXECUTE FUNCTION f()";
    let answer = raw.query(trigger).await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 42P01"),
        "{answer:?}"
    );
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V24_1)).await;
    let answer = raw.query(trigger).await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 0A000"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn operands_that_no_operator_takes_have_cockroachdbs_words() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for (operation, says) in [
        (
            "'a'::VARCHAR = $1::UUID",
            "comparison operator: <varchar> = <uuid>",
        ),
        ("true >= $1::INT8", "comparison operator: <bool> >= <int>"),
        (
            "ARRAY[1.5::FLOAT8] <> $1::TEXT[]",
            "comparison operator: <float[]> <> <string[]>",
        ),
        (
            "now() * $1::BYTEA",
            "binary operator: <timestamptz> * <bytes>",
        ),
    ] {
        let answer = raw
            .exchange(&[parse("", &format!("SELECT {operation}")), sync()].concat())
            .await;
        let error = format!("ErrorResponse ERROR 22023 'unsupported {says}'");
        assert!(answer[0].starts_with(&error), "{operation}: {answer:?}");
    }
    // A function that there is none of keeps its code.
    let answer = raw.query("SELECT no_such_function(1)").await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 42883"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn temporary_tables_are_behind_a_setting() {
    for (version, code) in [
        (CockroachVersion::V22_2, "0A000"),
        (CockroachVersion::V26_2, "XCEXF"),
    ] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        let refused = format!(
            "ErrorResponse ERROR {code} 'temporary tables are only supported experimentally'"
        );
        for sql in [
            "CREATE TEMP TABLE t (a INT8)",
            "create local temporary table t as select 1 as a",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a",
            "CREATE TEMPORARY SEQUENCE s",
        ] {
            let answer = raw.query(sql).await;
            assert!(answer[0].starts_with(&refused), "{sql}: {answer:?}");
            let answer = raw.exchange(&[run(sql), sync()].concat()).await;
            assert_eq!(answer[..2], ["ParseComplete", "BindComplete"], "{sql}");
            assert!(answer[2].starts_with(&refused), "{sql}: {answer:?}");
        }
        raw.query("SET experimental_enable_temp_tables = on").await;
        let made = raw.query("CREATE TEMP TABLE t (a INT8)").await;
        assert!(
            made.contains(&"CommandComplete 'CREATE TABLE'".to_owned()),
            "{made:?}"
        );
        // What goes with its transaction does not exist.
        for end in ["DROP", "DELETE ROWS"] {
            let sql = format!("CREATE TEMP TABLE u (a INT8) ON COMMIT {end}");
            let answer = raw.query(&sql).await;
            assert!(
                answer[0].starts_with("ErrorResponse ERROR 0A000 'at or near"),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn reset_all_leaves_the_role() {
    let (_proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let role = format!("{}_role", database.name());
    let make = format!(
        "CREATE ROLE {role}; GRANT {role} TO {}",
        Login::Trust.user()
    );
    Engine::shared_postgres()
        .await
        .execute(&make)
        .await
        .unwrap();
    raw.query(&format!("SET ROLE {role}")).await;
    raw.query("RESET ALL").await;
    assert_eq!(raw.query("SHOW role").await[1], format!("DataRow {role}"));
    raw.query("RESET role").await;
    assert_eq!(raw.query("SHOW role").await[1], "DataRow none");
    let drop = format!("DROP ROLE {role}");
    Engine::shared_postgres()
        .await
        .execute(&drop)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_database_is_dropped_with_all_that_is_in_it() {
    let (_proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let may = format!("ALTER USER {} CREATEDB", Login::Trust.user());
    Engine::shared_postgres().await.execute(&may).await.unwrap();
    let name = format!("{}_dropped", database.name());
    raw.query(&format!("CREATE DATABASE {name}")).await;
    assert_eq!(
        raw.query(&format!("DROP DATABASE {name} CASCADE")).await,
        ["CommandComplete 'DROP DATABASE'", "ReadyForQuery I"]
    );
    let again = raw
        .query(&format!("DROP DATABASE IF EXISTS {name} CASCADE"))
        .await;
    assert!(
        again.contains(&"CommandComplete 'DROP DATABASE'".to_owned()),
        "{again:?}"
    );
}

#[tokio::test]
async fn cancelled_statements_say_so_in_cockroachdbs_words() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("SET statement_timeout = 50").await;
    let answer = raw.query("SELECT pg_sleep(10)").await;
    assert!(
        answer.contains(
            &"ErrorResponse ERROR 57014 'query execution canceled due to statement timeout'"
                .to_owned()
        ),
        "{answer:?}"
    );
}
