//! COPY.

use std::time::Duration;

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{message, parse, query, run, session, sync};

fn data(text: &str) -> Vec<u8> {
    message(b'd', text.as_bytes())
}

#[tokio::test]
async fn copy_works_in_the_simple_protocol() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let copy = [
        query("COPY tr FROM STDIN"),
        data("1\t1\ta\n"),
        data("2\t2\tb\n"),
        message(b'c', b""),
    ];
    assert_eq!(
        raw.exchange(&copy.concat()).await,
        [
            "CopyInResponse format=0",
            "CommandComplete 'COPY 2'",
            "ReadyForQuery I"
        ]
    );
    let binary = [
        query("COPY tr FROM STDIN WITH BINARY"),
        message(b'f', b"no\0"),
    ];
    let answer = raw.exchange(&binary.concat()).await;
    assert_eq!(
        answer,
        [
            "CopyInResponse format=1",
            "ErrorResponse ERROR 57014 'COPY from stdin failed: no'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn copy_in_knows_neither_conditions_nor_freeze() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for (sql, word) in [
        ("COPY tr FROM STDIN WHERE id > 1", "where"),
        ("COPY tr FROM STDIN WITH (FREEZE)", "freeze"),
        ("COPY tr FROM STDIN CSV FREEZE", "freeze"),
    ] {
        let answer = raw.query(sql).await;
        assert!(
            answer[0].starts_with(&format!(
                "ErrorResponse ERROR 42601 'at or near \"{word}\": syntax error'"
            )),
            "{answer:?}"
        );
        assert_eq!(answer[1], "ReadyForQuery I", "{sql}");
    }
    // A column may be called so.
    raw.query("CREATE TABLE odd (\"where\" INT8)").await;
    let copy = [
        query("COPY odd (\"where\") FROM STDIN"),
        data("1\n"),
        message(b'c', b""),
    ];
    let answer = raw.exchange(&copy.concat()).await;
    assert_eq!(answer[1], "CommandComplete 'COPY 1'");
}

#[tokio::test]
async fn copy_is_refused_in_the_extended_protocol() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let refused = "ErrorResponse ERROR XXUUU 'CopyFrom not supported in extended protocol mode'";
    for sql in [
        "COPY tr FROM STDIN",
        "COPY tr (id, v) FROM STDIN WITH (FORMAT binary)",
    ] {
        assert_eq!(
            raw.exchange(&[parse("", sql), sync()].concat()).await,
            [refused, "ReadyForQuery I"],
            "{sql}"
        );
    }
    raw.query("BEGIN").await;
    assert_eq!(
        raw.exchange(&[run("COPY tr FROM STDIN"), sync()].concat())
            .await,
        [refused, "ReadyForQuery E"]
    );
}

#[tokio::test]
async fn a_bad_row_ends_the_copy_and_the_rest_is_ignored() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.send(
        &[
            query("COPY tr FROM STDIN"),
            data("1\t1\ta\n"),
            data("oops\t2\tb\n"),
        ]
        .concat(),
    )
    .await;
    assert_eq!(raw.one().await, "CopyInResponse format=0");
    // PostgreSQL may look at the data only when it is complete.
    raw.send(
        &[
            data("3\t3\tc\n"),
            message(b'c', b""),
            query("SELECT count(*) FROM tr"),
        ]
        .concat(),
    )
    .await;
    let answer = raw.answers(2).await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR 22P02"),
        "{answer:?}"
    );
    assert_eq!(answer[1], "ReadyForQuery I");
    assert_eq!(answer[3], "DataRow 0");
}

#[tokio::test]
async fn copy_comes_alone() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let refused = "ErrorResponse ERROR 08P01 'COPY together with other statements in a query string is not supported'";
    assert_eq!(
        raw.query("COPY tr FROM STDIN; SELECT 1").await,
        [refused, "ReadyForQuery I"]
    );
    // What comes before it is answered first.
    for copy in ["COPY tr FROM STDIN", "COPY tr TO STDOUT"] {
        assert_eq!(
            raw.query(&format!("SELECT 1::int8 AS a; {copy}; SELECT 2"))
                .await,
            [
                "RowDescription a:20",
                "DataRow 1",
                "CommandComplete 'SELECT 1'",
                refused,
                "ReadyForQuery I"
            ]
        );
    }
}

#[tokio::test]
async fn a_statement_in_the_middle_of_a_copy_ends_it() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let answer = raw
        .exchange(&[query("COPY tr FROM STDIN"), query("SELECT 2")].concat())
        .await;
    assert_eq!(answer[0], "CopyInResponse format=0");
    assert!(
        answer[1].starts_with("ErrorResponse ERROR 08P01"),
        "{answer:?}"
    );
    assert_eq!(answer[2], "ReadyForQuery I");
}

#[tokio::test]
async fn copy_out_is_text_and_younger_than_v22() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    assert_eq!(
        raw.query("COPY tr TO STDOUT").await,
        [
            "CopyOutResponse format=0",
            "CopyData 1\t1\ta",
            "CopyDone",
            "CommandComplete 'COPY 1'",
            "ReadyForQuery I"
        ]
    );
    assert!(
        raw.query("COPY tr TO STDOUT WITH BINARY").await[0]
            .starts_with("ErrorResponse ERROR 0A000")
    );
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_1)).await;
    assert!(raw.query("COPY tr TO STDOUT").await[0].starts_with("ErrorResponse ERROR 42601"));
}

#[tokio::test]
async fn a_row_of_the_wrong_width_is_refused_with_counts() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for (copy, row, message) in [
        (
            "COPY tr FROM STDIN",
            "1\t1\ta\tbad\n",
            "expected 3 values, got 4",
        ),
        ("COPY tr FROM STDIN", "1\n", "expected 3 values, got 1"),
        (
            "COPY tr FROM STDIN DELIMITER ','",
            "1,2,3,4,5\n",
            "expected 3 values, got 5",
        ),
        (
            "COPY tr FROM STDIN CSV",
            "1,1\n",
            "read CSV record: record on line 1: wrong number of fields",
        ),
    ] {
        let copy = [query(copy), data(row), message_done()].concat();
        assert_eq!(
            raw.exchange(&copy).await,
            [
                "CopyInResponse format=0".to_owned(),
                format!("ErrorResponse ERROR 22P04 '{message}'"),
                "ReadyForQuery I".to_owned()
            ]
        );
    }
}

fn message_done() -> Vec<u8> {
    message(b'c', b"")
}

/// Before v25.3.6, v25.4.1 and v26.1 a COPY committed by itself although its transaction's time was over.
#[tokio::test]
async fn a_copy_of_its_own_that_takes_too_long_is_past_its_deadline_each_time() {
    let options = QuirksOptions::default().version(CockroachVersion::V25_2);
    let (proxy, _database, mut raw) = session(options).await;
    let copy = |id: u8| {
        [
            query("COPY tr FROM STDIN"),
            data(&format!("{id}\t{id}\ta\n")),
            message(b'c', b""),
        ]
        .concat()
    };
    proxy.limit_copies(Some(Duration::ZERO));
    for _ in 0..2 {
        let answer = raw.exchange(&copy(1)).await;
        assert_eq!(answer[0], "CopyInResponse format=0");
        assert!(
            answer[1].contains(" 40001 ") && answer[1].contains("RETRY_COMMIT_DEADLINE_EXCEEDED"),
            "{answer:?}"
        );
        assert_eq!(answer[2..], ["ReadyForQuery I"]);
    }
    // In a transaction it is COMMIT that commits.
    raw.query("BEGIN").await;
    let answer = raw.exchange(&copy(1)).await;
    assert_eq!(answer[1..], ["CommandComplete 'COPY 1'", "ReadyForQuery T"]);
    raw.query("COMMIT").await;
    proxy.limit_copies(None);
    let answer = raw.exchange(&copy(2)).await;
    assert_eq!(answer[1], "CommandComplete 'COPY 1'");
    let answer = raw.query("SELECT count(*) FROM tr").await;
    assert_eq!(answer[1], "DataRow 2");
}
