//! What is loaded, and how.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crdb_data::{Error, ErrorKind, Load, RowValues, Source, ValueRow};
use crdb_facade::{Database, Row as _};
use futures_util::stream;

use super::{create, file, lines, number};
use crate::database;

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

/// A row of `item` by its values.
struct Item {
    id: i64,
    name: Option<String>,
    tags: Vec<Option<&'static str>>,
}

impl ValueRow for Item {
    fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
        row.put(&self.name)?.put(&self.tags)?.put(&self.id)?;
        Ok(())
    }
}

fn items(count: i64) -> impl Iterator<Item = Result<Item, Error>> + Send {
    (0..count).map(|id| {
        Ok(Item {
            id,
            name: (id % 10 != 3).then(|| format!("a\tb\\\n{id}")),
            tags: vec![Some("x,\"y"), None],
        })
    })
}

#[tokio::test]
async fn values_are_loaded_as_they_are_by_several_sessions_and_bad_rows_kept() {
    let (_kept, plain) = database().await;
    let (_also_kept, _proxy, cockroach) = crate::cockroach().await;
    for db in [plain, cockroach] {
        create(&db).await;
        let directory = tempfile::tempdir().unwrap();
        let bad = directory.path().join("bad.csv");
        let source = || Source::values(["name", "tags", "id"], stream::iter(items(2_000)));
        let load = Load::into_table("item")
            .resumable("items")
            .sessions(3)
            .chunk_bytes(8 * 1024)
            .bad_rows(200)
            .reject_file(&bad);
        let report = load.run(db.executor(), source()).await.unwrap();
        // A NULL in a column that takes none is bad: every tenth.
        assert_eq!((report.rows, report.rejected), (1_800, 200));
        let wrong = number(
            &db,
            "SELECT count(*) FROM item WHERE name <> E'a\\tb\\\\\\n' || id OR tags <> ARRAY['x,\"y', NULL]",
        )
        .await;
        assert_eq!(wrong, 0);
        let rejects = std::fs::read_to_string(&bad).unwrap();
        assert!(
            rejects.contains("\"\\x0003ffffffff")
                // CockroachDB's error has no field for the column.
                && (rejects.contains("\n4,\"name\",") || rejects.contains("\n4,\"\",")),
            "{rejects}"
        );
        // It is complete, so that running it again does nothing.
        let again = load.run(db.executor(), source()).await.unwrap();
        assert_eq!((again.rows, again.resumed_rows), (1_800, 1_800));
        assert_eq!(number(&db, "SELECT count(*) FROM item").await, 1_800);
    }
}

#[tokio::test]
async fn values_that_do_not_fit_the_table_are_refused_with_row_and_column() {
    let (_database, db) = database().await;
    create(&db).await;
    struct Small(i32);
    impl ValueRow for Small {
        fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
            row.put(&self.0)?;
            Ok(())
        }
    }
    let small = || Source::values(["id"], stream::iter([Ok::<_, Error>(Small(1))]));
    let error = Load::into_table("item")
        .run(db.executor(), small())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyBadRows, "{error}");
    let told = error.to_string();
    assert!(
        told.contains("line 1") && told.contains("column \"id\" is of the type int8"),
        "{told}"
    );
    // A stream whose every row is bad is told of so many rows, and not at an end that may never come.
    let endless = stream::iter(std::iter::repeat_with(|| Ok::<_, Error>(Small(1))));
    let error = Load::into_table("item")
        .bad_rows(10)
        .run(db.executor(), Source::values(["id"], endless))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyBadRows, "{error}");
    let error = Load::into_table("item")
        .replace_existing()
        .run(db.executor(), small())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    for statement in [
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE TABLE felt (id INT8 PRIMARY KEY, how mood)",
    ] {
        db.execute(statement, &[]).await.unwrap();
    }
    let felt = Source::values(["how"], stream::iter([Ok::<_, Error>(Small(1))]));
    let error = Load::into_table("felt")
        .run(db.executor(), felt)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(
        error.to_string().contains("\"how\" is of the type mood")
            && error.to_string().contains("Source::rows"),
        "{error}"
    );
    // A column that is not loaded may be of any type.
    let felt = Source::values(["id", "how"], stream::iter(items(0)));
    let report = Load::into_table("felt")
        .ignore("how")
        .run(db.executor(), felt)
        .await
        .unwrap();
    assert_eq!(report.rows, 0);
}

#[tokio::test]
async fn a_stream_that_panics_or_fails_ends_its_load() {
    let (_database, db) = database().await;
    create(&db).await;
    let panics = items(10).map(|item| match item {
        Ok(item) if item.id == 5 => panic!("the row has no value"),
        item => item,
    });
    let source = Source::values(["name", "tags", "id"], stream::iter(panics));
    let error = Load::into_table("item")
        .bad_rows(1)
        .run(db.executor(), source)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    let fails = items(10).map(|item| match item {
        Ok(item) if item.id == 5 => Err("the sensor is gone".into()),
        item => item.map_err(Box::<dyn std::error::Error + Send + Sync>::from),
    });
    let source = Source::values(["name", "tags", "id"], stream::iter(fails));
    let error = Load::into_table("item")
        .bad_rows(1)
        .run(db.executor(), source)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    assert!(format!("{error}").contains("after 5 rows"), "{error}");
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

#[path = "../../../examples/load_csv.rs"]
#[allow(dead_code, reason = "a test has no command line")]
mod example;

/// The example does what it says, in under 20 lines.
#[tokio::test]
async fn the_example_loads_a_file_into_an_empty_table() {
    let (database, db) = database().await;
    create(&db).await;
    let (_directory, path) = file("items.csv", lines(500));
    let rows = example::load(database.url(), "item", path.to_str().unwrap()).await;
    assert_eq!(rows.unwrap(), 500);
    assert_eq!(number(&db, "SELECT count(*) FROM item").await, 500);
    let code = include_str!("../../../examples/load_csv.rs").lines();
    let code =
        code.filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("#!"));
    assert!(code.count() < 20);
}

/// By UPSERT on CockroachDB, by INSERT .. ON CONFLICT elsewhere: what the input does not name stays.
#[tokio::test]
async fn rows_are_replaced_on_both_engines() {
    let (_first, postgres) = database().await;
    let (_second, _proxy, cockroach) = crate::cockroach().await;
    for db in [postgres, cockroach] {
        db.execute(
            "CREATE TABLE t (id INT8 PRIMARY KEY, name TEXT, code TEXT)",
            &[],
        )
        .await
        .unwrap();
        db.execute("INSERT INTO t VALUES (1, 'old', 'x'), (2, 'old', 'y')", &[])
            .await
            .unwrap();
        let (_directory, path) = file("t.csv", "name,id\nnew,1\nnew,3\n");
        let report = Load::into_table("t")
            .replace_existing()
            .run(db.executor(), Source::csv(&path))
            .await
            .unwrap();
        assert_eq!(report.rows, 2);
        let rows = db
            .fetch_all(
                "SELECT id || name || coalesce(code, '-') FROM t ORDER BY id",
                &[],
            )
            .await
            .unwrap();
        let rows: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(rows, ["1newx", "2oldy", "3new-"]);
    }
}

#[test]
fn a_load_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn check(db: &Database) {
        is_send(&Load::into_table("t").run(db.executor(), Source::csv("t.csv")));
    }
    let _ = check;
}
