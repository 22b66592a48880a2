//! Several statements at once, in both protocols.

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{
    bind, describe_statement, execute, flush, message, parse, query, run, session, sync,
};

const DUPLICATE: &str = "ErrorResponse ERROR 23505 'duplicate key value violates unique constraint \"tr_pkey\"' \
                         detail=\"Key (id)=(1) already exists.\" constraint=\"tr_pkey\"";

#[tokio::test]
async fn one_query_is_one_transaction() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    assert_eq!(
        raw.query("INSERT INTO tr VALUES (10, 1, 'a'); INSERT INTO tr VALUES (1, 1, 'a')")
            .await,
        ["CommandComplete 'INSERT 0 1'", DUPLICATE, "ReadyForQuery I"]
    );
    assert_eq!(
        raw.query("SELECT count(*) FROM tr WHERE id = 10").await[1],
        "DataRow 0"
    );
}

#[tokio::test]
async fn one_sync_is_one_transaction() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let insert = |id: &str| [bind("", "i", &[id]), execute("", 0)].concat();
    let batch = [
        parse("i", "INSERT INTO tr VALUES ($1, 1, 'a')"),
        insert("20"),
        insert("1"),
        insert("1"),
        insert("21"),
        sync(),
    ];
    assert_eq!(
        raw.exchange(&batch.concat()).await,
        [
            "ParseComplete",
            "BindComplete",
            "CommandComplete 'INSERT 0 1'",
            "BindComplete",
            "CommandComplete 'INSERT 0 1'",
            "BindComplete",
            DUPLICATE,
            "ReadyForQuery I"
        ]
    );
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 0");
}

#[tokio::test]
async fn one_sync_each_isolates() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    let insert = |id: &str| [bind("", "i", &[id]), execute("", 0), sync()].concat();
    raw.exchange(&[parse("i", "INSERT INTO tr VALUES ($1, 1, 'a')"), sync()].concat())
        .await;
    raw.send(&[insert("30"), insert("1"), insert("31")].concat())
        .await;
    assert_eq!(
        raw.answers(3).await,
        [
            "BindComplete",
            "CommandComplete 'INSERT 0 1'",
            "ReadyForQuery I",
            "BindComplete",
            DUPLICATE,
            "ReadyForQuery I",
            "BindComplete",
            "CommandComplete 'INSERT 0 1'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn a_refusal_rolls_back_what_ran_since_the_last_sync() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let batch = [
        run("INSERT INTO tr VALUES (1, 1, 'a')"),
        run("LISTEN a"),
        run("SELECT 1"),
        sync(),
    ]
    .concat();
    let answer = raw.exchange(&batch).await;
    assert_eq!(answer.len(), 5, "{answer:?}");
    assert!(
        answer[3].starts_with("ErrorResponse ERROR 42601"),
        "{answer:?}"
    );
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 0");
}

#[tokio::test]
async fn answers_come_at_a_flush_and_in_order() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.send(
        &[
            parse("", "SELECT 1::int8 AS a"),
            describe_statement(""),
            flush(),
        ]
        .concat(),
    )
    .await;
    assert_eq!(raw.one().await, "ParseComplete");
    assert_eq!(raw.one().await, "ParameterDescription");
    assert_eq!(raw.one().await, "RowDescription a:20");
    assert!(raw.is_silent().await);
    let pipelined = [
        query("SELECT 2"),
        run("SELECT 3"),
        sync(),
        query("BEGIN"),
        query("BEGIN"),
        query("ROLLBACK"),
    ];
    raw.send(&pipelined.concat()).await;
    let answers = raw.answers(5).await;
    let tags: Vec<_> = answers
        .iter()
        .filter(|line| !line.starts_with("RowDesc"))
        .map(String::as_str)
        .collect();
    assert_eq!(
        tags,
        [
            "DataRow 2",
            "CommandComplete 'SELECT 1'",
            "ReadyForQuery I",
            "ParseComplete",
            "BindComplete",
            "DataRow 3",
            "CommandComplete 'SELECT 1'",
            "ReadyForQuery I",
            "CommandComplete 'BEGIN'",
            "ReadyForQuery T",
            "ErrorResponse ERROR 25001 'there is already a transaction in progress'",
            "ReadyForQuery E",
            "CommandComplete 'ROLLBACK'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn an_unknown_message_is_an_error_and_then_there_is_silence() {
    for (version, ends) in [
        (CockroachVersion::V22_1, true),
        (CockroachVersion::V22_2, false),
        (CockroachVersion::V26_2, false),
    ] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        raw.send(&message(127, b"")).await;
        assert_eq!(
            raw.one().await,
            "ErrorResponse ERROR 08P01 'unrecognized client message type ClientMessageType(127)'"
        );
        assert!(raw.is_silent().await);
        // Silence up to the next Sync, which every Query implied once.
        raw.send(&query("SELECT 1")).await;
        if ends {
            assert_eq!(raw.one().await, "ReadyForQuery I");
        } else {
            assert!(raw.is_silent().await);
            assert_eq!(raw.exchange(&sync()).await, ["ReadyForQuery I"]);
        }
        assert_eq!(raw.query("SELECT 1").await.len(), 4);
    }
}

#[tokio::test]
async fn a_query_after_a_failed_message_is_discarded_up_to_the_sync() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    raw.query("BEGIN").await;
    raw.query("SAVEPOINT s").await;
    let batch = [
        run("INSERT INTO tr VALUES (1, 1, 'a')"),
        query("SELECT 1"),
        query("RELEASE SAVEPOINT s"),
        sync(),
    ];
    assert_eq!(
        raw.exchange(&batch.concat()).await,
        [
            "ParseComplete",
            "BindComplete",
            DUPLICATE,
            "ReadyForQuery E"
        ]
    );
    assert_eq!(
        raw.query("ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s")
            .await,
        [
            "CommandComplete 'ROLLBACK'",
            "CommandComplete 'RELEASE'",
            "ReadyForQuery T"
        ]
    );
}

#[tokio::test]
async fn statements_of_a_query_are_judged_one_by_one() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let answer = raw
        .query("BEGIN; INSERT INTO tr VALUES (1, 1, 'a'); COMMIT; SELECT 1/0; SELECT 2")
        .await;
    assert_eq!(
        answer[..3],
        [
            "CommandComplete 'BEGIN'",
            "CommandComplete 'INSERT 0 1'",
            "CommandComplete 'COMMIT'"
        ]
    );
    assert!(
        answer.iter().any(|line| line.contains(" 22012 ")),
        "{answer:?}"
    );
    assert_eq!(answer.last().unwrap(), "ReadyForQuery I");
    // BEGIN makes an explicit transaction of the implicit one.
    let answer = raw
        .query("INSERT INTO tr VALUES (2, 1, 'a'); BEGIN; INSERT INTO tr VALUES (3, 1, 'a'); BEGIN")
        .await;
    assert!(
        answer[3].starts_with("ErrorResponse ERROR 25001"),
        "{answer:?}"
    );
    assert_eq!(answer[4], "ReadyForQuery E");
    raw.query("ROLLBACK").await;
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 1");
    // COMMIT and ROLLBACK end the implicit one.
    assert_eq!(
        raw.query(
            "INSERT INTO tr VALUES (4, 1, 'a'); COMMIT; INSERT INTO tr VALUES (5, 1, 'a'); ROLLBACK"
        )
        .await,
        [
            "CommandComplete 'INSERT 0 1'",
            "CommandComplete 'COMMIT'",
            "CommandComplete 'INSERT 0 1'",
            "CommandComplete 'ROLLBACK'",
            "ReadyForQuery I"
        ]
    );
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 2");
    // Nothing runs of a text that cannot be parsed.
    let answer = raw
        .query("INSERT INTO tr VALUES (6, 1, 'a'); SELEC 1")
        .await;
    assert_eq!(answer.len(), 2, "{answer:?}");
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 42601"),
        "{answer:?}"
    );
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 2");
}

#[tokio::test]
async fn each_statement_is_a_transaction_where_the_setting_is_off() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    assert_eq!(
        raw.query("SET enable_implicit_transaction_for_batch_statements = 'false'")
            .await,
        ["CommandComplete 'SET'", "ReadyForQuery I"]
    );
    let answer = raw
        .query("INSERT INTO tr VALUES (4, 1, 'a'); SELECT 1/0; INSERT INTO tr VALUES (5, 1, 'a')")
        .await;
    assert!(
        answer.iter().any(|line| line.contains(" 22012 ")),
        "{answer:?}"
    );
    let batch = [
        run("INSERT INTO tr VALUES (6, 1, 'a')"),
        run("INSERT INTO tr VALUES (4, 1, 'a')"),
        sync(),
    ];
    assert_eq!(
        raw.exchange(&batch.concat()).await.last().unwrap(),
        "ReadyForQuery I"
    );
    assert_eq!(
        raw.query("SELECT string_agg(id::text, ' ' ORDER BY id) FROM tr")
            .await[1],
        "DataRow 4 6"
    );
}

#[tokio::test]
async fn a_statement_of_more_than_16_mib_is_refused_and_the_session_goes_on() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let sql = format!("SELECT '{}'", "x".repeat(16 << 20));
    let answer = raw.query(&sql).await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 08P01 'message size 17 MiB bigger than"),
        "{answer:?}"
    );
    assert_eq!(answer[1], "ReadyForQuery I");
    assert_eq!(raw.query("SELECT 1").await.len(), 4);
    let large = [parse("", &sql), sync()].concat();
    assert_eq!(raw.exchange(&large).await.len(), 2);
}

#[tokio::test]
async fn a_changed_result_type_is_seen_after_bind() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V25_4)).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    raw.exchange(&[parse("all", "SELECT * FROM tr"), sync()].concat())
        .await;
    let again = [bind("", "all", &[]), execute("", 0), sync()].concat();
    assert_eq!(
        raw.exchange(&again).await,
        [
            "BindComplete",
            "DataRow 1 | 1 | a",
            "CommandComplete 'SELECT 1'",
            "ReadyForQuery I"
        ]
    );
    raw.query("ALTER TABLE tr ADD COLUMN w INT8").await;
    assert_eq!(
        raw.exchange(&again).await,
        [
            "BindComplete",
            "ErrorResponse ERROR 0A000 'cached plan must not change result type'",
            "ReadyForQuery I"
        ]
    );
    let unknown = raw
        .exchange(&[bind("", "nope", &[]), sync()].concat())
        .await;
    assert!(
        unknown[0].starts_with("ErrorResponse ERROR 26000"),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn a_changed_result_type_is_seen_at_bind_since_v26() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.exchange(&[parse("all", "SELECT * FROM tr"), sync()].concat())
        .await;
    raw.query("ALTER TABLE tr ADD COLUMN w INT8").await;
    let again = [bind("", "all", &[]), execute("", 0), sync()].concat();
    assert_eq!(
        raw.exchange(&again).await,
        [
            "ErrorResponse ERROR 0A000 'cached plan must not change result type'",
            "ReadyForQuery I"
        ]
    );
}
