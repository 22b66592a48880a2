//! COPY in and out, on real servers.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use crdb_testkit::{Engine, QuirksOptions, QuirksProxy};
use crdb_wire::{
    Cleanliness, Config, CopyFormat, CopyRow, EncodeError, ErrorKind, Remote, RowEncoder,
    RowWriter, Session, Sql, Text, TransactionStatus,
};
use futures_util::stream;
use postgres_types::Type;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

use crate::bed::{one, postgresql, session, soon, stream_at};

const FORMATS: [(CopyFormat, &str); 3] = [
    (CopyFormat::Text, "text"),
    (CopyFormat::Csv, "csv"),
    (CopyFormat::Binary, "binary"),
];

/// A table of this test alone.
async fn table(session: &Session, columns: &str) -> String {
    let name = format!("copy_{}", uuid());
    session
        .simple(format!("CREATE TABLE {name} ({columns})").as_str())
        .await
        .unwrap();
    name
}

fn uuid() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0)
}

/// A session through a proxy that behaves as CockroachDB does.
async fn quirky() -> (QuirksProxy, Session) {
    let engine = postgresql().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let stream = stream_at(engine, engine.database(), proxy.port()).await;
    (proxy, Session::start(stream))
}

/// A number and some texts.
#[derive(Debug, Clone, PartialEq)]
struct Record(i64, Vec<Option<String>>);

impl CopyRow for Record {
    fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
        row.value(&self.0)?;
        self.1.as_slice().encode(row)
    }
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let text = prop_oneof![
        Just(None),
        Just(Some(String::new())),
        Just(Some("\\.".to_owned())),
        Just(Some("\\N".to_owned())),
        Just(Some("NULL".to_owned())),
        "([\t\n\r\\\\\",.N'| \u{e9}\u{1f600}\u{b}\u{8}]|[a-z]){0,9}".prop_map(Some),
    ];
    prop::collection::vec(prop::collection::vec(text, 2), 0..60).prop_map(|rows| {
        rows.into_iter()
            .enumerate()
            .map(|(number, texts)| Record(number as i64, texts))
            .collect()
    })
}

/// What is encoded here is what the server reads, and what the server writes is what is decoded here.
async fn round_trips(session: &mut Session, formats: &[(CopyFormat, &str)]) {
    let name = table(session, "id INT8, a TEXT, b TEXT").await;
    let mut runner = TestRunner::deterministic();
    for case in 0..24 {
        let written = records().new_tree(&mut runner).unwrap().current();
        let (format, word) = formats[case % formats.len()];
        let text = format!("COPY {name} FROM STDIN WITH (FORMAT {word})");
        let mut copy = session.copy_in(&text, format).await.unwrap();
        copy.send_all(stream::iter(&written)).await.unwrap();
        assert_eq!(copy.rows(), written.len() as u64);
        let answer = copy.finish().await.unwrap();
        assert_eq!(answer.rows_affected(), written.len() as u64);
        assert_eq!(answer.status(), Some(TransactionStatus::Idle));

        let select = format!("SELECT id, a, b FROM {name} ORDER BY id");
        let rows = session.fetch_all(&select, &[]).await.unwrap();
        let read: Vec<_> = rows
            .iter()
            .map(|row| {
                Record(
                    row.get(0).unwrap(),
                    vec![row.get(1).unwrap(), row.get(2).unwrap()],
                )
            })
            .collect();
        assert_eq!(read, written, "{word}");

        // CockroachDB writes no binary, and nothing at all before v23.1.
        let text =
            format!("COPY (SELECT a, b FROM {name} ORDER BY id) TO STDOUT WITH (FORMAT {word})");
        let copy = session.copy_out(&text).await;
        if let Err(error) = copy {
            let unknown = error.sqlstate() == Some("42601");
            assert!(unknown || format == CopyFormat::Binary, "{error}");
            assert_eq!(formats.len(), 2);
        } else if let Ok(copy) = copy {
            let mut rows = copy.rows(format);
            let mut read = Vec::new();
            while let Some(row) = rows.next_row().await.unwrap() {
                read.push([0, 1].map(|at| row.text(at).map(str::to_owned)).to_vec());
            }
            let texts: Vec<_> = written.iter().map(|record| record.1.clone()).collect();
            assert_eq!(read, texts, "{word}");
            assert_eq!(rows.answer().unwrap().rows_affected(), written.len() as u64);
        }
        let truncate = format!("DELETE FROM {name}");
        session.execute(&truncate, &[]).await.unwrap();
    }
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn rows_come_back_as_they_were_copied_in() {
    let mut session = session(postgresql().await).await;
    round_trips(&mut session, &FORMATS).await;
}

#[tokio::test]
async fn rows_come_back_through_cockroachdbs_habits() {
    let (_proxy, mut session) = quirky().await;
    assert_eq!(session.engine(), crdb_wire::Engine::CockroachDb);
    round_trips(&mut session, &FORMATS[..2]).await;
}

#[tokio::test]
async fn values_of_many_types_are_read_by_the_server() {
    let mut session = session(postgresql().await).await;
    let columns =
        "a INT2, b INT4, c INT8, d FLOAT4, e FLOAT8, f BOOL, g BYTEA, h TEXT, i TIMESTAMPTZ";
    let name = table(&session, columns).await;
    let moment = "2026-01-02 03:04:05+00";
    for (format, word) in &FORMATS[..2] {
        let text = format!("COPY {name} FROM STDIN WITH (FORMAT {word})");
        let mut copy = session.copy_in(&text, *format).await.unwrap();
        let row = (
            -1_i16,
            -2_i32,
            i64::MIN,
            f32::MIN_POSITIVE,
            1.5e300,
            true,
            &b"\0\\\xff"[..],
            "x",
            Text(moment),
        );
        copy.send(&row).await.unwrap();
        copy.finish().await.unwrap();
    }
    let text = format!("COPY {name} (a, b, c, d, e, f, g, h) FROM STDIN WITH (FORMAT binary)");
    let mut copy = session.copy_in(&text, CopyFormat::Binary).await.unwrap();
    let row = (
        -1_i16,
        -2_i32,
        i64::MIN,
        f32::MIN_POSITIVE,
        1.5e300,
        Sql(true, Type::BOOL),
        &b"\0\\\xff"[..],
        "x",
    );
    copy.send(&row).await.unwrap();
    copy.finish().await.unwrap();
    let select = format!("SELECT * FROM {name}");
    let rows = session.fetch_all(&select, &[]).await.unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row.get::<i16>("a").unwrap(), -1);
        assert_eq!(row.get::<i32>("b").unwrap(), -2);
        assert_eq!(row.get::<i64>("c").unwrap(), i64::MIN);
        assert_eq!(row.get::<f32>("d").unwrap(), f32::MIN_POSITIVE);
        assert_eq!(row.get::<f64>("e").unwrap(), 1.5e300);
        assert!(row.get::<bool>("f").unwrap());
        assert_eq!(row.get::<&[u8]>("g").unwrap(), b"\0\\\xff");
        assert_eq!(row.get::<&str>("h").unwrap(), "x");
    }
}

#[tokio::test]
async fn a_row_that_does_not_encode_is_left_out_or_ends_the_copy() {
    let mut session = session(Engine::shared().await).await;
    let name = table(&session, "a INT8, b TEXT").await;
    let text = format!("COPY {name} FROM STDIN");
    let mut copy = session.copy_in(&text, CopyFormat::Text).await.unwrap();
    copy.send(&(1_i64, "x")).await.unwrap();
    let error = copy.send(&(2_i64, "NUL\0")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let cause = error
        .source()
        .unwrap()
        .downcast_ref::<EncodeError>()
        .unwrap();
    assert_eq!((cause.row(), cause.column()), (2, 2));
    copy.send(&(3_i64, "y")).await.unwrap();
    assert_eq!(copy.finish().await.unwrap().rows_affected(), 2);
    let count = format!("SELECT count(*) FROM {name}");
    assert_eq!(one::<i64>(&session, &count).await, 2);
}

#[tokio::test]
async fn a_copy_that_is_dropped_or_aborted_leaves_nothing_and_a_session_of_use() {
    let engine = Engine::shared().await;
    let mut session = session(engine).await;
    let name = table(&session, "a INT8, b TEXT").await;
    let text = format!("COPY {name} FROM STDIN");
    let count = format!("SELECT count(*) FROM {name}");
    for rows in [0, 1, 50_000] {
        let mut copy = session.copy_in(&text, CopyFormat::Text).await.unwrap();
        for number in 0..rows {
            copy.send(&(number, "some text")).await.unwrap();
        }
        drop(copy);
        // The next request goes out behind the end of the COPY.
        assert_eq!(one::<i64>(&session, &count).await, 0, "{rows}");
        assert_eq!(session.cleanliness(), Cleanliness::Clean);
        let mut copy = session.copy_in(&text, CopyFormat::Text).await.unwrap();
        for number in 0..rows {
            copy.send(&(number, "some text")).await.unwrap();
        }
        copy.abort().await.unwrap();
        assert_eq!(one::<i64>(&session, &count).await, 0, "{rows}");
    }
    // Dropped while the server has not answered yet, after each number of polls.
    for polls in 0..6 {
        {
            let mut begun = Box::pin(session.copy_in(&text, CopyFormat::Text));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if let Poll::Ready(copy) = begun.as_mut().poll(&mut cx) {
                    drop(copy.unwrap());
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(one::<i64>(&session, &count).await, 0);
        assert_eq!(session.cleanliness(), Cleanliness::Clean);
    }
}

#[tokio::test]
async fn the_servers_refusal_ends_a_copy_in_whose_midst_it_comes() {
    let mut session = session(postgresql().await).await;
    let name = table(&session, "a INT8 PRIMARY KEY, b TEXT").await;
    let text = format!("COPY {name} FROM STDIN");
    for _ in 0..3 {
        let mut copy = session.copy_in(&text, CopyFormat::Text).await.unwrap();
        let long = "x".repeat(1_000);
        let mut error = None;
        for number in 0..100_000_i64 {
            // The second row repeats the first one's key, and much more data comes behind it.
            if let Err(failed) = copy.send(&(number.max(1), &long)).await {
                error = Some(failed);
                break;
            }
        }
        let error = match error {
            Some(error) => {
                assert!(copy.send(&(0_i64, "x".repeat(100_000))).await.is_err());
                assert!(copy.finish().await.is_err());
                error
            }
            None => copy.finish().await.unwrap_err(),
        };
        assert_eq!(error.sqlstate(), Some("23505"), "{error}");
        assert_eq!(error.answer().status(), Some(TransactionStatus::Idle));
        assert_eq!(one::<i64>(&session, "SELECT 1::INT8").await, 1);
    }
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn what_is_no_copy_of_this_kind_is_refused_before_it_is_sent() {
    let mut session = session(postgresql().await).await;
    let name = table(&session, "a INT8").await;
    let out = format!("COPY {name} TO STDOUT");
    let into = format!("COPY {name} FROM STDIN");
    for text in ["SELECT 1", "COPY x FROM '/x'", "", &out] {
        let error = session.copy_in(text, CopyFormat::Text).await.unwrap_err();
        assert!(error.is_refused(), "{text}: {error}");
    }
    for text in ["SELECT 1", "COPY x TO '/x'", &into] {
        let error = session.copy_out(text).await.unwrap_err();
        assert!(error.is_refused(), "{text}: {error}");
    }
    let error = session
        .copy_in(&into, CopyFormat::Binary)
        .await
        .unwrap_err();
    assert!(error.is_refused(), "{error}");
    let error = session
        .copy_in("COPY no_such_table FROM STDIN", CopyFormat::Text)
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("42P01"));
    let error = session
        .copy_out(&out)
        .await
        .unwrap()
        .rows(CopyFormat::Binary)
        .next_row()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(one::<i64>(&session, "SELECT 1::INT8").await, 1);
}

#[tokio::test]
async fn bytes_of_a_file_are_copied_in_however_they_are_cut() {
    let mut own = session(postgresql().await).await;
    let (_proxy, mut quirky) = quirky().await;
    for session in [&mut own, &mut quirky] {
        let name = table(session, "a INT8, b TEXT").await;
        let text = format!("COPY {name} FROM STDIN WITH CSV");
        let file: String = (0..3_000)
            .map(|number| format!("{number},\"line \"\"one\"\"\nline two, {number}\"\n"))
            .collect();
        let pieces: Vec<Result<Bytes, std::io::Error>> = file
            .as_bytes()
            .chunks(997)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let mut copy = session.copy_in_bytes(&text, CopyFormat::Csv).await.unwrap();
        copy.send_all(stream::iter(pieces)).await.unwrap();
        assert_eq!(copy.bytes(), file.len() as u64);
        assert_eq!(copy.finish().await.unwrap().rows_affected(), 3_000);
        let select = format!("SELECT b FROM {name} WHERE a = 2999");
        assert_eq!(
            one::<String>(session, &select).await,
            "line \"one\"\nline two, 2999"
        );

        let mut copy = session.copy_in_bytes(&text, CopyFormat::Csv).await.unwrap();
        let failing = stream::iter([
            Ok(Bytes::from_static(b"1,x\n")),
            Err(std::io::Error::other("the disk")),
        ]);
        assert!(copy.send_all(failing).await.is_err());
        drop(copy);
        let count = format!("SELECT count(*) FROM {name}");
        assert_eq!(one::<i64>(session, &count).await, 3_000);
    }
}

/// A session whose server is the test.
fn over_memory() -> (Session, DuplexStream) {
    let (near, far) = duplex(16 * 1024);
    let remote = Remote::new("memory", crdb_wire::Engine::PostgreSql);
    (Session::over(near, remote, Config::default()), far)
}

#[tokio::test]
async fn rows_are_not_gathered_for_a_server_that_does_not_take_them() {
    let (mut session, mut server) = over_memory();
    let server = tokio::spawn(async move {
        server.write_all(b"G\0\0\0\x09\0\0\x01\0\0").await.unwrap();
        server
    });
    let mut copy = session
        .copy_in("COPY t FROM STDIN", CopyFormat::Text)
        .await
        .unwrap();
    let _server = server.await.unwrap();
    let row = ["x".repeat(10_000)];
    let mut sent = 0;
    loop {
        let mut sending = Box::pin(copy.send(&row));
        let mut cx = Context::from_waker(Waker::noop());
        match sending.as_mut().poll(&mut cx) {
            Poll::Ready(result) => result.unwrap(),
            Poll::Pending => break,
        }
        drop(sending);
        tokio::task::yield_now().await;
        sent += row[0].len();
        assert!(sent < 2 << 20, "{sent} bytes have been gathered");
    }
    assert!(copy.bytes() < 2 << 20);
}

#[tokio::test]
async fn data_is_not_gathered_for_a_caller_that_does_not_read() {
    let (session, mut server) = over_memory();
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let server = tokio::spawn(async move {
        server.write_all(b"H\0\0\0\x09\0\0\x01\0\0").await.unwrap();
        let mut message = b"d\0\0\x10\x04".to_vec();
        message.resize(1 + 0x1004, b'x');
        for _ in 0..2_500 {
            server.write_all(&message).await.unwrap();
            counted.fetch_add(0x1000, Ordering::SeqCst);
        }
        server
            .write_all(b"c\0\0\0\x04C\0\0\0\x0bCOPY 1\0Z\0\0\0\x05I")
            .await
            .unwrap();
        server
    });
    let mut copy = session.copy_out("COPY t TO STDOUT").await.unwrap();
    // Whatever the server can write without being read, it has written after so many turns.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    assert!(written.load(Ordering::SeqCst) < 1 << 20);
    while copy.next_data().await.unwrap().is_some() {}
    assert_eq!(copy.bytes(), 2_500 * 0x1000);
    assert_eq!(copy.answer().unwrap().tag().unwrap(), "COPY 1");
    drop(server.await.unwrap());
}

#[tokio::test]
async fn an_unread_result_is_cancelled() {
    let session = session(postgresql().await).await;
    session.begin_loan();
    let copy = session
        .copy_out("COPY (SELECT generate_series(1, 100000000)) TO STDOUT")
        .await
        .unwrap();
    drop(copy);
    assert_eq!(session.end_loan(), Cleanliness::Unfinished);
    session.reset(soon()).await.unwrap();
    assert_eq!(session.end_loan(), Cleanliness::Clean);
}

#[test]
fn a_lone_null_is_refused_in_csv_for_cockroachdb() {
    let mut encoder = RowEncoder::new(CopyFormat::Csv, crdb_wire::Engine::CockroachDb);
    let error = encoder.push(&(None::<&str>,)).unwrap_err();
    assert!(
        error.to_string().contains("CockroachDB would misread NULL"),
        "{error}"
    );
}
