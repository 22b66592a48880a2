//! Input that is not what it should be: what is said of it, and that nothing half is there.

use crdb_data::{ErrorKind, Load, Source};
use crdb_facade::Row as _;

use super::{create, file, lines, number};
use crate::{database, on_cockroach};

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
    // CockroachDB names the column of a NULL in its message only.
    let null = if on_cockroach().await { "" } else { "name" };
    for (line, column, reason) in [
        (3, "", "short line"),
        (4, "", "column too many"),
        (5, "id", "bigint"),
        (6, "price", "numeric"),
        (7, "", "too long"),
        (8, null, "null value"),
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
