//! DDL in transactions, and tables that are locked against it.

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{Raw, bind, execute, parse, run, session, sync};

async fn count(raw: &mut Raw) -> String {
    raw.query("SELECT count(*) FROM tr").await[1].clone()
}

const AUTOCOMMITTED: &str = "NoticeResponse NOTICE 00000 'auto-committing transaction before processing DDL due to \
                             autocommit_before_ddl setting'";

#[tokio::test]
async fn ddl_commits_what_came_before_it_since_v25() {
    for extended in [false, true] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
        raw.query("BEGIN").await;
        raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
        let ddl = "ALTER TABLE tr ADD COLUMN w INT8";
        let answer = if extended {
            raw.exchange(&[run(ddl), sync()].concat()).await
        } else {
            raw.query(ddl).await
        };
        assert_eq!(answer[0], AUTOCOMMITTED);
        assert_eq!(
            answer[answer.len() - 2..],
            ["CommandComplete 'ALTER TABLE'", "ReadyForQuery I"]
        );
        let end = raw.query("ROLLBACK").await;
        assert!(
            end[0].starts_with("NoticeResponse WARNING 25P01"),
            "{end:?}"
        );
        assert_eq!(count(&mut raw).await, "DataRow 1");
    }
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V23_1)).await;
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("ALTER TABLE tr ADD COLUMN w INT8").await,
        ["CommandComplete 'ALTER TABLE'", "ReadyForQuery T"]
    );
}

/// On PostgreSQL it cannot be done in a transaction, nor behind another message of a batch.
#[tokio::test]
async fn an_index_is_always_made_concurrently() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V23_1)).await;
    raw.query("BEGIN").await;
    for (statement, tag) in [
        (
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_w ON tr (id)",
            "CREATE INDEX",
        ),
        ("DROP INDEX CONCURRENTLY by_w", "DROP INDEX"),
    ] {
        assert_eq!(
            raw.query(statement).await,
            [
                format!("CommandComplete '{tag}'"),
                "ReadyForQuery T".to_owned()
            ]
        );
    }
    raw.query("ROLLBACK").await;
    let batch = [
        run("INSERT INTO tr VALUES (1, 1, 'a')"),
        run("CREATE UNIQUE INDEX CONCURRENTLY by_w ON tr (id)"),
        sync(),
    ];
    let answer = raw.exchange(&batch.concat()).await;
    assert_eq!(
        answer[answer.len() - 2..],
        ["CommandComplete 'CREATE INDEX'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn ddl_commits_a_transaction_that_has_only_begun_and_when_it_is_prepared() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("BEGIN").await;
    // As soon as it is prepared.
    assert_eq!(
        raw.exchange(&[parse("d", "CREATE TABLE d (id INT8)"), sync()].concat())
            .await,
        [AUTOCOMMITTED, "ParseComplete", "ReadyForQuery I"]
    );
    // And when what was prepared before is bound.
    raw.query("BEGIN").await;
    assert_eq!(
        raw.exchange(&[bind("", "d", &[]), execute("", 0), sync()].concat())
            .await,
        [
            AUTOCOMMITTED,
            "BindComplete",
            "CommandComplete 'CREATE TABLE'",
            "ReadyForQuery I"
        ]
    );
}

#[tokio::test]
async fn ddl_commits_what_came_before_it_in_its_batch_too() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let batch = [
        run("INSERT INTO tr VALUES (1, 1, 'a')"),
        run("CREATE INDEX i ON tr (v)"),
        run("INSERT INTO tr VALUES (2, 1, 'a')"),
        run("SELECT 1/0"),
        sync(),
    ];
    let answer = raw.exchange(&batch.concat()).await;
    assert_eq!(
        answer[..7],
        [
            "ParseComplete",
            "BindComplete",
            "CommandComplete 'INSERT 0 1'",
            AUTOCOMMITTED,
            "ParseComplete",
            "BindComplete",
            "CommandComplete 'CREATE INDEX'"
        ]
    );
    assert_eq!(answer.last().unwrap(), "ReadyForQuery I");
    // The DDL began a transaction of its own, which the division undid.
    assert_eq!(count(&mut raw).await, "DataRow 1");
    assert_eq!(
        raw.query("SELECT count(*) FROM pg_indexes WHERE indexname = 'i'")
            .await[1],
        "DataRow 0"
    );

    let answer = raw
        .query("INSERT INTO tr VALUES (3, 1, 'a'); CREATE INDEX i ON tr (v); SELECT 1/0")
        .await;
    assert_eq!(
        answer[..3],
        [
            "CommandComplete 'INSERT 0 1'",
            AUTOCOMMITTED,
            "CommandComplete 'CREATE INDEX'"
        ]
    );
    assert_eq!(count(&mut raw).await, "DataRow 2");
    // The first of a batch has nothing to commit.
    assert_eq!(
        raw.query("CREATE INDEX j ON tr (v)").await,
        ["CommandComplete 'CREATE INDEX'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn a_locked_table_takes_no_change_in_a_transaction_since_v26() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let locked = "ErrorResponse ERROR 57000 'this schema change is disallowed because table \"tr\" is locked and this \
                  operation cannot automatically unlock the table'";
    raw.query("SET autocommit_before_ddl = off").await;
    raw.query("BEGIN").await;
    let answer = raw.query("ALTER TABLE tr ADD COLUMN w INT8").await;
    assert!(answer[0].starts_with(locked), "{answer:?}");
    assert_eq!(answer[1], "ReadyForQuery E");
    raw.query("ROLLBACK").await;
    // Of its own it unlocks the table, but for some.
    assert_eq!(
        raw.query("ALTER TABLE tr ADD COLUMN w INT8").await[0],
        "CommandComplete 'ALTER TABLE'"
    );
    let by_hand = "ALTER TABLE tr ADD CONSTRAINT c CHECK (v > 0)";
    assert!(raw.query(by_hand).await[0].starts_with(locked));
    assert_eq!(
        raw.query("ALTER TABLE tr SET (schema_locked = false)")
            .await,
        ["CommandComplete 'ALTER TABLE'", "ReadyForQuery I"]
    );
    assert_eq!(raw.query(by_hand).await[0], "CommandComplete 'ALTER TABLE'");
    raw.query("CREATE TABLE u (id INT8) WITH (schema_locked = false)")
        .await;
    raw.query("BEGIN").await;
    assert_eq!(
        raw.query("CREATE INDEX ON u (id)").await,
        ["CommandComplete 'CREATE INDEX'", "ReadyForQuery T"]
    );
}
