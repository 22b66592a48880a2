//! `SHOW SYNTAX`: fields and messages, one row a statement, or what is wrong with the text.

use crdb_testkit::QuirksOptions;

use crate::raw::{run, session, sync};

#[tokio::test]
async fn a_text_is_shown_as_it_is_read() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let ask = "SHOW SYNTAX 'select  V from tr -- all\nwhere s=''a''; select 2;'";
    let shown = [
        "DataRow sql | SELECT v FROM tr WHERE s = 'a'",
        "DataRow sql | SELECT 2",
        "CommandComplete 'SHOW SYNTAX 2'",
        "ReadyForQuery I",
    ];
    let answer = raw.query(ask).await;
    assert_eq!(answer[0], "RowDescription field:25, message:25");
    assert_eq!(answer[1..], shown);
    let answer = raw.exchange(&[run(ask), sync()].concat()).await;
    assert_eq!(answer[2..], shown);
    let ask = "SELECT message FROM [SHOW SYNTAX 'select 1'] WHERE field = 'sql'";
    assert_eq!(raw.query(ask).await[1], "DataRow SELECT 1");

    // What is wrong with a text is data too, and no error.
    let answer = raw.query("SHOW SYNTAX 'SELCT 1'").await;
    assert_eq!(
        answer[1..],
        [
            "DataRow error | at or near \"selct\": syntax error",
            "DataRow code | 42601",
            "DataRow detail | source SQL:\nSELCT 1\n^",
            "CommandComplete 'SHOW SYNTAX 3'",
            "ReadyForQuery I",
        ]
    );
    let answer = raw.query("SHOW SYNTAX 'CREATE DOMAIN d AS INT8'").await;
    assert_eq!(answer[2], "DataRow code | 0A000");
    assert!(answer[4].starts_with("DataRow hint | "), "{answer:?}");

    // A server that reads a text otherwise.
    proxy.reads_as("SELECT a+b", "SELECT b + a");
    let answer = raw.query("SHOW SYNTAX 'SELECT a+b'").await;
    assert_eq!(answer[1], "DataRow sql | SELECT b + a");
    let answer = raw.query("SHOW SYNTAX 'SELECT a + b'").await;
    assert_eq!(answer[1], "DataRow sql | SELECT a + b");
}
