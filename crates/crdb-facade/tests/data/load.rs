//! Loads: what arrives, what is refused, and what a kill leaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crdb_data::{ErrorKind, Load, Source};
use crdb_facade::{Database, Row as _};
use crdb_testkit::{Cut, Injection};
use futures_util::stream;

use crate::{cockroach, database};

/// A directory that goes with the test, and a file in it.
fn file(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

async fn number(db: &Database, select: &str) -> i64 {
    db.fetch_one(select, &[]).await.unwrap().get(0).unwrap()
}

async fn create(db: &Database) {
    db.execute(
        "CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT NOT NULL, price NUMERIC(10,2), tags TEXT[], extra JSONB, \
         code VARCHAR(3), twice INT8 GENERATED ALWAYS AS (id * 2) STORED)",
        &[],
    )
    .await
    .unwrap();
}

fn lines(rows: i64) -> String {
    let mut csv = String::from("name,id,price\n");
    for id in 0..rows {
        csv.push_str(&format!("\"item, {id}\",{id},{}.50\n", id % 1_000));
    }
    csv
}

#[tokio::test]
async fn csv_is_loaded_by_the_names_of_its_columns() {
    let (_database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file(
        "items.csv",
        "\u{feff}Name,ID,price,note\r\n\"a \"\"b\"\"\nc\",1,,x\r\n\r\n\"\",2,1.5,y\r\n",
    );
    let report = Load::into_table("Item")
        .ignore("note")
        .run(db.executor(), Source::file(&path).unwrap())
        .await
        .unwrap();
    assert_eq!((report.rows, report.rejected), (2, 0));
    let rows = db
        .fetch_all("SELECT name, price::text FROM item ORDER BY id", &[])
        .await
        .unwrap();
    let got: Vec<(String, Option<String>)> = rows
        .iter()
        .map(|row| (row.get(0).unwrap(), row.get(1).unwrap()))
        .collect();
    assert_eq!(
        got,
        [
            ("a \"b\"\nc".to_owned(), None),
            (String::new(), Some("1.50".to_owned()))
        ]
    );
    // Nothing is left behind of a load without a name.
    assert_eq!(number(&db, "SELECT count(*) FROM crdb_data_chunk").await, 0);
    assert_eq!(number(&db, "SELECT count(*) FROM crdb_data_load").await, 0);
    assert_eq!(
        number(&db, "SELECT count(*) FROM crdb_idempotency_key").await,
        0
    );
}

#[tokio::test]
async fn many_chunks_go_over_several_sessions_with_progress() {
    let (_database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file("items.csv", lines(20_000));
    let (seen, last) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (counted, bytes) = (Arc::clone(&seen), Arc::clone(&last));
    let report = Load::into_table("item")
        .sessions(3)
        .chunk_bytes(32 * 1024)
        .on_progress(move |progress| {
            counted.fetch_add(1, Ordering::Relaxed);
            bytes.fetch_max(progress.bytes, Ordering::Relaxed);
            assert!(progress.bytes <= progress.total_bytes.unwrap());
        })
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!(report.rows, 20_000);
    assert!(seen.load(Ordering::Relaxed) > 5);
    let header = "name,id,price\n".len() as u64;
    assert_eq!(
        last.load(Ordering::Relaxed),
        std::fs::metadata(&path).unwrap().len() - header
    );
    assert_eq!(number(&db, "SELECT count(*) FROM item").await, 20_000);
    assert_eq!(
        number(&db, "SELECT sum(id)::int8 FROM item").await,
        20_000 * 19_999 / 2
    );
}

#[tokio::test]
async fn json_lines_and_streams_are_loaded() {
    let (_database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file(
        "items.jsonl",
        "{\"id\": 1, \"name\": \"a\\tb\\\\\", \"price\": 1.10, \"tags\": [\"x\", null, \"y,z\"], \"extra\": {\"k\": [1]}}\n\
         {\"name\": \"ü\", \"id\": 9007199254740993}\n",
    );
    let report = Load::into_table("item")
        .run(db.executor(), Source::json_lines(&path))
        .await
        .unwrap();
    assert_eq!(report.rows, 2);
    let row = db
        .fetch_one(
            "SELECT name, price::text, tags[3], extra->'k'->>0 FROM item WHERE id = 1",
            &[],
        )
        .await
        .unwrap();
    let got: Vec<String> = (0..4).map(|index| row.get(index).unwrap()).collect();
    assert_eq!(got, ["a\tb\\", "1.10", "y,z", "1"]);
    assert_eq!(
        number(&db, "SELECT max(id) FROM item").await,
        9_007_199_254_740_993
    );

    let rows = stream::iter((10..1_010).map(|id: i64| {
        Ok::<_, std::io::Error>(vec![Some(id.to_string()), Some(format!("row {id}"))])
    }));
    let report = Load::into_table("item")
        .chunk_rows(64)
        .run(db.executor(), Source::rows(["id", "name"], rows))
        .await
        .unwrap();
    assert_eq!(report.rows, 1_000);
    assert_eq!(number(&db, "SELECT count(*) FROM item").await, 1_002);
}

#[tokio::test]
async fn bad_rows_are_kept_with_line_column_and_reason_and_the_others_are_loaded() {
    let (_database, db) = database().await;
    create(&db).await;
    let mut csv = b"id,name,price,code\n1,one,1,a\n2,short\n3,many,1,a,b\nx,four,1,a\n5,five,abc,a\n6,six,1,long\n7,,1,a\n8,\"ei\nght\",1,a\n1,again,1,a\n".to_vec();
    csv.extend_from_slice(b"10,\xff,1,a\n11,eleven,1,a\n");
    let (directory, path) = file("items.csv", csv);
    let bad = directory.path().join("bad.csv");
    let report = Load::into_table("item")
        .bad_rows(8)
        .reject_file(&bad)
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!((report.rows, report.rejected), (3, 8));
    let kept: Vec<i64> = db
        .fetch_all("SELECT id FROM item ORDER BY id", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0).unwrap())
        .collect();
    assert_eq!(kept, [1, 8, 11]);
    let rejects = String::from_utf8_lossy(&std::fs::read(&bad).unwrap()).into_owned();
    // Each is there once, under a header.
    assert_eq!(
        rejects.lines().filter(|line| line.contains(",\"")).count(),
        8,
        "{rejects}"
    );
    for (line, column, reason) in [
        (3, "", "short line"),
        (4, "", "column too many"),
        (5, "id", "bigint"),
        (6, "price", "numeric"),
        (7, "", "too long"),
        (8, "name", "null value"),
        (11, "", "duplicate key"),
        (12, "", "no UTF-8"),
    ] {
        let start = format!("{line},\"{column}\",");
        let found = rejects.lines().find(|found| found.starts_with(&start));
        assert!(
            found.is_some_and(|found| found.contains(reason)),
            "line {line}: {rejects}"
        );
    }
}

/// One more bad row than allowed is an error that says where it is and what to do, and nothing of its chunk is there.
#[tokio::test]
async fn input_that_is_wrong_is_named_with_its_place_and_leaves_no_half_chunk() {
    let (_database, db) = database().await;
    create(&db).await;
    for (name, content, kind, parts) in [
        (
            "a.csv",
            &b"id,name\n1,a\n2,b\nx,c\n"[..],
            ErrorKind::TooManyBadRows,
            &[
                "line 4",
                "column id",
                "invalid input syntax",
                "correct the row",
            ][..],
        ),
        (
            "b.csv",
            b"id,name\n1,a\n2\n",
            ErrorKind::TooManyBadRows,
            &["line 3", "short line"],
        ),
        (
            "c.csv",
            b"id,name\n1,a\n2,b,c\n",
            ErrorKind::TooManyBadRows,
            &["line 3", "column too many"],
        ),
        (
            "d.csv",
            b"id,name\n1,\xffa\n",
            ErrorKind::TooManyBadRows,
            &["line 2", "no UTF-8"],
        ),
        (
            "e.csv",
            b"id,name\n1,\"a\n2,b\n",
            ErrorKind::Input,
            &["line 2", "close the quote"],
        ),
        (
            "f.csv",
            b"id,nom\n1,a\n",
            ErrorKind::Refused,
            &["no column \"nom\"", "rename or ignore", "name"],
        ),
        (
            "g.csv",
            b"id,twice\n1,2\n",
            ErrorKind::Refused,
            &["computed by the server", "ignore it"],
        ),
        (
            "h.csv",
            b"id,ID\n1,2\n",
            ErrorKind::Refused,
            &["two columns", "rename or ignore"],
        ),
        (
            "i.csv",
            b"PAR1\0\0",
            ErrorKind::Input,
            &["a Parquet file", "CSV was expected"],
        ),
        ("j.csv", b"\x1f\x8b\x08", ErrorKind::Input, &["gzip"]),
        ("k.csv", b"i\0d\0", ErrorKind::Input, &["binary"]),
        ("l.csv", b"{\"id\": 1}\n", ErrorKind::Input, &["is JSON"]),
        ("m.csv", b"", ErrorKind::Input, &["empty", "header"]),
        ("n.jsonl", b"id,name\n", ErrorKind::Input, &["no JSON"]),
        (
            "o.jsonl",
            b"[{\"id\": 1}]\n",
            ErrorKind::Input,
            &["one array"],
        ),
        (
            "p.jsonl",
            b"{\"id\": 1, \"name\": \"a\"}\n{\"id\": 2, \"name\"\n",
            ErrorKind::TooManyBadRows,
            &["line 2"],
        ),
        (
            "q.jsonl",
            b"{\"id\": 1, \"name\": \"a\"}\n{\"id\": 2, \"nom\": \"b\"}\n",
            ErrorKind::TooManyBadRows,
            &["line 2", "column nom"],
        ),
    ] {
        let (_directory, path) = file(name, content);
        let error = Load::into_table("item")
            .run(db.executor(), Source::file(&path).unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        let message = error.to_string();
        for part in parts
            .iter()
            .chain(&[if kind == ErrorKind::Refused { "" } else { name }])
        {
            assert!(message.contains(part), "{name}: {message}");
        }
        assert_eq!(number(&db, "SELECT count(*) FROM item").await, 0, "{name}");
    }
    let missing = Load::into_table("item")
        .run(db.executor(), Source::csv("/nonexistent/x.csv"))
        .await
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(
        missing.to_string().contains("/nonexistent/x.csv"),
        "{missing}"
    );
    let (_directory, path) = file("a.csv", "id\n1\n");
    let table = Load::into_table("no_table")
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert!(table.to_string().contains("no_table"), "{table}");
    assert!(
        Source::file("data.xlsx")
            .unwrap_err()
            .to_string()
            .contains("name the format")
    );
}

#[tokio::test]
async fn rows_that_exist_are_replaced_or_kept() {
    let (_database, db) = database().await;
    create(&db).await;
    db.execute(
        "INSERT INTO item (id, name, code) VALUES (1, 'old', 'x'), (2, 'old', 'y')",
        &[],
    )
    .await
    .unwrap();
    let (_directory, path) = file("items.csv", "id,name\n1,new\n3,new\n3,newer\n");
    let load = Load::into_table("item").sessions(1);
    let report = load
        .clone()
        .replace_existing()
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!(report.rows, 3);
    let names = async || -> Vec<String> {
        let rows = db
            .fetch_all(
                "SELECT id || name || coalesce(code, '') FROM item ORDER BY id",
                &[],
            )
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    };
    assert_eq!(names().await, ["1newx", "2oldy", "3newer"]);
    let (_directory, path) = file("items.csv", "id,name\n1,newest\n4,new\n");
    load.clone()
        .keep_existing()
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!(names().await, ["1newx", "2oldy", "3newer", "4new"]);
    let (_directory, path) = file("items.csv", "id,name,code\n5,a,b\n6,a,long\n");
    let error = load
        .replace_existing()
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("line 3") && error.to_string().contains("too long"),
        "{error}"
    );
    let (_directory, path) = file("items.csv", "name\na\n");
    let error = Load::into_table("item")
        .replace_existing()
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("primary key"), "{error}");
}

/// A load that is dropped in the middle, again and again, ends with every row once.
#[tokio::test]
async fn a_load_that_is_dropped_goes_on_where_it_was() {
    let (_database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file("items.csv", lines(5_000));
    let load = Load::into_table("item")
        .resumable("items")
        .chunk_bytes(2_000)
        .sessions(2);
    let mut runs = 0;
    let report = loop {
        runs += 1;
        let progressed = Arc::new(tokio::sync::Notify::new());
        let told = Arc::clone(&progressed);
        let chunks = AtomicU64::new(0);
        let run = load
            .clone()
            .on_progress(move |_| {
                if chunks.fetch_add(1, Ordering::Relaxed) == 7 {
                    told.notify_one();
                }
            })
            .run(db.executor(), Source::csv(&path))
            .await_or(progressed)
            .await;
        if let Some(report) = run {
            break report.unwrap();
        }
    };
    assert!(runs > 3, "{runs}");
    assert_eq!(report.rows, 5_000);
    assert_eq!(number(&db, "SELECT count(*) FROM item").await, 5_000);
    assert_eq!(
        number(&db, "SELECT count(DISTINCT id) FROM item").await,
        5_000
    );
    // Once more does nothing.
    let again = load.run(db.executor(), Source::csv(&path)).await.unwrap();
    assert_eq!((again.rows, again.resumed_rows), (5_000, 5_000));
    // Another input is another load.
    std::fs::write(&path, lines(10)).unwrap();
    let error = load
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    Load::forget(db.executor(), "items").await.unwrap();
    assert_eq!(number(&db, "SELECT count(*) FROM crdb_data_chunk").await, 0);
}

/// Runs until it is done, or drops it when it is told to.
trait AwaitOr: Future + Sized {
    async fn await_or(self, stop: Arc<tokio::sync::Notify>) -> Option<Self::Output> {
        tokio::select! {
            biased;
            () = stop.notified() => None,
            output = self => Some(output),
        }
    }
}

impl<F: Future> AwaitOr for F {}

/// Of two runs of one load, the later one wins, and each row is there once.
#[tokio::test]
async fn a_run_that_takes_over_stops_the_other() {
    let (_database, db) = database().await;
    db.execute(
        "CREATE TABLE plain (id INT8, name TEXT, price NUMERIC)",
        &[],
    )
    .await
    .unwrap();
    let (_directory, path) = file("items.csv", lines(4_000));
    let load = Load::into_table("plain")
        .resumable("items")
        .chunk_bytes(1_000)
        .sessions(2);
    let started = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&started);
    let first = load.clone().on_progress(move |_| told.notify_one());
    let second = async {
        started.notified().await;
        load.run(db.executor(), Source::csv(&path)).await
    };
    let (first, second) = tokio::join!(first.run(db.executor(), Source::csv(&path)), second);
    let error = first.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert_eq!(second.unwrap().rows, 4_000);
    assert_eq!(number(&db, "SELECT count(*) FROM plain").await, 4_000);
    assert_eq!(
        number(&db, "SELECT count(DISTINCT id) FROM plain").await,
        4_000
    );
}

#[tokio::test]
async fn files_that_are_in_use_or_change_are_refused() {
    let (_database, db) = database().await;
    create(&db).await;
    let (directory, path) = file("items.csv", lines(100));
    let writer = std::fs::File::options().append(true).open(&path).unwrap();
    writer.lock().unwrap();
    let error = Load::into_table("item")
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    writer.unlock().unwrap();

    let bad = directory.path().join("bad.csv");
    let other = std::fs::File::create(&bad).unwrap();
    other.lock().unwrap();
    let load = Load::into_table("item").reject_file(&bad);
    let error = load
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");

    let appended = path.clone();
    let error = Load::into_table("item")
        .on_progress(move |_| {
            use std::io::Write as _;
            let mut file = std::fs::File::options()
                .append(true)
                .open(&appended)
                .unwrap();
            file.write_all(b"x,1000,1\n").unwrap();
        })
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");

    // /dev/full is a disk without room.
    let (_directory, path) = file("items.csv", "id,name\nx,a\n");
    let error = Load::into_table("item")
        .bad_rows(1)
        .reject_file("/dev/full")
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(
        error.to_string().contains("/dev/full") && error.to_string().contains("free some space"),
        "{error}"
    );
}

#[tokio::test]
async fn a_table_that_changes_in_the_middle_ends_the_load() {
    let (_database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file("items.csv", lines(2_000));
    let dropping = db.clone();
    let once = std::sync::Once::new();
    let error = Load::into_table("item")
        .sessions(1)
        .chunk_bytes(4_000)
        .on_progress(move |_| {
            once.call_once(|| {
                let db = dropping.clone();
                tokio::task::spawn(async move {
                    db.execute("ALTER TABLE item DROP COLUMN price", &[])
                        .await
                        .unwrap();
                });
            });
        })
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database, "{error}");
    let message = error.to_string();
    assert!(
        message.contains("items.csv, line") && message.contains("price"),
        "{message}"
    );
    let rows = number(&db, "SELECT count(*) FROM item").await;
    let marked = number(
        &db,
        "SELECT coalesce(sum(rows), 0)::int8 FROM crdb_data_chunk",
    )
    .await;
    assert_eq!(rows, marked);
}

#[tokio::test]
async fn a_load_survives_what_a_cluster_does_to_it() {
    let (_database, proxy, db) = cockroach().await;
    db.execute("CREATE TABLE t (id INT8 PRIMARY KEY, name TEXT)", &[])
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let lines: String = (0..3_000)
        .map(|id| format!("{id},\"name\n{id}\"\n"))
        .collect();
    std::fs::write(&path, format!("id,name\n{lines}")).unwrap();
    let proxy = Arc::new(proxy);
    let (injecting, once) = (Arc::clone(&proxy), std::sync::Once::new());
    let report = Load::into_table("t")
        .chunk_rows(100)
        .on_progress(move |_| {
            once.call_once(|| {
                for injection in [
                    Injection::RetryCommit,
                    Injection::AmbiguousCommit { committed: true },
                    Injection::AmbiguousCommit { committed: false },
                    Injection::CutAfterCommit { cut: Cut::Reset },
                    Injection::CutBeforeCommit { cut: Cut::Reset },
                ] {
                    injecting.inject(injection);
                }
            });
        })
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!((report.rows, proxy.pending_injections()), (3_000, 0));
    let row = db
        .fetch_one("SELECT count(*), count(DISTINCT id) FROM t", &[])
        .await
        .unwrap();
    assert_eq!(
        (row.get::<i64>(0).unwrap(), row.get::<i64>(1).unwrap()),
        (3_000, 3_000)
    );
}

#[test]
fn a_load_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn check(db: &Database) {
        is_send(&Load::into_table("t").run(db.executor(), Source::csv("t.csv")));
    }
    let _ = check;
}
