//! Exports: one moment, every row once, no half file, a manifest that tells what changed since.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crdb_data::{Csv, Destination, ErrorKind, Export, Json, Load, Manifest, Source};
use crdb_facade::{Database, Row as _};
use crdb_testkit::{Cut, FaultProxy};

use crate::{cockroach, database, on_cockroach, through};

async fn fill(db: &Database, rows: i64) {
    db.execute(
        "CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT, price NUMERIC(10,2), raw BYTEA, at TIMESTAMPTZ, tags TEXT[], extra JSONB)",
        &[],
    )
    .await
    .unwrap();
    db.execute(
        "INSERT INTO item SELECT i, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 7 = 1 THEN '' ELSE 'a,\"b\"' || chr(10) || i END, i / 100.0, \
         decode(lpad(to_hex(i), 8, '0'), 'hex'), TIMESTAMPTZ '2024-01-01 00:00:00Z' + i * INTERVAL '1 second', \
         ARRAY['x', NULL, 'y z'], jsonb_build_object('i', i) FROM generate_series(1, $1::INT8) AS g (i)",
        &[&rows],
    )
    .await
    .unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

async fn differences(db: &Database) -> i64 {
    let select = "SELECT count(*) FROM ((TABLE item EXCEPT TABLE copy) UNION ALL (TABLE copy EXCEPT TABLE item)) AS d";
    db.fetch_one(select, &[]).await.unwrap().get(0).unwrap()
}

/// What is exported in each format is loaded again, and is the same.
#[tokio::test]
async fn an_export_is_loaded_again_unchanged() {
    let (_database, db) = database().await;
    fill(&db, 5_000).await;
    let directory = tempfile::tempdir().unwrap();
    for (format, ending) in [
        (crdb_data::Format::from(Csv::postgres()), "csv"),
        (Csv::rfc4180().into(), "csv"),
        (Json::lines().into(), "jsonl"),
        #[cfg(feature = "arrow")]
        (crdb_data::ArrowIpc::new().into(), "arrow"),
        #[cfg(feature = "parquet")]
        (crdb_data::Parquet::new().into(), "parquet"),
        #[cfg(feature = "parquet")]
        (crdb_data::Parquet::new().decimals(20, 2).into(), "parquet"),
        #[cfg(feature = "snappy")]
        (
            crdb_data::Parquet::new()
                .compression(crdb_data::ParquetCompression::Snappy)
                .into(),
            "parquet",
        ),
        #[cfg(feature = "gzip")]
        (
            crdb_data::Parquet::new()
                .compression(crdb_data::ParquetCompression::Gzip)
                .into(),
            "parquet",
        ),
        #[cfg(feature = "lz4")]
        (
            crdb_data::Parquet::new()
                .compression(crdb_data::ParquetCompression::Lz4)
                .into(),
            "parquet",
        ),
        #[cfg(feature = "zstd")]
        (
            crdb_data::Parquet::new()
                .compression(crdb_data::ParquetCompression::Zstd)
                .into(),
            "parquet",
        ),
    ] {
        let target = directory.path().join(format!("out.{ending}"));
        let manifest = Export::table("item", format)
            .run(db.executor(), Destination::File(target.clone()))
            .await
            .unwrap();
        assert_eq!(manifest.rows, 5_000);
        let beside = directory.path().join(format!("out.{ending}.manifest.json"));
        assert_eq!(Manifest::verify(&beside).unwrap(), manifest);
        db.execute("DROP TABLE IF EXISTS copy", &[]).await.unwrap();
        db.execute("CREATE TABLE copy (LIKE item INCLUDING ALL)", &[])
            .await
            .unwrap();
        let report = Load::into_table("copy")
            .run(db.executor(), Source::file(&target).unwrap())
            .await
            .unwrap();
        assert_eq!(report.rows, 5_000);
        assert_eq!(differences(&db).await, 0, "{ending}");
    }
}

#[tokio::test]
async fn parts_hold_every_row_once_and_are_of_one_moment() {
    for (_database, db, as_of) in [
        {
            let (database, db) = database().await;
            ((database, None), db, on_cockroach().await)
        },
        {
            let (database, proxy, db) = cockroach().await;
            ((database, Some(proxy)), db, true)
        },
    ] {
        fill(&db, 3_000).await;
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("items");
        let manifest = Export::table("item", Csv::postgres())
            .parts(3)
            .run(db.executor(), Destination::Directory(out.clone()))
            .await
            .unwrap();
        assert_eq!((manifest.rows, manifest.parts.len()), (3_000, 3));
        assert!(
            manifest.parts.iter().all(|part| part.rows >= 900),
            "{manifest:?}"
        );
        assert_eq!(manifest.as_of.is_some(), as_of);
        assert_eq!(
            names(&out),
            [
                "manifest.json",
                "part-0001.csv",
                "part-0002.csv",
                "part-0003.csv"
            ]
        );
        Manifest::verify(&out.join("manifest.json")).unwrap();
        db.execute("CREATE TABLE copy (LIKE item INCLUDING ALL)", &[])
            .await
            .unwrap();
        for part in &manifest.parts {
            Load::into_table("copy")
                .run(db.executor(), Source::csv(out.join(&part.file)))
                .await
                .unwrap();
        }
        assert_eq!(differences(&db).await, 0);
    }
}

#[tokio::test]
async fn writes_during_an_export_are_not_in_it() {
    let (_database, db) = database().await;
    fill(&db, 4_000).await;
    let directory = tempfile::tempdir().unwrap();
    let writer = db.clone();
    let once = std::sync::Once::new();
    let manifest = Export::table("item", Csv::postgres())
        .parts(2)
        .on_progress(move |_| {
            once.call_once(|| {
                let db = writer.clone();
                drop(tokio::spawn(async move {
                    db.execute("DELETE FROM item WHERE id % 2 = 0", &[])
                        .await
                        .unwrap();
                    db.execute("INSERT INTO item (id) VALUES (1000000)", &[])
                        .await
                        .unwrap();
                }));
            });
        })
        .run(
            db.executor(),
            Destination::Directory(directory.path().join("items")),
        )
        .await
        .unwrap();
    assert_eq!(manifest.rows, 4_000);
}

#[tokio::test]
async fn an_export_goes_on_after_a_lost_connection_without_a_row_twice() {
    let (database, proxy, plain) = cockroach().await;
    fill(&plain, 20_000).await;
    let network = FaultProxy::start(proxy.host(), proxy.port()).unwrap();
    let db = through(&database, network.host(), network.port()).await;
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("items.csv");
    let network = Arc::new(network);
    let cutting = Arc::clone(&network);
    let cuts = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&cuts);
    let manifest = Export::table("item", Csv::postgres())
        .on_progress(move |_| {
            let mut cuts = counted.lock().unwrap();
            if *cuts < 3 {
                *cuts += 1;
                cutting.cut_now(Cut::Reset);
            }
        })
        .run(db.executor(), Destination::File(target.clone()))
        .await
        .unwrap();
    assert_eq!(*cuts.lock().unwrap(), 3);
    assert_eq!(manifest.rows, 20_000);
    plain
        .execute("CREATE TABLE copy (LIKE item INCLUDING ALL)", &[])
        .await
        .unwrap();
    Load::into_table("copy")
        .run(plain.executor(), Source::csv(&target))
        .await
        .unwrap();
    assert_eq!(differences(&plain).await, 0);
}

/// Every type of a key is gone on from exactly: a cast that cuts or misreads the last one would read rows again, or leave some out.
#[tokio::test]
async fn an_export_goes_on_behind_a_key_of_any_type() {
    let (database, proxy, plain) = cockroach().await;
    plain.execute("CREATE SCHEMA \"Odd\"", &[]).await.unwrap();
    plain
        .execute(
            "CREATE TYPE \"Odd\".\"Mood\" AS ENUM ('sad', 'so so', 'glad')",
            &[],
        )
        .await
        .unwrap();
    let network = Arc::new(FaultProxy::start(proxy.host(), proxy.port()).unwrap());
    let db = through(&database, network.host(), network.port()).await;
    let directory = tempfile::tempdir().unwrap();
    for (type_, value) in [
        ("BIT(5)", "(i % 32)::BIT(5)"),
        ("VARBIT", "(i % 32)::BIT(5)"),
        ("\"char\"", "chr(65 + i % 26)::\"char\""),
        (
            "\"Odd\".\"Mood\"",
            "(ARRAY['sad', 'so so', 'glad'])[1 + i % 3]::\"Odd\".\"Mood\"",
        ),
        ("CHAR(5)", "('a' || i % 4)"),
        ("TEXT", "'it''s \\ ' || i % 4"),
        ("NUMERIC", "i % 4 - 0.5"),
        ("FLOAT8", "i % 4 + 0.1"),
        ("BYTEA", "decode(lpad(to_hex(i % 4), 4, '0'), 'hex')"),
        (
            "TIMESTAMPTZ",
            "TIMESTAMPTZ '2024-01-01 00:00:00.000001Z' + (i % 4) * INTERVAL '1 day'",
        ),
        ("INTERVAL", "(i % 4) * INTERVAL '-1 month 1 day'"),
        ("INET", "('10.0.0.' || i % 4 || '/24')::INET"),
        ("BOOL", "i % 2 = 0"),
    ] {
        plain
            .execute("DROP TABLE IF EXISTS keyed", &[])
            .await
            .unwrap();
        let create =
            format!("CREATE TABLE keyed (k {type_}, id INT8, pad TEXT, PRIMARY KEY (k, id))");
        plain.execute(&create, &[]).await.unwrap();
        let fill = format!(
            "INSERT INTO keyed SELECT {value}, i, repeat('x', 4096) FROM generate_series(1, 300) AS g (i)"
        );
        plain.execute(&fill, &[]).await.unwrap();
        let target = directory.path().join("keyed.csv");
        let (cutting, cuts) = (Arc::clone(&network), Mutex::new(0));
        let manifest = Export::table("keyed", Csv::postgres())
            .on_progress(move |_| {
                let mut cuts = cuts.lock().unwrap();
                if *cuts < 2 {
                    *cuts += 1;
                    cutting.cut_now(Cut::Reset);
                }
            })
            .run(db.executor(), Destination::File(target.clone()))
            .await
            .unwrap();
        assert_eq!(manifest.rows, 300, "{type_}");
        let text = std::fs::read_to_string(&target).unwrap();
        let ids: std::collections::BTreeSet<&str> = text
            .lines()
            .skip(1)
            .map(|line| line.rsplit(',').nth(1).unwrap())
            .collect();
        assert_eq!(ids.len(), 300, "{type_}");
    }
}

#[tokio::test]
async fn progress_counts_rows_and_bytes_to_the_last() {
    let (_database, db) = database().await;
    fill(&db, 9_000).await;
    let directory = tempfile::tempdir().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let manifest = Export::table("item", Csv::postgres())
        .parts(3)
        .on_progress(move |progress| told.lock().unwrap().push((progress.rows, progress.bytes)))
        .run(
            db.executor(),
            Destination::Directory(directory.path().join("items")),
        )
        .await
        .unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 3, "{seen:?}");
    assert_eq!(
        seen.iter().max(),
        Some(&(manifest.rows, manifest.bytes)),
        "{seen:?}"
    );
}

#[tokio::test]
async fn nothing_half_is_left_under_a_final_name() {
    let (_database, db) = database().await;
    fill(&db, 10).await;
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("x.csv");
    let file = || Destination::File(target.clone());
    // A failure in the middle.
    let error = Export::query("SELECT id, 1 / (id - 5) AS q FROM item", Csv::postgres())
        .run(db.executor(), file())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database, "{error}");
    assert_eq!(names(directory.path()), [""; 0]);
    // A type without a form.
    let error = Export::query("SELECT 'a'::tsvector AS words", Csv::postgres())
        .run(db.executor(), file())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("\"words\""), "{error}");
    // A key that does not tell rows apart, and one with NULL.
    for (query, what) in [
        ("SELECT 1 AS k FROM item", "two rows"),
        ("SELECT NULL::INT8 AS k FROM item", "NULL"),
    ] {
        let error = Export::query(query, Csv::postgres().null("-"))
            .key(["k"])
            .run(db.executor(), file())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    assert_eq!(names(directory.path()), [""; 0]);
    // A text for NULL that no reader finds again.
    for null in ["a,b", "\"", "\n"] {
        let error = Export::table("item", Csv::postgres().null(null))
            .run(db.executor(), file())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    }
    assert_eq!(names(directory.path()), [""; 0]);
    // A disk without room.
    std::os::unix::fs::symlink("/dev/full", directory.path().join(".full.csv.partial")).unwrap();
    let full = Destination::File(directory.path().join("full.csv"));
    let error = Export::table("item", Csv::postgres())
        .run(db.executor(), full)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(!directory.path().join("full.csv").exists());
    // Another export writes the same file.
    let partial = std::fs::File::create(directory.path().join(".x.csv.partial")).unwrap();
    partial.lock().unwrap();
    let error = Export::table("item", Csv::postgres())
        .run(db.executor(), file())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    partial.unlock().unwrap();
    // What a killed one left is written over.
    Export::table("item", Csv::postgres())
        .run(db.executor(), file())
        .await
        .unwrap();
    assert!(target.exists() && directory.path().join("x.csv.manifest.json").exists());
}

#[tokio::test]
async fn a_manifest_tells_what_changed() {
    let (_database, db) = database().await;
    fill(&db, 100).await;
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("x.csv");
    Export::table("item", Csv::postgres())
        .run(db.executor(), Destination::File(target.clone()))
        .await
        .unwrap();
    let manifest = directory.path().join("x.csv.manifest.json");
    let (whole, said) = (
        std::fs::read(&target).unwrap(),
        std::fs::read_to_string(&manifest).unwrap(),
    );
    let verify = || Manifest::verify(&manifest).unwrap_err();
    let mut changed = whole.clone();
    changed[50] ^= 1;
    std::fs::write(&target, changed).unwrap();
    assert!(verify().to_string().contains("SHA-256"), "{}", verify());
    std::fs::write(&target, &whole[..whole.len() - 1]).unwrap();
    assert!(verify().to_string().contains("bytes"), "{}", verify());
    std::fs::remove_file(&target).unwrap();
    assert_eq!(verify().kind(), ErrorKind::Io);
    std::fs::write(&target, &whole).unwrap();
    std::fs::write(&manifest, said.replace("\"rows\": 100", "\"rows\": 99")).unwrap();
    assert_eq!(verify().kind(), ErrorKind::Mismatch);
    std::fs::write(&manifest, said.replace("\"x.csv\"", "\"../x.csv\"")).unwrap();
    assert_eq!(verify().kind(), ErrorKind::Mismatch);
    std::fs::write(&manifest, "{}").unwrap();
    assert_eq!(verify().kind(), ErrorKind::Input);
}

/// Rows are counted in every format, also where a text holds a single quote mark or the end of a line.
#[tokio::test]
async fn a_manifest_counts_the_rows_of_every_format() {
    let (_database, db) = database().await;
    let directory = tempfile::tempdir().unwrap();
    let query =
        "SELECT * FROM (VALUES (1, 'an \" alone'), (2, E'two\nlines'), (3, '\\')) AS v (id, name)";
    for (format, name) in [
        (crdb_data::Format::from(Csv::rfc4180()), "x.csv"),
        (Csv::postgres().without_header().into(), "y.csv"),
        (Json::lines().into(), "x.jsonl"),
        #[cfg(feature = "arrow")]
        (crdb_data::ArrowIpc::new().into(), "x.arrow"),
        #[cfg(feature = "parquet")]
        (crdb_data::Parquet::new().into(), "x.parquet"),
    ] {
        let target = directory.path().join(name);
        let manifest = Export::query(query, format)
            .run(db.executor(), Destination::File(target))
            .await
            .unwrap();
        let beside = directory.path().join(format!("{name}.manifest.json"));
        assert_eq!(Manifest::verify(&beside).unwrap(), manifest, "{name}");
        let said = std::fs::read_to_string(&beside).unwrap();
        std::fs::write(&beside, said.replace("\"rows\": 3", "\"rows\": 5")).unwrap();
        let error = Manifest::verify(&beside).unwrap_err();
        assert!(error.to_string().contains("it has"), "{name}: {error}");
    }
}

#[tokio::test]
async fn an_empty_table_has_a_header_and_a_pipe_gets_the_rows() {
    let (_database, db) = database().await;
    fill(&db, 0).await;
    let piped = Arc::new(Mutex::new(Vec::new()));
    struct Pipe(Arc<Mutex<Vec<u8>>>);
    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let pipe = Destination::Pipe(Box::new(Pipe(Arc::clone(&piped))));
    let export = Export::table("item", Csv::postgres());
    assert_eq!(export.run(db.executor(), pipe).await.unwrap().rows, 0);
    assert_eq!(*piped.lock().unwrap(), b"id,name,price,raw,at,tags,extra\n");
}

#[cfg(feature = "object-store")]
#[tokio::test]
async fn an_object_store_gets_whole_objects_and_the_manifest_last() {
    use crdb_data::object_store::memory::InMemory;
    use crdb_data::object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
    use futures_util::TryStreamExt as _;

    let (_database, db) = database().await;
    fill(&db, 1_000).await;
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let to = || Destination::Objects {
        store: Arc::clone(&store),
        prefix: "backup/items".to_owned(),
    };
    let names = async || -> Vec<String> {
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        listed
            .iter()
            .map(|object| object.location.to_string())
            .collect()
    };
    let failing = "SELECT id, 1 / (id - 500) AS q FROM item";
    let failed = Export::query(failing, Csv::postgres())
        .run(db.executor(), to())
        .await;
    assert!(failed.is_err() && names().await.is_empty());
    let export = Export::table("item", Csv::postgres()).parts(2);
    let manifest = export.run(db.executor(), to()).await.unwrap();
    assert_eq!(manifest.rows, 1_000);
    assert_eq!(
        names().await,
        [
            "backup/items/manifest.json",
            "backup/items/part-0001.csv",
            "backup/items/part-0002.csv"
        ]
    );
    let verify = || Manifest::verify_objects(&store, "backup/items");
    assert_eq!(verify().await.unwrap(), manifest);
    let part = Path::from("backup/items/part-0001.csv");
    let whole = store.get(&part).await.unwrap().bytes().await.unwrap();
    for (object, kind, what) in [
        ([&whole[..], b"x"].concat(), ErrorKind::Mismatch, "bytes"),
        (
            whole
                .iter()
                .map(|&byte| byte ^ u8::from(byte == b'7'))
                .collect(),
            ErrorKind::Mismatch,
            "SHA-256",
        ),
        (Vec::new(), ErrorKind::Io, "part-0001.csv"),
    ] {
        match object.is_empty() {
            true => store.delete(&part).await.unwrap(),
            false => drop(store.put(&part, object.into()).await.unwrap()),
        }
        let error = verify().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let message = error.to_string();
        assert!(
            message.contains(what) && message.contains("part-0001.csv"),
            "{message}"
        );
    }
    store.put(&part, whole.into()).await.unwrap();
    let place = Path::from("backup/items/manifest.json");
    let said = store.get(&place).await.unwrap().bytes().await.unwrap();
    let said = String::from_utf8(said.to_vec()).unwrap();
    for (text, kind) in [
        ("{}".to_owned(), ErrorKind::Input),
        (
            said.replace("\"rows\": 1000", "\"rows\": 999"),
            ErrorKind::Mismatch,
        ),
        (
            said.replace("\"part-0002.csv\"", "\"../other.csv\""),
            ErrorKind::Mismatch,
        ),
    ] {
        store.put(&place, text.into_bytes().into()).await.unwrap();
        let error = verify().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains("manifest.json"), "{error}");
    }
    store.delete(&place).await.unwrap();
    assert_eq!(verify().await.unwrap_err().kind(), ErrorKind::Io);
}
