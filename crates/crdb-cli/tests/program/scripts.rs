//! `crdb sql`.

use std::io::Write as _;
use std::process::Stdio;

use crdb_testkit::Injection;
use serde_json::json;

use crate::bed::{Bed, names, run};

const TABLE: &str = "CREATE TABLE t (a INT8 PRIMARY KEY, b TEXT)";

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_in_each_format() {
    let bed = Bed::new().await;
    bed.file(
        "a.sql",
        format!(
            "{TABLE};\nINSERT INTO t VALUES (1, 'x'), (2, NULL);\nSELECT a, b FROM t ORDER BY a;\n"
        ),
    );
    let ran = bed.run(&["sql", "a.sql"]).await.ended(0);
    for part in ["a", "b", "1", "x", "NULL"] {
        assert!(ran.out().contains(part), "{}", ran.out());
    }
    for part in ["CREATE TABLE", "INSERT 0 2", "(2 rows)"] {
        assert!(ran.err().contains(part), "{}", ran.err());
    }
    bed.file("b.sql", "SELECT a, b FROM t ORDER BY a");
    let ran = bed.run(&["sql", "b.sql", "--json"]).await.ended(0);
    assert_eq!(ran.json(), json!([{"a": 1, "b": "x"}, {"a": 2, "b": null}]));
    assert_eq!(ran.err(), "");
    let ran = bed
        .run(&["sql", "b.sql", "-f", "jsonl", "-q"])
        .await
        .ended(0);
    assert_eq!(ran.out(), "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}\n");
    let ran = bed.run(&["sql", "b.sql", "-f", "csv", "-q"]).await.ended(0);
    assert_eq!(ran.out().replace("\r\n", "\n"), "a,b\n1,x\n2,\n");
    // The columns are known without a row.
    bed.file("c.sql", "SELECT a, b FROM t WHERE a = 7");
    let ran = bed.run(&["sql", "c.sql", "-f", "csv"]).await.ended(0);
    assert_eq!(ran.out().trim_end(), "a,b");
    let ran = bed.run(&["sql", "c.sql", "--json"]).await.ended(0);
    assert_eq!(ran.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_appears_when_it_is_whole() {
    let bed = Bed::new().await;
    bed.file("a.sql", "SELECT 1 AS one");
    bed.run(&["sql", "a.sql", "-f", "csv", "-o", "one.csv"])
        .await
        .ended(0);
    let text = std::fs::read_to_string(bed.path("one.csv")).unwrap();
    assert_eq!(text.replace("\r\n", "\n"), "one\n1\n");
    bed.file("b.sql", "SELECT 1 AS one; SELECT 1/0");
    bed.run(&["sql", "b.sql", "-f", "csv", "-o", "two.csv"])
        .await
        .ended(1);
    assert_eq!(names(bed.directory.path()), ["a.sql", "b.sql", "one.csv"]);
}

#[cfg(feature = "parquet")]
#[tokio::test(flavor = "multi_thread")]
async fn a_binary_file_holds_one_result() {
    let bed = Bed::new().await;
    bed.file("a.sql", "SELECT 1::INT8 AS one");
    for (format, magic) in [("parquet", "PAR1"), ("arrow", "ARROW1")] {
        bed.run(&["sql", "a.sql", "-f", format, "-o", "one"])
            .await
            .ended(0);
        assert!(
            std::fs::read(bed.path("one"))
                .unwrap()
                .starts_with(magic.as_bytes())
        );
    }
    bed.file("b.sql", "SELECT 1::INT8 AS one; SELECT 2::INT8 AS two");
    let ran = bed
        .run(&["sql", "b.sql", "-f", "parquet", "-o", "two"])
        .await
        .ended(1);
    assert!(ran.err().contains("holds one result"), "{}", ran.err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_comes_from_standard_input() {
    let bed = Bed::new().await;
    let mut command = bed.crdb(["sql", "-", "--json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"SELECT 1 AS one")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        "[{\"one\":1}]"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failure_ends_a_script_and_says_what_took_effect() {
    let bed = Bed::new().await;
    bed.file(
        "a.sql",
        format!("{TABLE};\nINSERT INTO t VALUES (1, 'x');\nBEGIN;\nINSERT INTO t VALUES (2, 'y');\nSELECT nothing FROM t;\nINSERT INTO t VALUES (3, 'z');\nCOMMIT;\n"),
    );
    let ran = bed.run(&["sql", "a.sql"]).await.ended(1);
    for part in [
        "a.sql:5:",
        "42703",
        "committed:   2 statements (lines 1, 2)",
        "rolled back: 1 statement (line 4)",
        "not run:     2 statements (lines 6, 7)",
        "never: ",
    ] {
        assert!(ran.err().contains(part), "no `{part}` in:\n{}", ran.err());
    }
    assert_eq!(
        bed.ask("SELECT count(*) FROM t").await.as_deref(),
        Some("1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caret_stands_below_what_is_wrong() {
    for bed in [Bed::new().await, Bed::imitated().await] {
        bed.file("a.sql", "SELECT 1;\n-- ü\nSELECT\n\t'ü', FROM x;\n");
        let ran = bed.run(&["sql", "a.sql"]).await.ended(1);
        assert!(ran.err().contains("a.sql:4:7:"), "{}", ran.err());
        assert!(
            ran.err()
                .contains("    4 | \t'ü', FROM x;\n      | \t     ^"),
            "{}",
            ran.err()
        );
        let ran = bed.run(&["sql", "a.sql", "--json"]).await.ended(1);
        let error = ran.error();
        assert_eq!((&error["line"], &error["column"]), (&json!(4), &json!(7)));
        assert_eq!(error["sqlstate"], "42601");
        assert_eq!(error["verdict"], "never");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_may_be_run_again_only_where_none_of_it_took_effect() {
    let bed = Bed::imitated().await;
    bed.ask(TABLE).await;
    bed.file("a.sql", "INSERT INTO t VALUES (1, 'x')");
    bed.inject(Injection::RetryStatement);
    let ran = bed.run(&["sql", "a.sql", "--json"]).await.ended(3);
    assert_eq!(ran.error()["verdict"], "retry");
    bed.run(&["sql", "a.sql"]).await.ended(0);

    let bed = Bed::new().await;
    bed.ask(TABLE).await;
    bed.ask("CREATE FUNCTION conflict() RETURNS INT8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$")
        .await;
    bed.file(
        "b.sql",
        "INSERT INTO t VALUES (2, 'x');\nBEGIN;\nINSERT INTO t VALUES (3, 'x');\nSELECT conflict();\nCOMMIT;",
    );
    let ran = bed.run(&["sql", "b.sql"]).await.ended(1);
    for part in [
        "committed:   1 statement (line 1)",
        "rolled back: 2 statements (lines 3, 4)",
        "the statement may be run again, the script not",
    ] {
        assert!(ran.err().contains(part), "no `{part}` in:\n{}", ran.err());
    }
    assert_eq!(
        bed.ask("SELECT count(*) FROM t").await.as_deref(),
        Some("1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_not_known_has_its_own_exit_code() {
    let bed = Bed::imitated().await;
    bed.ask(TABLE).await;
    bed.file(
        "a.sql",
        "BEGIN;\nINSERT INTO t VALUES (1, 'x');\nCOMMIT;\nSELECT 1;",
    );
    bed.inject(Injection::AmbiguousCommit { committed: true });
    let ran = bed.run(&["sql", "a.sql", "--json"]).await.ended(4);
    assert_eq!(ran.error()["verdict"], "unknown");
    assert_eq!(ran.error()["unknown_lines"], json!([2]));
    assert_eq!(
        bed.ask("SELECT count(*) FROM t").await.as_deref(),
        Some("1")
    );
    bed.file("b.sql", "INSERT INTO t VALUES (2, 'x');");
    bed.inject(Injection::CancelAutocommit { committed: true });
    let ran = bed.run(&["sql", "b.sql"]).await.ended(4);
    assert!(
        ran.err().contains("unknown:     1 statement (line 1)"),
        "{}",
        ran.err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_left_open_or_had_failed_is_a_failure() {
    let bed = Bed::new().await;
    bed.ask(TABLE).await;
    bed.file("a.sql", "BEGIN;\nINSERT INTO t VALUES (1, 'x');\n");
    let ran = bed.run(&["sql", "a.sql"]).await.ended(1);
    assert!(
        ran.err().contains("ends inside a transaction"),
        "{}",
        ran.err()
    );
    assert!(ran.err().contains("nothing took effect"), "{}", ran.err());
    assert_eq!(
        bed.ask("SELECT count(*) FROM t").await.as_deref(),
        Some("0")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_and_says_what_took_effect() {
    // CockroachDB has the table in which the statement is looked for, and nothing is ever in it.
    let bed = Bed::postgres().await;
    bed.ask(TABLE).await;
    bed.file(
        "a.sql",
        "INSERT INTO t VALUES (1, 'x');\nSELECT pg_sleep(600);\nINSERT INTO t VALUES (2, 'y');",
    );
    let mut command = bed.crdb(["sql", "a.sql"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'";
    while bed.ask(asleep).await.as_deref() != Some("1") {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
    let output = tokio::time::timeout(std::time::Duration::from_secs(60), output);
    let output = output.await.unwrap().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    for part in [
        "57014",
        "committed:   1 statement (line 1)",
        "not run:     1 statement (line 3)",
    ] {
        assert!(err.contains(part), "no `{part}` in:\n{err}");
    }
    assert_eq!(
        bed.ask("SELECT count(*) FROM t").await.as_deref(),
        Some("1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_gone_ends_it_quietly() {
    let bed = Bed::new().await;
    bed.file("a.sql", "SELECT generate_series(1, 200000)");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = bed.crdb(["sql", "a.sql", "-f", "csv"]);
    command.stdout(writer);
    let ran = run(command).await.ended(141);
    assert_eq!(ran.err(), "");
}
