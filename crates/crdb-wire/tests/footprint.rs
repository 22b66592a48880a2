//! What a text says about itself, in every spelling.

use crdb_wire::{Footprint, Leaves, Reason, TransactionEffect};
use proptest::prelude::*;

/// Texts that leave nothing behind.
const NOTHING: &[&str] = &[
    "",
    ";;",
    "SELECT 1",
    "SELECT 'set_config('' , '')'",
    "SELECT 1 -- set_config('a', 'b', false)",
    "SELECT /* /* CREATE TEMP TABLE */ LISTEN x */ 1",
    "SELECT $$ SET x = 1; $$, $tag$ pg_advisory_lock(1) $tag$",
    "SELECT \"set_config\" FROM t",
    "SELECT set_config FROM t",
    "SELECT \"SET_CONFIG\"('a', 'b', false)",
    "SELECT set_config('app.tenant', $1, true)",
    "SELECT set_config('app.tenant', $1, is_local => TRUE)",
    "SELECT pg_advisory_xact_lock(1), pg_try_advisory_xact_lock_shared(2)",
    "SELECT pg_advisory_unlock_all()",
    "SELECT x FROM t WHERE y LIKE $1 ESCAPE '\\'",
    "INSERT INTO temp VALUES (1)",
    "INSERT INTO temporary (a) SELECT temp FROM t",
    "MERGE INTO temp USING s ON a = b WHEN MATCHED THEN DELETE",
    "UPSERT INTO t VALUES ($1)",
    "UPDATE t SET local = 1, temp = 2",
    "SELECT temp, temporary FROM t AS temp",
    "SELECT name FROM pg_settings",
    "SELECT a INTO b FROM c",
    "SET LOCAL search_path = x",
    "SET LOCAL ROLE app",
    "SET LOCAL SESSION AUTHORIZATION app",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SET TRANSACTION SNAPSHOT '0001'",
    "SET CONSTRAINTS ALL DEFERRED",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "START TRANSACTION",
    "COMMIT",
    "COMMIT AND CHAIN",
    "PREPARE TRANSACTION 'x'",
    "COMMIT PREPARED 'x'",
    "ROLLBACK TO SAVEPOINT a",
    "SAVEPOINT a",
    "RELEASE a",
    "DECLARE c CURSOR FOR SELECT 1",
    "DECLARE c CURSOR WITHOUT HOLD FOR SELECT hold FROM t",
    "FETCH 5 FROM c",
    "CLOSE c",
    "NOTIFY x",
    "LOCK TABLE t",
    "COPY t FROM STDIN",
    "CREATE TABLE t (temp INT, local TEXT)",
    "CREATE TABLE temp (a INT)",
    "CREATE FUNCTION f() RETURNS VOID LANGUAGE SQL AS $$ SELECT set_config('a', 'b', false) $$",
    "ALTER ROLE app SET search_path = x",
    "DROP TABLE temp",
    "EXPLAIN CREATE TEMP TABLE t AS SELECT 1",
    "EXPLAIN (VERBOSE) SELECT set_config('a', 'b', false)",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN (ANALYZE, BUFFERS) UPDATE t SET a = 1",
    "EXPLAIN (SELECT 1)",
    "SHOW TABLES",
    "SELECT nextval('s'), currval('s'), setval('s', 1)",
    "SELECT pg_notify('a', 'b')",
    "SELECT lo_creat(-1), pg_stat_clear_snapshot(), txid_current()",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
    "SELECT dblink FROM t",
    "TRUNCATE t",
    "CANCEL QUERY 'x'",
];

/// Texts that leave something behind, with the gravest of it and the reason.
const SOMETHING: &[(&str, Leaves, Reason)] = &[
    ("SET search_path = x", Leaves::Settings, Reason::Setting),
    ("SET SESSION x TO y", Leaves::Settings, Reason::Setting),
    ("SET TIME ZONE 'UTC'", Leaves::Settings, Reason::Setting),
    (
        "SET transaction_isolation = 'serializable'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        Leaves::Settings,
        Reason::Setting,
    ),
    ("SET NAMES 'x'", Leaves::Settings, Reason::Setting),
    ("SET app.local = 'x'", Leaves::Settings, Reason::Setting),
    ("RESET ALL", Leaves::Settings, Reason::Setting),
    ("USE bank", Leaves::Settings, Reason::Setting),
    (
        "SELECT set_config('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT set_config('a', 'b', $1)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT SET_Config ( 'a', 'b', false )",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT pg_catalog.set_config('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT \"pg_catalog\".\"set_config\"('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "WITH x AS (SELECT set_config('a', 'b', false)) SELECT 1",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "INSERT INTO t SELECT upper(set_config('a', 'b', false))",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT set_config('a', set_config('b', 'c', false), true)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT set_config('a', (SELECT true), false), true",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT set_config(is_local => true, setting_name => 'a', new_value => 'b' || true)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "UPDATE pg_settings SET setting = 'x' WHERE name = 'y'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "UPDATE ONLY \"pg_catalog\".pg_settings SET setting = 'x'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "EXPLAIN ANALYZE SELECT set_config('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "EXPLAIN (BUFFERS, \"analyze\") SELECT set_config('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "CREATE TABLE t AS SELECT set_config('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "COPY (SELECT set_config('a', 'b', false)) TO STDOUT",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "DECLARE c CURSOR FOR SELECT set_config('a', 'b', false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT * FROM ROWS FROM (set_config('a', 'b', false)) x",
        Leaves::Settings,
        Reason::Setting,
    ),
    ("SELECT set_limit(0.5)", Leaves::Settings, Reason::Setting),
    (
        "SELECT 1; SET x = 1; SELECT 2",
        Leaves::Settings,
        Reason::Setting,
    ),
    ("SET ROLE app", Leaves::Reset, Reason::Role),
    ("SET SESSION ROLE app", Leaves::Reset, Reason::Role),
    ("SET \"ROLE\" TO app", Leaves::Reset, Reason::Role),
    ("SET role = app", Leaves::Reset, Reason::Role),
    ("SET SESSION AUTHORIZATION app", Leaves::Reset, Reason::Role),
    (
        "SET SESSION SESSION AUTHORIZATION app",
        Leaves::Reset,
        Reason::Role,
    ),
    (
        "SET SESSION AUTHORIZATION DEFAULT",
        Leaves::Reset,
        Reason::Role,
    ),
    ("RESET ROLE", Leaves::Reset, Reason::Role),
    ("RESET SESSION AUTHORIZATION", Leaves::Reset, Reason::Role),
    (
        "SELECT pg_advisory_lock(1)",
        Leaves::Reset,
        Reason::AdvisoryLock,
    ),
    (
        "SELECT pg_advisory_lock_shared(1, 2)",
        Leaves::Reset,
        Reason::AdvisoryLock,
    ),
    (
        "SELECT 1 / 0 FROM pg_try_advisory_lock(1)",
        Leaves::Reset,
        Reason::AdvisoryLock,
    ),
    (
        "SELECT pg_try_advisory_lock_shared /* x */ (1)",
        Leaves::Reset,
        Reason::AdvisoryLock,
    ),
    (
        "DELETE FROM t RETURNING \"pg_advisory_lock\"(a)",
        Leaves::Reset,
        Reason::AdvisoryLock,
    ),
    (
        "CREATE TEMP TABLE t (a INT)",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE TEMPORARY TABLE IF NOT EXISTS t AS SELECT 1",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE LOCAL TEMPORARY TABLE t (a INT)",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE GLOBAL TEMP TABLE t (a INT)",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE OR REPLACE LOCAL TEMP RECURSIVE VIEW v (a) AS SELECT 1",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE TEMP SEQUENCE s",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE TABLE pg_temp.t (a INT)",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE TABLE \"pg_temp\" . t (a INT)",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE FUNCTION pg_temp.f() RETURNS INT LANGUAGE SQL AS 'SELECT 1'",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "CREATE TYPE pg_temp_3.e AS ENUM ()",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "SELECT 1 INTO TEMP t",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "SELECT 1INTO TEMPORARY TABLE t",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "WITH x AS (SELECT 1) SELECT * INTO LOCAL TEMP t FROM x",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "SELECT 1 INTO pg_temp.t",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "EXPLAIN (ANALYZE) CREATE TEMP TABLE t AS SELECT 1",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "EXPLAIN (COSTS OFF, ANALYZE TRUE) SELECT 1 INTO TEMP t",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "EXPLAIN ANALYSE VERBOSE CREATE TEMP TABLE t AS SELECT 1",
        Leaves::Reset,
        Reason::TemporaryObject,
    ),
    (
        "PREPARE p AS SELECT 1",
        Leaves::Reset,
        Reason::PreparedStatement,
    ),
    (
        "PREPARE transaction (int) AS SELECT 1",
        Leaves::Reset,
        Reason::PreparedStatement,
    ),
    ("DEALLOCATE ALL", Leaves::Reset, Reason::PreparedStatement),
    ("EXECUTE p", Leaves::Reset, Reason::Execute),
    ("EXPLAIN ANALYZE EXECUTE p", Leaves::Reset, Reason::Execute),
    (
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        Leaves::Reset,
        Reason::HeldCursor,
    ),
    (
        "DECLARE \"c\" BINARY INSENSITIVE NO SCROLL CURSOR WITH HOLD FOR SELECT 1",
        Leaves::Reset,
        Reason::HeldCursor,
    ),
    ("LISTEN x", Leaves::Reset, Reason::Listening),
    ("UNLISTEN *", Leaves::Reset, Reason::Listening),
    ("DISCARD ALL", Leaves::Reset, Reason::Discard),
    ("CALL p()", Leaves::Reset, Reason::Procedure),
    ("DO $$ BEGIN END $$", Leaves::Reset, Reason::Procedure),
    (
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        Leaves::Reset,
        Reason::RunsText,
    ),
    ("LOAD 'auto_explain'", Leaves::Close, Reason::Library),
    ("SELECT setseed(0.5)", Leaves::Close, Reason::Seed),
    ("SET LOCAL seed = 0.5", Leaves::Close, Reason::Seed),
    (
        "SELECT dblink_connect('a', 'b')",
        Leaves::Close,
        Reason::ForeignConnection,
    ),
    (
        "SELECT * FROM pg_create_logical_replication_slot('a', 'b', true)",
        Leaves::Close,
        Reason::Replication,
    ),
    (
        "FROBNICATE THE SESSION",
        Leaves::Reset,
        Reason::UnknownStatement,
    ),
    ("\"SELECT\" 1", Leaves::Reset, Reason::UnknownStatement),
    (
        "EXPLAIN FROBNICATE",
        Leaves::Reset,
        Reason::UnknownStatement,
    ),
    ("1", Leaves::Reset, Reason::UnknownStatement),
    (
        "SELECT U&\"set\\005fconfig\"('a', 'b', false)",
        Leaves::Close,
        Reason::UnreadableText,
    ),
    ("SELECT 'no end", Leaves::Reset, Reason::UnreadableText),
    // The string ends elsewhere where a backslash escapes, or a comment where a carriage return does not end it.
    (
        "SELECT '\\', set_config('a', 'b', false) --'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT '\\'', set_config($1, $2, false) --'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT b'\\'', set_config($1, $2, false) --'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT 1 -- \r, set_config($1, $2, false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT 1 -- \r '\n, set_config($1, $2, false) --'",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT E'\\'', set_config($1, $2, false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT E'a'\n'\\'', set_config($1, $2, false)",
        Leaves::Settings,
        Reason::Setting,
    ),
    (
        "SELECT pg_advisory_loc\u{212a}(1)",
        Leaves::Reset,
        Reason::AdvisoryLock,
    ),
];

#[test]
fn texts_that_leave_nothing() {
    for text in NOTHING {
        let footprint = Footprint::of(text);
        assert_eq!(
            footprint.leaves(),
            Leaves::Nothing,
            "{text}: {:?}",
            footprint.reason()
        );
        assert_eq!(footprint.leaves_when_failed(), Leaves::Nothing, "{text}");
        assert_eq!(footprint.reason(), None, "{text}");
    }
}

#[test]
fn texts_that_leave_something() {
    for (text, leaves, reason) in SOMETHING {
        let footprint = Footprint::of(text);
        assert_eq!(
            (footprint.leaves(), footprint.reason()),
            (*leaves, Some(*reason)),
            "{text}"
        );
        assert!(!footprint.is_plain_read(), "{text}");
    }
}

#[test]
fn a_failure_undoes_a_setting_and_no_lock() {
    for text in [
        "SET x = 1",
        "RESET x",
        "LISTEN x",
        "PREPARE p AS SELECT 1",
        "USE d",
    ] {
        assert_eq!(
            Footprint::of(text).leaves_when_failed(),
            Leaves::Nothing,
            "{text}"
        );
    }
    for (text, left) in [
        ("SELECT pg_advisory_lock(1), 1 / 0", Leaves::Reset),
        ("SELECT set_config('a', 'b', false)", Leaves::Settings),
        ("SET x = 1; SELECT 1 / 0", Leaves::Settings),
        ("SET x TO (SELECT pg_advisory_lock(1))", Leaves::Reset),
        ("DO $$ BEGIN END $$", Leaves::Reset),
        ("DISCARD ALL", Leaves::Reset),
    ] {
        assert_eq!(Footprint::of(text).leaves_when_failed(), left, "{text}");
    }
}

#[test]
fn texts_that_move_a_transaction() {
    use TransactionEffect::{Controls, Ddl, None, Savepoint};
    for (text, effect) in [
        ("SELECT commit, rollback FROM begin", None),
        ("SELECT 'COMMIT'", None),
        ("INSERT INTO t VALUES (1)", None),
        ("SET LOCAL x = 1", None),
        ("DISCARD ALL", None),
        ("PREPARE p AS SELECT 1", None),
        ("SAVEPOINT a", Savepoint),
        ("RELEASE SAVEPOINT a", Savepoint),
        ("ROLLBACK TO a", Savepoint),
        ("ROLLBACK WORK TO SAVEPOINT a", Savepoint),
        ("RELEASE SAVEPOINT cockroach_restart", Controls),
        ("RELEASE \"cockroach_restart\"", Controls),
        ("ROLLBACK", Controls),
        ("ROLLBACK TRANSACTION AND CHAIN", Controls),
        ("ROLLBACK PREPARED 'to'", Controls),
        ("ABORT", Controls),
        ("/* x */ commit -- y", Controls),
        ("END", Controls),
        ("BEGIN", Controls),
        ("START TRANSACTION", Controls),
        ("PREPARE TRANSACTION 'x'", Controls),
        ("CALL p()", Controls),
        ("DO 'x'", Controls),
        ("EXECUTE p", Controls),
        ("SELECT 1; COMMIT; SELECT 1", Controls),
        ("SELECT 1; ROLLBACK TO a", Savepoint),
        ("GO", Controls),
        ("CREATE TABLE t ()", Ddl),
        ("CREATE TEMP TABLE t AS SELECT 1", Ddl),
        ("SELECT 1 INTO t", Ddl),
        ("ALTER TABLE t ADD a INT", Ddl),
        ("TRUNCATE t", Ddl),
        ("GRANT SELECT ON t TO a", Ddl),
        ("ANALYZE t", Ddl),
        ("EXPLAIN CREATE TABLE t AS SELECT 1", None),
        ("EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", Ddl),
    ] {
        let footprint = Footprint::of(text);
        assert_eq!(footprint.transaction(), effect, "{text}");
        assert_eq!(footprint.may_end_transaction(), effect >= Ddl, "{text}");
    }
}

#[test]
fn only_statements_of_rows_may_share_a_connection() {
    for text in [
        "SELECT 1",
        "SELECT * FROM t FOR UPDATE",
        "SELECT f(), nextval('s')",
        "INSERT INTO t VALUES ($1) RETURNING a",
        "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
        "SHOW TABLES",
        "EXPLAIN ANALYZE UPDATE t SET a = 1",
        "EXPLAIN CREATE TABLE t AS SELECT 1",
        "SELECT set_config('a', 'b', true)",
    ] {
        assert!(Footprint::of(text).is_shareable(), "{text}");
    }
    for text in NOTHING.iter().filter(|text| {
        [
            "COPY",
            "SAVEPOINT",
            "BEGIN",
            "CREATE",
            "FETCH",
            "LOCK",
            "SET ",
            "COMMIT",
            "DROP",
            "TRUNCATE",
            "DECLARE",
        ]
        .iter()
        .any(|word| text.starts_with(word))
    }) {
        assert!(!Footprint::of(text).is_shareable(), "{text}");
    }
    for (text, ..) in SOMETHING {
        assert!(!Footprint::of(text).is_shareable(), "{text}");
    }
    assert!(!Footprint::of("SELECT 1 INTO t").is_shareable());
    assert!(!Footprint::of("SELECT 1; COPY t TO STDOUT").is_shareable());
}

#[test]
fn plain_reads() {
    for text in [
        "SELECT a, count(*) FROM t WHERE b IN ($1, $2) AND (c OR NOT (d)) GROUP BY a",
        "SELECT CAST(a AS VARCHAR(10)), b::NUMERIC(10, 2) FROM t",
        "VALUES (1), (2)",
        "TABLE t",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "WITH x AS (SELECT 1), y AS (SELECT 2) SELECT * FROM x, y",
        "WITH RECURSIVE x(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM x) SELECT n FROM x",
        "SELECT * FROM unnest($1::INT8[]) AS t(a)",
        "SELECT * FROM t AS OF SYSTEM TIME follower_read_timestamp()",
        "SELECT pg_catalog.lower(a), substring(a FROM 1 FOR 2) FROM t",
        "SELECT \"update\", \"into\" FROM t",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "EXPLAIN (ANALYZE) SELECT 1",
        "SELECT now(); SELECT 2",
    ] {
        assert!(Footprint::of(text).is_plain_read(), "{text}");
    }
    for text in [
        "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM t FOR NO KEY UPDATE",
        "SELECT * FROM t FOR SHARE",
        "SELECT * FROM t FOR KEY SHARE SKIP LOCKED",
        "SELECT f()",
        "SELECT a.lower(b)",
        "SELECT \"select\"(1)",
        "SELECT nextval('s')",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT set_config('a', 'b', true)",
        "SELECT 1 INTO t",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "SELECT * FROM [INSERT INTO t VALUES (1) RETURNING a]",
        "EXPLAIN ANALYZE DELETE FROM t",
        "EXPLAIN DELETE FROM t",
        "COPY t TO STDOUT",
        "FETCH 1 FROM c",
        "SELECT 1; UPDATE t SET a = 1",
        "BEGIN",
        "CREATE TABLE t ()",
    ] {
        assert!(!Footprint::of(text).is_plain_read(), "{text}");
    }
}

/// The tokens of a text, each with whether its case may be changed. Good for the texts above without strings that hold spaces.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            '$' => {
                rest.len()
                    - rest
                        .trim_start_matches(|c: char| c == '$' || c.is_ascii_digit())
                        .len()
            }
            _ if first.is_alphabetic() || first == '_' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if !first.is_whitespace() {
            pieces.push(piece.to_owned());
        }
        rest = after;
    }
    pieces
}

fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(" ".to_owned()),
        Just("\n\t ".to_owned()),
        Just(" -- COMMIT; SET x = 1 ' \" $$ /*\n".to_owned()),
        Just("/* set_config(1) ' /* ; */ \" $a$ -- */".to_owned()),
        Just("\r\n/**/ ".to_owned()),
    ]
}

/// A text of the lists, without those whose meaning hangs on the spaces within.
fn base() -> impl Strategy<Value = &'static str> {
    let all: Vec<&'static str> = NOTHING
        .iter()
        .copied()
        .chain(SOMETHING.iter().map(|(text, ..)| *text))
        .filter(|text| {
            !["--", "/*", "\\", "$$", "$tag$", "U&", "''", "=>", "no end"]
                .iter()
                .any(|mark| text.contains(mark))
        })
        .collect();
    prop::sample::select(all)
}

proptest! {
    #[test]
    fn case_and_comments_change_nothing(
        text in base(),
        noises in prop::collection::vec(noise(), 40),
        flips in prop::collection::vec(any::<bool>(), 400),
        before in noise(),
    ) {
        let mut flips = flips.into_iter().cycle();
        let mut noises = noises.into_iter().cycle();
        let mut spelled = before;
        for piece in pieces(text) {
            let keeps = piece.starts_with(['\'', '"', '$']);
            for character in piece.chars() {
                if keeps || !flips.next().unwrap_or(false) {
                    spelled.push(character);
                } else if character.is_ascii_uppercase() {
                    spelled.push(character.to_ascii_lowercase());
                } else {
                    spelled.push(character.to_ascii_uppercase());
                }
            }
            spelled.push_str(&noises.next().unwrap_or_default());
        }
        prop_assert_eq!(Footprint::of(&spelled), Footprint::of(text), "{}", spelled);
    }

    #[test]
    fn a_text_of_several_statements_does_what_each_does(texts in prop::collection::vec(base(), 1..5)) {
        let each: Vec<_> = texts.iter().map(|text| Footprint::of(text)).collect();
        let whole = Footprint::of(&texts.join(" ; "));
        prop_assert_eq!(Some(whole.leaves()), each.iter().map(Footprint::leaves).max());
        prop_assert_eq!(Some(whole.transaction()), each.iter().map(Footprint::transaction).max());
        prop_assert_eq!(whole.is_plain_read(), each.iter().all(Footprint::is_plain_read));
        if whole.leaves() > Leaves::Nothing && each.len() > 1 && texts.iter().filter(|text| !text.trim_matches(';').is_empty()).count() > 1 {
            prop_assert_eq!(whole.leaves_when_failed(), whole.leaves());
        }
    }

    #[test]
    fn any_text_has_a_footprint(text in "[ -~\\n\\r\u{e9}\u{212a}]{0,80}|(['\"$;()\\\\*/-]|SELECT|E'|U&|[a-z]){0,40}") {
        let footprint = Footprint::of(&text);
        prop_assert_eq!(footprint.reason().is_some(), footprint.leaves() > Leaves::Nothing);
        prop_assert!(footprint.leaves_when_failed() <= footprint.leaves());
    }
}

#[test]
fn a_long_text_is_no_burden() {
    let many = format!(
        "INSERT INTO t VALUES {}(1, 'x')",
        "(1, 'x\\'), ".repeat(400_000)
    );
    assert_eq!(Footprint::of(&many).leaves(), Leaves::Nothing);
    let nested = format!("SELECT {}1{}", "(".repeat(1_000_000), ")".repeat(1_000_000));
    assert!(Footprint::of(&nested).is_plain_read());
    let calls = format!("SELECT {}1", "set_config(".repeat(100_000));
    assert_eq!(Footprint::of(&calls).leaves(), Leaves::Settings);
    let dollars = "$a$ $b ".repeat(100_000);
    assert_ne!(Footprint::of(&dollars).leaves(), Leaves::Nothing);
}
