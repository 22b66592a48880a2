//! `crdb migrate`, `crdb load`, `crdb export`.

use serde_json::json;

use crate::bed::{Bed, names};

const UP: &str = "CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT NOT NULL);\n";

fn migrations(bed: &Bed) {
    bed.file("sql/migrations/0001_accounts.up.sql", UP);
    bed.file(
        "sql/migrations/0001_accounts.down.sql",
        "DROP TABLE accounts;\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_and_taken_back() {
    for bed in [Bed::new().await, Bed::imitated().await] {
        migrations(&bed);
        let ran = bed.run(&["migrate", "status"]).await.ended(1);
        assert!(ran.out().contains("1 accounts pending"), "{}", ran.out());
        let ran = bed.run(&["migrate", "plan", "--json"]).await.ended(0);
        assert_eq!(ran.json()["steps"][0]["name"], "accounts");
        let ran = bed.run(&["migrate", "up"]).await.ended(0);
        assert_eq!(ran.out(), "up 1 accounts\n");
        assert!(ran.err().contains("CREATE TABLE accounts"), "{}", ran.err());
        bed.run(&["migrate", "status"]).await.ended(0);
        bed.run(&["migrate", "down"]).await.ended(0);
        bed.run(&["migrate", "status"]).await.ended(1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_says_so_by_its_exit_code() {
    let bed = Bed::new().await;
    migrations(&bed);
    bed.file(
        "sql/migrations/0002_a.up.sql",
        "INSERT INTO accounts (id, owner) VALUES (1, 'a'), (1, 'b');\n",
    );
    let ran = bed.run(&["migrate", "up", "--json"]).await.ended(1);
    assert_eq!(ran.error()["verdict"], "never");
    bed.file("sql/migrations/0003_a.up.sql", "SELEC 1;\n");
    bed.run(&["migrate", "lint"]).await.ended(2);
    bed.run(&["migrate", "--dir", "nothing", "up"])
        .await
        .ended(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_write_are_refused_in_production() {
    let bed = Bed::new().await;
    migrations(&bed);
    bed.run(&["migrate", "up"]).await.ended(0);
    bed.file("crdb.yaml", "cli: { production: true }\n");
    bed.file("accounts.csv", "id,owner\n1,ada\n");
    for arguments in [
        ["migrate", "up"].as_slice(),
        &["migrate", "down"],
        &["migrate", "redo"],
        &["load", "accounts", "accounts.csv"],
    ] {
        let ran = bed.run(arguments).await.ended(2);
        assert!(ran.err().contains("--reason"), "{}", ran.err());
    }
    bed.run(&["migrate", "status"]).await.ended(0);
    bed.run(&["export", "--table", "accounts", "-o", "a.csv"])
        .await
        .ended(0);
    assert_eq!(
        bed.ask("SELECT count(*) FROM accounts").await.as_deref(),
        Some("0")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_in_and_come_out() {
    for bed in [Bed::new().await, Bed::imitated().await] {
        bed.ask(UP).await;
        bed.file("accounts.csv", "id,owner\n1,ada\n2,\"b,c\"\n");
        let ran = bed
            .run(&["load", "accounts", "accounts.csv", "--json"])
            .await
            .ended(0);
        assert_eq!(
            (&ran.json()["rows"], &ran.json()["rejected"]),
            (&json!(2), &json!(0))
        );
        let ran = bed
            .run(&["export", "--table", "accounts", "-o", "out.csv", "--json"])
            .await
            .ended(0);
        assert_eq!(ran.json()["rows"], 2);
        let text = std::fs::read_to_string(bed.path("out.csv")).unwrap();
        assert_eq!(text.replace("\r\n", "\n"), "id,owner\n1,ada\n2,\"b,c\"\n");
        assert!(bed.path("out.csv.manifest.json").is_file());
        bed.run(&[
            "export", "--table", "accounts", "-o", "parts", "--parts", "2", "-f", "jsonl",
        ])
        .await
        .ended(0);
        assert!(names(&bed.path("parts")).contains(&"manifest.json".to_owned()));
        for path in ["out.csv", "out.csv.manifest.json", "parts"] {
            let ran = bed.run(&["verify", path]).await.ended(0);
            assert!(ran.out().starts_with("2 rows"), "{}", ran.out());
        }
        bed.file("out.csv", "id,owner\n1,ada\n");
        let ran = bed.run(&["verify", "out.csv", "--json"]).await.ended(1);
        assert!(ran.err().contains("its manifest says"), "{}", ran.err());
        bed.run(&["verify", "nothing"]).await.ended(1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_told_and_named_loads_resume() {
    let bed = Bed::new().await;
    bed.ask(UP).await;
    bed.file("accounts.csv", "id,owner\n1,ada\nx,bob\n3,cem\n");
    let ran = bed
        .run(&["load", "accounts", "accounts.csv"])
        .await
        .ended(1);
    assert!(ran.err().contains("accounts.csv"), "{}", ran.err());
    let named = [
        "load",
        "accounts",
        "accounts.csv",
        "--bad-rows",
        "1",
        "--rejects",
        "bad.csv",
        "--name",
        "a",
    ];
    let ran = bed.run(&named).await.ended(0);
    assert_eq!(ran.out(), "2 rows loaded, 1 bad\n");
    assert!(
        std::fs::read_to_string(bed.path("bad.csv"))
            .unwrap()
            .contains("x,bob")
    );
    bed.run(&named).await.ended(0);
    assert_eq!(
        bed.ask("SELECT count(*) FROM accounts").await.as_deref(),
        Some("2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_query_is_exported() {
    let bed = Bed::new().await;
    bed.file("crdb.yaml", "sql: { directory: sql }\n");
    bed.file(
        "sql/n.sql",
        "-- name: all :many\nSELECT generate_series(1, 3) AS n;\n\n-- name: one :one\nSELECT :n::INT8 AS n;\n",
    );
    bed.run(&["export", "--query", "n.all", "-o", "n.jsonl"])
        .await
        .ended(0);
    let text = std::fs::read_to_string(bed.path("n.jsonl")).unwrap();
    assert_eq!(text, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    let ran = bed
        .run(&["export", "--query", "n.one", "-o", "n"])
        .await
        .ended(2);
    assert!(ran.err().contains("has parameters"), "{}", ran.err());
    bed.run(&["export", "--table", "t", "-o", "n.xml"])
        .await
        .ended(2);
    bed.run(&["export", "-o", "n.csv"]).await.ended(2);
}
