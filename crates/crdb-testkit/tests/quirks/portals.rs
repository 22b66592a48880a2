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
