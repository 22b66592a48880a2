//! Portals with a row limit.

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{Raw, bind, close_portal, execute, parse, query, session, sync};

/// A transaction with a portal that has given one row of three.
async fn suspend(raw: &mut Raw) {
    raw.query("BEGIN").await;
    let open = [
        parse("", "SELECT generate_series(1, 3)"),
        bind("p", "", &[]),
        execute("p", 1),
        sync(),
    ]
    .concat();
    assert_eq!(
        raw.exchange(&open).await,
        [
            "ParseComplete",
            "BindComplete",
            "DataRow 1",
            "PortalSuspended",
            "ReadyForQuery T"
        ]
    );
}

#[tokio::test]
async fn a_portal_can_be_read_in_pieces() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    suspend(&mut raw).await;
    assert_eq!(
        raw.exchange(&[execute("p", 1), sync()].concat()).await,
        ["DataRow 2", "PortalSuspended", "ReadyForQuery T"]
    );
    assert_eq!(
        raw.exchange(&[close_portal("p"), sync()].concat()).await,
        ["CloseComplete", "ReadyForQuery T"]
    );
    assert_eq!(
        raw.query("SELECT 1").await.last().unwrap(),
        "ReadyForQuery T"
    );
    raw.query("ROLLBACK").await;
    suspend(&mut raw).await;
    assert_eq!(
        raw.query("COMMIT").await,
        ["CommandComplete 'COMMIT'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn nothing_else_runs_while_a_portal_is_open() {
    let (_proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V22_1)).await;
    for (bytes, operation) in [
        (query("SELECT 1"), "ExecStmt"),
        (query("ROLLBACK"), "ExecStmt"),
        ([parse("", "SELECT 1"), sync()].concat(), "PrepareStmt"),
        ([bind("q", "", &[]), sync()].concat(), "BindStmt"),
        ([execute("q", 0), sync()].concat(), "ExecPortal"),
        ([close_portal("q"), sync()].concat(), "DeletePreparedStmt"),
    ] {
        suspend(&mut raw).await;
        if operation == "ExecPortal" {
            // The portal q must be known to be refused as another one.
            raw.query("ROLLBACK").await;
            raw.query("ROLLBACK").await;
            raw.query("BEGIN").await;
            let two = [
                parse("", "SELECT generate_series(1, 3)"),
                bind("p", "", &[]),
                bind("q", "", &[]),
                execute("p", 1),
                sync(),
            ];
            raw.exchange(&two.concat()).await;
        }
        let answer = raw.exchange(&bytes).await;
        let detail = format!(
            "detail=\"cannot perform operation sql.{operation} while a different portal is open\""
        );
        assert!(
            answer[0].starts_with(
                "ErrorResponse ERROR 0A000 'unimplemented: multiple active portals not supported'"
            ),
            "{operation}: {answer:?}"
        );
        assert!(answer[0].contains(&detail), "{operation}: {answer:?}");
        assert_eq!(answer[1], "ReadyForQuery E", "{operation}");
        assert_eq!(
            raw.query("ROLLBACK").await,
            ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
        );
    }
}

#[tokio::test]
async fn a_sync_outside_a_transaction_closes_the_portal() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let open = [
        parse("", "SELECT generate_series(1, 3)"),
        bind("", "", &[]),
        execute("", 1),
        sync(),
    ]
    .concat();
    assert_eq!(raw.exchange(&open).await.last().unwrap(), "ReadyForQuery I");
    assert_eq!(raw.query("SELECT 1").await.len(), 4);
}

#[tokio::test]
async fn the_message_names_the_setting_since_v23() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    suspend(&mut raw).await;
    let answer = raw.query("SELECT 1").await;
    assert!(
        answer[0].contains("please set session variable multiple_active_portals_enabled to true"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn several_portals_can_be_read_where_the_setting_is_on() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("SET multiple_active_portals_enabled = true")
        .await;
    raw.query("BEGIN").await;
    let two = [
        parse("q", "SELECT generate_series(1, 3)"),
        bind("p1", "q", &[]),
        bind("p2", "q", &[]),
        execute("p1", 1),
        execute("p2", 1),
        execute("p1", 1),
        execute("p2", 0),
        query("SELECT 7"),
    ];
    assert_eq!(
        raw.exchange(&two.concat()).await,
        [
            "ParseComplete",
            "BindComplete",
            "BindComplete",
            "DataRow 1",
            "PortalSuspended",
            "DataRow 1",
            "PortalSuspended",
            "DataRow 2",
            "PortalSuspended",
            "DataRow 2",
            "DataRow 3",
            "CommandComplete 'SELECT 2'",
            "RowDescription ?column?:23",
            "DataRow 7",
            "CommandComplete 'SELECT 1'",
            "ReadyForQuery T"
        ]
    );
    let again = [bind("p1", "q", &[]), sync()];
    assert_eq!(
        raw.exchange(&again.concat()).await[0],
        "ErrorResponse ERROR 42P03 'portal \"p1\" already exists'"
    );
    raw.query("ROLLBACK").await;
    // A portal that writes cannot wait.
    for (name, text) in [
        (
            "w",
            "INSERT INTO tr VALUES (1, 1, 'a'), (2, 2, 'b') RETURNING id",
        ),
        (
            "x",
            "WITH w AS (INSERT INTO tr VALUES (1, 1, 'a'), (2, 2, 'b') RETURNING id) SELECT id FROM w",
        ),
    ] {
        raw.query("BEGIN").await;
        let write = [
            parse(name, text),
            bind("p1", name, &[]),
            bind("p2", name, &[]),
            execute("p1", 1),
            execute("p2", 1),
            sync(),
        ];
        let answer = raw.exchange(&write.concat()).await;
        assert!(answer.len() > 5, "{answer:?}");
        assert_eq!(
            answer[5..],
            [
                "ErrorResponse ERROR 0A000 'unimplemented: the statement for a pausable portal must be a read-only SELECT \
                 query with no sub-queries or post-queries'",
                "ReadyForQuery E"
            ]
        );
        raw.query("ROLLBACK").await;
    }
}

#[tokio::test]
async fn a_portal_that_is_done_can_be_executed_again_without_effect() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a'), (2, 1, 'b')")
        .await;
    raw.query("BEGIN").await;
    let first = [
        parse("", "UPDATE tr SET v = v + 1"),
        bind("u", "", &[]),
        execute("u", 0),
        sync(),
    ];
    assert_eq!(
        raw.exchange(&first.concat()).await[2..],
        ["CommandComplete 'UPDATE 2'", "ReadyForQuery T"]
    );
    for _ in 0..2 {
        assert_eq!(
            raw.exchange(&[execute("u", 0), sync()].concat()).await,
            ["CommandComplete 'UPDATE 0'", "ReadyForQuery T"]
        );
    }
    assert_eq!(raw.query("SELECT sum(v) FROM tr").await[1], "DataRow 4");
}

#[tokio::test]
async fn a_bound_portal_sees_what_ran_after_it_was_bound() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
    raw.query("BEGIN").await;
    let bound = [
        parse("q", "SELECT v FROM tr WHERE id = $1"),
        bind("p", "q", &["1"]),
        query("UPDATE tr SET v = 10"),
    ];
    raw.exchange(&bound.concat()).await;
    assert_eq!(
        raw.exchange(&[execute("p", 0), sync()].concat()).await[0],
        "DataRow 10"
    );
}

#[tokio::test]
async fn what_a_message_names_in_vain_is_named_in_the_error() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.exchange(&[parse("two", "SELECT $1::int8 + $2::int8"), sync()].concat())
        .await;
    for (bytes, error) in [
        (
            bind("", "nope", &[]),
            "26000 'unknown prepared statement \"nope\"'",
        ),
        (execute("nope", 0), "34000 'unknown portal \"nope\"'"),
        (
            crate::raw::describe_statement("nope"),
            "26000 'unknown prepared statement \"nope\"'",
        ),
        (
            bind("", "two", &["1"]),
            "08P01 'expected 2 arguments, got 1'",
        ),
    ] {
        assert_eq!(
            raw.exchange(&[bytes, sync()].concat()).await,
            [
                format!("ErrorResponse ERROR {error}"),
                "ReadyForQuery I".to_owned()
            ]
        );
    }
}
