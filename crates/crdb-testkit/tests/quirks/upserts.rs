//! UPSERT, and writes that wait for their COMMIT.

use crdb_testkit::{CockroachVersion, QuirksOptions};

use crate::raw::{Raw, bind, execute, parse, query, run, session, sync};

#[tokio::test]
async fn an_upsert_writes_over_what_has_the_same_key() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for (sql, tag) in [
        (
            "UPSERT INTO tr VALUES (1, 1, 'a'), (2, 2, 'b')",
            "INSERT 0 2",
        ),
        ("UPSERT INTO tr (id, v) VALUES (1, 10)", "INSERT 0 1"),
        ("UPSERT INTO tr (id, s) SELECT 2, 'c'", "INSERT 0 1"),
    ] {
        assert_eq!(raw.query(sql).await[0], format!("CommandComplete '{tag}'"));
    }
    let prepared = [
        parse(
            "",
            "UPSERT INTO tr (id, v, s) VALUES ($1, 3, 'd') RETURNING id",
        ),
        bind("", "", &["3"]),
        execute("", 0),
        sync(),
    ];
    assert_eq!(
        raw.exchange(&prepared.concat()).await[2..4],
        ["DataRow 3", "CommandComplete 'INSERT 0 1'"]
    );
    assert_eq!(
        raw.query("SELECT string_agg(id || ':' || v || s, ' ' ORDER BY id) FROM tr")
            .await[1],
        "DataRow 1:10a 2:2c 3:3d"
    );
}

/// A transaction that has read, and another one that has written since.
async fn race(reader: &mut Raw, writer: &mut Raw) {
    writer.query("UPSERT INTO tr VALUES (1, 0, 'a')").await;
    reader.query("BEGIN").await;
    reader.query("SELECT * FROM tr").await;
    writer.query("UPDATE tr SET v = v + 1").await;
}

#[tokio::test]
async fn a_blind_write_that_lost_fails_at_commit_since_v26() {
    let (proxy, database, mut a) = session(QuirksOptions::default()).await;
    let mut b = Raw::connect(proxy.port(), database.name()).await;
    let write = "UPSERT INTO tr VALUES (1, 5, 'b')";
    for ask in [query(write), [run(write), sync()].concat()] {
        race(&mut a, &mut b).await;
        let answer = a.exchange(&ask).await;
        assert_eq!(
            answer[answer.len() - 2..],
            ["CommandComplete 'INSERT 0 1'", "ReadyForQuery T"]
        );
        let end = a.query("COMMIT").await;
        assert!(
            end[0].starts_with("ErrorResponse ERROR 40001 'restart transaction: "),
            "{end:?}"
        );
        assert_eq!(end[1], "ReadyForQuery I");
        assert_eq!(b.query("SELECT s FROM tr").await[1], "DataRow a");
        // One that did not lose is committed.
        a.query("BEGIN").await;
        a.exchange(&ask).await;
        assert_eq!(a.query("COMMIT").await[0], "CommandComplete 'COMMIT'");
        assert_eq!(b.query("SELECT s FROM tr").await[1], "DataRow b");
    }
    // At once with the setting off, and before v26.2.
    a.query("SET kv_transaction_buffered_writes_enabled = off")
        .await;
    let (old_proxy, old_database, mut c) =
        session(QuirksOptions::default().version(CockroachVersion::V25_4)).await;
    let mut d = Raw::connect(old_proxy.port(), old_database.name()).await;
    for (reader, writer) in [(&mut a, &mut b), (&mut c, &mut d)] {
        race(reader, writer).await;
        let answer = reader.query(write).await;
        assert!(
            answer[0].starts_with("ErrorResponse ERROR 40001"),
            "{answer:?}"
        );
        assert_eq!(answer[1], "ReadyForQuery E");
    }
}
