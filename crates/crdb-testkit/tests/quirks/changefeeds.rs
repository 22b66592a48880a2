//! Changefeeds without a sink.

use crdb_testkit::QuirksOptions;

use crate::raw::{Raw, query, run, session, sync, untyped};

/// The next row that is not a resolved timestamp.
async fn change(raw: &mut Raw) -> String {
    loop {
        let line = raw.one().await;
        if !line.contains("resolved") {
            return line;
        }
    }
}

/// The `updated` or `resolved` timestamp of a row.
fn timestamp(line: &str) -> u128 {
    let digits: String = line
        .rsplit(['"'])
        .find(|text| text.ends_with(".0000000000"))
        .unwrap()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

#[tokio::test]
async fn a_changefeed_tells_rows_and_what_becomes_of_them() {
    for extended in [false, true] {
        let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
        raw.query("INSERT INTO tr VALUES (1, 1, 'it''s')").await;
        let mut feed = Raw::connect(proxy.port(), database.name()).await;
        let sql = "CREATE CHANGEFEED FOR tr WITH updated, resolved = '10ms'";
        if extended {
            feed.send(&[run(sql), sync()].concat()).await;
            assert_eq!(feed.one().await, "ParseComplete");
            assert_eq!(feed.one().await, "BindComplete");
        } else {
            feed.send(&query(sql)).await;
            assert_eq!(
                feed.one().await,
                "RowDescription table:25, key:17, value:17"
            );
        }
        let first = change(&mut feed).await;
        // Text shows bytes in hexadecimal.
        let decoded = |line: &str| -> String {
            line.split(" | ")
                .map(|value| match value.strip_prefix("\\x") {
                    Some(digits) => {
                        let bytes: Vec<u8> = (0..digits.len())
                            .step_by(2)
                            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
                            .collect();
                        String::from_utf8(bytes).unwrap()
                    }
                    None => value.to_owned(),
                })
                .collect::<Vec<_>>()
                .join(" | ")
        };
        let first = decoded(&first);
        assert!(
            first.starts_with(
                "DataRow tr | [1] | {\"after\":{\"id\":1,\"s\":\"it's\",\"v\":1},\"updated\":\""
            ),
            "{first}"
        );
        raw.query("UPDATE tr SET v = 2").await;
        let mut lines = Vec::new();
        while lines.len() < 3 {
            let line = decoded(&feed.one().await);
            if line.contains("resolved") && lines.is_empty() {
                continue;
            }
            lines.push(line);
        }
        assert!(lines[0].contains("\"v\":2"), "{lines:?}");
        // What was resolved is over: later changes are later.
        let resolved = lines.iter().find(|line| line.contains("resolved")).unwrap();
        assert!(
            resolved.starts_with("DataRow NULL | NULL | {\"resolved\":\""),
            "{resolved}"
        );
        raw.query("DELETE FROM tr").await;
        let gone = loop {
            let line = decoded(&feed.one().await);
            if !line.contains("resolved\":") {
                break line;
            }
        };
        assert!(
            gone.starts_with("DataRow tr | [1] | {\"after\":null,\"updated\":\""),
            "{gone}"
        );
        assert!(timestamp(&gone) > timestamp(resolved));

        // It ends by a cancel request.
        let mut cancel = tokio::net::TcpStream::connect(("127.0.0.1", proxy.port()))
            .await
            .unwrap();
        let body = [&[4_u8, 210, 22, 46][..], &feed.key].concat();
        tokio::io::AsyncWriteExt::write_all(&mut cancel, &untyped(&body))
            .await
            .unwrap();
        let end = loop {
            let line = feed.one().await;
            if !line.starts_with("DataRow") {
                break line;
            }
        };
        assert_eq!(end, "ErrorResponse ERROR 57014 'query execution canceled'");
        assert_eq!(feed.one().await, "ReadyForQuery I");
    }
}

/// The text of a row's value, which is shown in hexadecimal.
fn decoded(line: &str) -> String {
    let digits = line.rsplit("\\x").next().unwrap();
    let bytes: Vec<u8> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_changefeed_goes_on_from_a_cursor_on_another_node_and_tells_what_was_missed() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let engine = crdb_testkit::Engine::shared_postgres().await;
    let other = crdb_testkit::QuirksProxy::start(engine, QuirksOptions::default().node_id(2));
    let other = other.await.unwrap();
    let mut feed = Raw::connect(proxy.port(), database.name()).await;
    let sql = "CREATE CHANGEFEED FOR tr WITH updated, resolved = '10ms', no_initial_scan";
    feed.send(&query(sql)).await;
    feed.one().await;
    let resolved = loop {
        let line = feed.one().await;
        if decoded(&line).contains("resolved\":") {
            break timestamp(&decoded(&line));
        }
    };
    drop(feed);
    raw.query("INSERT INTO tr VALUES (1, 1, 'missed')").await;
    let mut feed = Raw::connect(other.port(), database.name()).await;
    let sql = format!(
        "CREATE CHANGEFEED FOR tr WITH updated, resolved, cursor = '{resolved}.0000000000'"
    );
    feed.send(&query(&sql)).await;
    feed.one().await;
    let told = decoded(&feed.one().await);
    assert!(told.contains("missed"), "{told}");
    assert!(timestamp(&told) > resolved);
    drop(feed);
    let long_ago = raw
        .query("CREATE CHANGEFEED FOR tr WITH updated, cursor = '17'")
        .await;
    assert!(
        long_ago[0].contains("must be after replica GC threshold"),
        "{long_ago:?}"
    );
}

#[tokio::test]
async fn a_changefeed_wants_a_session_of_its_own_and_a_table() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let none = raw.query("EXPERIMENTAL CHANGEFEED FOR nowhere").await;
    assert!(
        none.iter()
            .any(|line| line.starts_with("ErrorResponse ERROR 42P01")),
        "{none:?}"
    );
    raw.query("BEGIN").await;
    let inside = raw.query("CREATE CHANGEFEED FOR tr").await;
    assert!(inside[0].contains("cannot be used inside a multi-statement transaction"));
    assert_eq!(inside[1], "ReadyForQuery E");
}
