//! Several statements at once, in both protocols.

use crdb_testkit::QuirksOptions;

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
            "ErrorResponse ERROR XXUUU 'there is already a transaction in progress'",
            "ReadyForQuery E",
            "CommandComplete 'ROLLBACK'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn an_unknown_message_is_an_error_and_then_there_is_silence() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.send(&message(127, b"")).await;
    assert_eq!(
        raw.one().await,
        "ErrorResponse ERROR 08P01 'unrecognized client message type ClientMessageType(127)'"
    );
    assert!(raw.is_silent().await);
    // Silence up to the next Sync; and every Query implies one.
    assert_eq!(raw.query("SELECT 1").await, ["ReadyForQuery I"]);
    assert_eq!(raw.query("SELECT 1").await.len(), 4);
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
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
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
