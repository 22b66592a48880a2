//! Transactions: what begins, ends and fails them.

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{Raw, run, session, sync, until_a_session};

fn old() -> QuirksOptions {
    QuirksOptions::default().version(CockroachVersion::V23_1)
}

fn of(version: CockroachVersion) -> QuirksOptions {
    QuirksOptions::default().version(version)
}

#[tokio::test]
async fn an_end_without_a_beginning_is_an_error() {
    for (version, code) in [
        (CockroachVersion::V22_2, "XXUUU"),
        (CockroachVersion::V24_1, "25P01"),
    ] {
        let (_proxy, _database, mut raw) = session(of(version)).await;
        for sql in [
            "ROLLBACK",
            "COMMIT",
            "end",
            "SAVEPOINT a",
            "RELEASE SAVEPOINT a",
            "SET TRANSACTION READ ONLY",
        ] {
            let expected = [
                format!("ErrorResponse ERROR {code} 'there is no transaction in progress'"),
                "ReadyForQuery I".to_owned(),
            ];
            assert_eq!(raw.query(sql).await, expected, "{sql}");
            assert_eq!(
                raw.exchange(&[run(sql), sync()].concat()).await[2..],
                expected,
                "{sql}"
            );
        }
    }
}

#[tokio::test]
async fn an_end_without_a_beginning_only_warns_since_v25() {
    for version in [CockroachVersion::V25_2, CockroachVersion::V26_2] {
        let (_proxy, _database, mut raw) = session(of(version)).await;
        for (sql, tag) in [
            ("ROLLBACK", "ROLLBACK"),
            ("COMMIT", "COMMIT"),
            ("SAVEPOINT a", "SAVEPOINT"),
            ("RELEASE SAVEPOINT a", "RELEASE"),
        ] {
            let expected = [
                "NoticeResponse WARNING 25P01 'there is no transaction in progress'".to_owned(),
                format!("CommandComplete '{tag}'"),
                "ReadyForQuery I".to_owned(),
            ];
            assert_eq!(raw.query(sql).await, expected, "{sql}");
            assert_eq!(
                raw.exchange(&[run(sql), sync()].concat()).await[2..],
                expected,
                "{sql}"
            );
        }
        raw.query("SET autocommit_before_ddl = off").await;
        assert!(raw.query("COMMIT").await[0].starts_with("ErrorResponse ERROR 25P01"));
    }
}

#[tokio::test]
async fn a_rollback_to_no_savepoint_is_an_error_everywhere() {
    for version in [CockroachVersion::V22_2, CockroachVersion::V26_2] {
        let (_proxy, _database, mut raw) = session(of(version)).await;
        for begin in ["SELECT 1", "BEGIN"] {
            raw.query(begin).await;
            assert_eq!(
                raw.query("ROLLBACK TO SAVEPOINT x").await[0],
                "ErrorResponse ERROR 3B001 'savepoint \"x\" does not exist'"
            );
        }
    }
}

#[tokio::test]
async fn a_second_begin_fails_the_transaction() {
    for (version, code) in [
        (CockroachVersion::V22_2, "XXUUU"),
        (CockroachVersion::V23_1, "25001"),
        (CockroachVersion::V26_2, "25001"),
    ] {
        let (_proxy, _database, mut raw) = session(of(version)).await;
        let failed = [
            format!("ErrorResponse ERROR {code} 'there is already a transaction in progress'"),
            "ReadyForQuery E".to_owned(),
        ];
        assert_eq!(
            raw.query("BEGIN").await,
            ["CommandComplete 'BEGIN'", "ReadyForQuery T"]
        );
        assert_eq!(raw.query("BEGIN").await, failed);
        assert_eq!(
            raw.query("ROLLBACK").await,
            ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
        );

        raw.query("BEGIN").await;
        assert_eq!(
            raw.exchange(&[run("BEGIN"), sync()].concat()).await[2..],
            failed
        );
        // COMMIT of a failed transaction succeeds and says what it did.
        assert_eq!(
            raw.query("COMMIT").await,
            ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
        );
    }
}

#[tokio::test]
async fn a_chain_leaves_a_transaction_open_since_v26() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for tag in ["COMMIT", "ROLLBACK"] {
        raw.query("BEGIN").await;
        assert_eq!(
            raw.query(&format!("{tag} AND CHAIN")).await,
            [
                format!("CommandComplete '{tag}'"),
                "ReadyForQuery T".to_owned()
            ]
        );
        let chained = raw
            .exchange(&[run(&format!("{tag} AND CHAIN")), sync()].concat())
            .await;
        assert_eq!(
            chained[2..],
            [
                format!("CommandComplete '{tag}'"),
                "ReadyForQuery T".to_owned()
            ]
        );
        assert_eq!(
            raw.query(&format!("{tag} AND NO CHAIN")).await,
            [
                format!("CommandComplete '{tag}'"),
                "ReadyForQuery I".to_owned()
            ]
        );
    }
    let (_proxy, _database, mut raw) = session(of(CockroachVersion::V25_4)).await;
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("COMMIT AND CHAIN").await,
        [
            "ErrorResponse ERROR 42601 'at or near \"and\": syntax error' detail=\"source SQL:\\nCOMMIT AND CHAIN\\n       ^\"",
            "ReadyForQuery E"
        ]
    );
}

#[tokio::test]
async fn a_failed_transaction_takes_nothing_but_its_end() {
    let (_proxy, _database, mut raw) = session(old()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await,
        [
            "ErrorResponse ERROR 23505 'duplicate key value violates unique constraint \"tr_pkey\"' \
             detail=\"Key (id)=(1) already exists.\" constraint=\"tr_pkey\"",
            "ReadyForQuery E"
        ]
    );
    assert_eq!(
        raw.query("SELECT 1").await,
        [
            "ErrorResponse ERROR 25P02 'current transaction is aborted, commands ignored until end of transaction block'",
            "ReadyForQuery E"
        ]
    );
    assert_eq!(
        raw.query("COMMIT").await,
        ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn a_savepoint_can_be_rolled_back_to() {
    let (_proxy, _database, mut raw) = session(old()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("SAVEPOINT a").await,
        ["CommandComplete 'SAVEPOINT'", "ReadyForQuery T"]
    );
    assert_eq!(
        raw.query("INSERT INTO tr VALUES (1, 1, 'a')")
            .await
            .last()
            .unwrap(),
        "ReadyForQuery E"
    );
    assert_eq!(
        raw.query("ROLLBACK TO SAVEPOINT a").await,
        ["CommandComplete 'ROLLBACK'", "ReadyForQuery T"]
    );
    assert_eq!(
        raw.query("UPDATE tr SET v = 2").await,
        ["CommandComplete 'UPDATE 1'", "ReadyForQuery T"]
    );
    assert_eq!(
        raw.query("COMMIT").await,
        ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
    );
}

async fn count(raw: &mut Raw) -> String {
    raw.query("SELECT count(*) FROM tr").await[1].clone()
}

#[tokio::test]
async fn releasing_the_restart_savepoint_commits() {
    let (proxy, database, mut raw) = session(old()).await;
    let mut other = Raw::connect(proxy.port(), database.name()).await;
    let committed = "ErrorResponse ERROR 25000 'current transaction is committed, commands ignored until end of transaction block'";
    for extended in [false, true] {
        let ask = |sql: &str| {
            if extended {
                [run(sql), sync()].concat()
            } else {
                crate::raw::query(sql)
            }
        };
        let last = |answer: Vec<String>| answer[answer.len() - 2..].to_vec();
        raw.query("BEGIN").await;
        assert_eq!(
            last(raw.exchange(&ask("SAVEPOINT cockroach_restart")).await),
            ["CommandComplete 'SAVEPOINT'", "ReadyForQuery T"]
        );
        raw.query(&format!(
            "INSERT INTO tr VALUES ({}, 1, 'a')",
            u8::from(extended)
        ))
        .await;
        assert_eq!(
            last(
                raw.exchange(&ask("RELEASE SAVEPOINT cockroach_restart"))
                    .await
            ),
            ["CommandComplete 'COMMIT'", "ReadyForQuery T"]
        );
        assert_eq!(
            count(&mut other).await,
            format!("DataRow {}", 1 + u8::from(extended))
        );
        assert_eq!(
            last(raw.query("SELECT 1").await),
            [committed, "ReadyForQuery T"]
        );
        assert_eq!(
            last(raw.exchange(&[run("SELECT 1"), sync()].concat()).await),
            [committed, "ReadyForQuery T"]
        );
        assert_eq!(
            last(raw.exchange(&ask("COMMIT")).await),
            ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
        );
    }
    // A ROLLBACK comes too late and says so.
    raw.query("BEGIN; SAVEPOINT cockroach_restart").await;
    raw.query("RELEASE SAVEPOINT cockroach_restart").await;
    assert_eq!(
        raw.query("ROLLBACK").await,
        ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn the_restart_savepoint_brings_a_failed_transaction_back() {
    let (_proxy, _database, mut raw) = session(old()).await;
    raw.query("BEGIN").await;
    raw.query("SAVEPOINT cockroach_restart").await;
    for back in [
        "ROLLBACK TO SAVEPOINT cockroach_restart",
        "SAVEPOINT cockroach_restart",
    ] {
        assert_eq!(
            raw.query("SELECT * FROM nowhere").await.last().unwrap(),
            "ReadyForQuery E"
        );
        assert_eq!(
            raw.query(back).await,
            ["CommandComplete 'ROLLBACK'", "ReadyForQuery T"],
            "{back}"
        );
        raw.query("SELECT * FROM nowhere").await;
        let answer = raw.exchange(&[run(back), sync()].concat()).await;
        assert_eq!(
            answer[2..],
            ["CommandComplete 'ROLLBACK'", "ReadyForQuery T"],
            "{back}"
        );
    }
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    raw.query("RELEASE SAVEPOINT cockroach_restart").await;
    raw.query("COMMIT").await;
    assert_eq!(count(&mut raw).await, "DataRow 1");
}

#[tokio::test]
async fn the_restart_savepoint_must_come_first() {
    let (_proxy, _database, mut raw) = session(old()).await;
    raw.query("BEGIN").await;
    raw.query("SELECT 1").await;
    let answer = raw.query("SAVEPOINT cockroach_restart").await;
    assert!(
        answer[0].contains("needs to be the first statement in a transaction"),
        "{answer:?}"
    );
    assert_eq!(answer[1], "ReadyForQuery E");
}

#[tokio::test]
async fn conflicts_and_write_skew_are_retry_errors_in_cockroachdbs_words() {
    let (proxy, database, mut a) = session(old()).await;
    let mut b = Raw::connect(proxy.port(), database.name()).await;
    a.query("INSERT INTO tr VALUES (1, 1, 'a'), (2, 2, 'b')")
        .await;
    a.query("BEGIN").await;
    a.query("SELECT v FROM tr WHERE id = 1").await;
    b.query("BEGIN").await;
    b.query("SELECT v FROM tr WHERE id = 1").await;
    a.query("UPDATE tr SET v = 5 WHERE id = 1").await;
    assert_eq!(
        a.query("COMMIT").await,
        ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
    );
    let conflict = b.query("UPDATE tr SET v = 6 WHERE id = 1").await;
    let restart =
        "ErrorResponse ERROR 40001 'restart transaction: TransactionRetryWithProtoRefreshError: ";
    assert!(conflict[0].starts_with(restart), "{conflict:?}");
    assert_eq!(conflict[1], "ReadyForQuery E");
    b.query("ROLLBACK").await;

    for session in [&mut a, &mut b] {
        session.query("BEGIN").await;
        session.query("SELECT sum(v) FROM tr").await;
    }
    a.query("UPDATE tr SET v = 7 WHERE id = 1").await;
    b.query("UPDATE tr SET v = 8 WHERE id = 2").await;
    let (first, second) = (a.query("COMMIT").await, b.query("COMMIT").await);
    let failed = [&first, &second]
        .into_iter()
        .filter(|answer| answer[0].starts_with(restart))
        .count();
    assert_eq!(failed, 1, "{first:?} {second:?}");
    assert_eq!(
        (
            first.last().unwrap().as_str(),
            second.last().unwrap().as_str()
        ),
        ("ReadyForQuery I", "ReadyForQuery I")
    );
}

#[tokio::test]
async fn a_forced_retry_fails_once_something_was_answered() {
    let (_proxy, _database, mut raw) = session(old()).await;
    let force = "SELECT crdb_internal.force_retry('40ms')";
    let done = ["DataRow 0", "CommandComplete 'SELECT 1'"];
    assert_eq!(raw.query(force).await[1..3], done);
    raw.query("BEGIN").await;
    assert_eq!(raw.query(force).await[1..3], done);
    raw.query("COMMIT").await;
    raw.query("BEGIN").await;
    raw.query("SELECT 1").await;
    let hour = raw
        .query("SELECT crdb_internal.force_retry('1h':::INTERVAL)")
        .await;
    assert!(
        hour[0].starts_with(
            "ErrorResponse ERROR 40001 'restart transaction: crdb_internal.force_retry()"
        ),
        "{hour:?}"
    );
    assert_eq!(hour[1], "ReadyForQuery E");
}

#[tokio::test]
async fn clauses_of_cockroachdb_are_taken_out() {
    let (_proxy, _database, mut raw) = session(old()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    let answer = raw
        .query("SELECT id FROM tr AS OF SYSTEM TIME follower_read_timestamp() WHERE id = 1")
        .await;
    assert_eq!(answer[1], "DataRow 1");
    assert_eq!(
        raw.query("BEGIN PRIORITY HIGH, AS OF SYSTEM TIME '-10s'")
            .await,
        ["CommandComplete 'BEGIN'", "ReadyForQuery T"]
    );
}

#[tokio::test]
async fn a_historical_transaction_only_reads_and_lies_in_the_past() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("BEGIN AS OF SYSTEM TIME '-10s'").await;
    assert_eq!(
        raw.query("SHOW transaction_read_only").await[1],
        "DataRow on"
    );
    let answer = raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    assert_eq!(
        answer,
        [
            "ErrorResponse ERROR 25006 'cannot execute INSERT in a read-only transaction'",
            "ReadyForQuery E"
        ]
    );
    raw.query("ROLLBACK").await;
    let answer = raw.query("BEGIN AS OF SYSTEM TIME '1s'").await;
    assert!(
        answer[0].starts_with("ErrorResponse ERROR XXUUU 'AS OF SYSTEM TIME: "),
        "{answer:?}"
    );
    assert_eq!(answer[1], "ReadyForQuery I");
    let late = "INSERT INTO tr VALUES (8, 1, 'a'); BEGIN AS OF SYSTEM TIME '-1us'; SELECT 1";
    let answer = raw.query(late).await;
    assert_eq!(answer[0], "CommandComplete 'INSERT 0 1'");
    assert!(
        answer[1].starts_with("ErrorResponse ERROR 25000"),
        "{answer:?}"
    );
    assert_eq!(answer[2], "ReadyForQuery I");
    assert_eq!(count(&mut raw).await, "DataRow 0");
}

#[tokio::test]
async fn the_time_of_the_latest_commit_can_be_shown() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let mut other = Raw::connect(proxy.port(), database.name()).await;
    let nothing = other.query("SHOW COMMIT TIMESTAMP").await;
    assert!(
        nothing[0].starts_with("ErrorResponse ERROR 25000"),
        "{nothing:?}"
    );

    raw.query("SELECT 1").await;
    let shown = raw.query("SHOW COMMIT TIMESTAMP").await;
    assert_eq!(shown[0], "RowDescription commit_timestamp:1700");
    assert!(shown[1].ends_with(".0000000000"), "{shown:?}");
    assert_eq!(
        shown[2..],
        [
            "CommandComplete 'SHOW COMMIT TIMESTAMP 1'",
            "ReadyForQuery I"
        ]
    );
    // It is no transaction itself.
    assert_eq!(
        raw.exchange(&[run("SHOW COMMIT TIMESTAMP"), sync()].concat())
            .await[2],
        shown[1]
    );
    for ask in [
        crate::raw::query("SHOW COMMIT TIMESTAMP"),
        [run("SHOW COMMIT TIMESTAMP"), sync()].concat(),
    ] {
        raw.query("BEGIN; INSERT INTO tr SELECT count(*), 1, 'a' FROM tr")
            .await;
        let in_transaction = raw.exchange(&ask).await;
        assert_eq!(in_transaction.last().unwrap(), "ReadyForQuery T");
        assert_eq!(
            raw.query("SELECT 1").await.last().unwrap(),
            "ReadyForQuery T"
        );
        assert_eq!(
            raw.query("COMMIT").await,
            ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
        );
        let row = &in_transaction[in_transaction.len() - 3];
        assert_eq!(&raw.query("SHOW COMMIT TIMESTAMP").await[1], row);
        assert!(*row > shown[1], "{row} {shown:?}");
    }
    assert_eq!(count(&mut other).await, "DataRow 2");
    // After other statements it commits what came before it.
    let both = raw
        .query("INSERT INTO tr VALUES (9, 1, 'a'); SHOW COMMIT TIMESTAMP")
        .await;
    assert_eq!(both[3], "CommandComplete 'SHOW COMMIT TIMESTAMP 1'");
    let old = session(of(CockroachVersion::V22_2))
        .await
        .2
        .query("SHOW COMMIT TIMESTAMP")
        .await;
    assert!(old[0].starts_with("ErrorResponse ERROR 42601"), "{old:?}");
}

#[tokio::test]
async fn a_statement_of_its_own_is_retried_by_the_server() {
    let (proxy, database, mut a) = session(QuirksOptions::default()).await;
    let mut b = Raw::connect(proxy.port(), database.name()).await;
    a.query("INSERT INTO tr VALUES (1, 0, 'a')").await;
    for (at, ask) in [
        crate::raw::query("UPDATE tr SET v = v + 1"),
        [run("SELECT 1"), run("UPDATE tr SET v = v + 1"), sync()].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        a.query("BEGIN; UPDATE tr SET v = v + 1").await;
        b.send(&ask).await;
        until_a_session(&database, "wait_event_type = 'Lock'").await;
        a.query("COMMIT").await;
        let answer = b.answers(1).await;
        assert_eq!(
            answer[answer.len() - 2..],
            ["CommandComplete 'UPDATE 1'", "ReadyForQuery I"],
            "{answer:?}"
        );
        assert_eq!(
            a.query("SELECT v FROM tr").await[1],
            format!("DataRow {}", 2 * at + 2)
        );
    }
    assert_eq!(proxy.counts().server_retries, 2);
}

#[tokio::test]
async fn what_has_left_the_results_buffer_is_not_run_again() {
    for (version, answered, again) in [
        (CockroachVersion::V23_1, 10_000, true),
        (CockroachVersion::V23_1, 20_000, false),
        (CockroachVersion::V24_1, 20_000, true),
        (CockroachVersion::V24_1, 600_000, false),
    ] {
        let (proxy, database, mut a) = session(QuirksOptions::default().version(version)).await;
        let mut b = Raw::connect(proxy.port(), database.name()).await;
        a.query("INSERT INTO tr VALUES (1, 0, 'a')").await;
        a.query("BEGIN; UPDATE tr SET v = v + 1").await;
        let first = format!("SELECT repeat('x', {answered}) FROM tr");
        b.send(&[run(&first), run("UPDATE tr SET v = v + 1"), sync()].concat())
            .await;
        until_a_session(&database, "wait_event_type = 'Lock'").await;
        a.query("COMMIT").await;
        let answer = b.answers(1).await;
        let end = &answer[answer.len() - 2];
        match again {
            true => assert_eq!(end, "CommandComplete 'UPDATE 1'", "{version} {answered}"),
            false => assert!(
                end.starts_with("ErrorResponse ERROR 40001"),
                "{version} {answered}"
            ),
        }
        assert_eq!(proxy.counts().server_retries, u64::from(again));
    }
}

#[tokio::test]
async fn what_may_have_committed_inside_is_not_run_again_by_the_server() {
    let (proxy, _, mut raw) = session(QuirksOptions::default()).await;
    let block = "DO $$ BEGIN INSERT INTO tr VALUES (7, 0, 'a'); COMMIT; \
                 RAISE EXCEPTION 'as asked' USING ERRCODE = '40001'; END $$";
    for ask in [
        crate::raw::query(block),
        [run("SELECT 1"), run(&block.replace('7', "8")), sync()].concat(),
    ] {
        raw.send(&ask).await;
        let answer = raw.answers(1).await;
        let refused = answer[answer.len() - 2].starts_with("ErrorResponse ERROR 40001");
        assert!(refused, "{answer:?}");
    }
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 2");
    assert_eq!(proxy.counts().server_retries, 0);
}
