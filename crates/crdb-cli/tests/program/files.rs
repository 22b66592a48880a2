//! `crdb sql check` and `crdb codegen`, which need no database.

use serde_json::json;

use crate::bed::Bed;

fn tree() -> Bed {
    let bed = Bed::bare();
    bed.file(
        "sql/schema/001.sql",
        "CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT NOT NULL);\n",
    );
    bed.file(
        "sql/queries/accounts.sql",
        "-- name: get :one\n-- The account with this id.\nSELECT id, owner FROM accounts WHERE id = :id;\n",
    );
    bed
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_checked() {
    let bed = tree();
    let ran = bed.run(&["sql", "check"]).await.ended(0);
    assert_eq!(ran.out(), "1 statement checked, no errors\n");
    bed.file(
        "sql/queries/wrong.sql",
        "-- name: all :many\nSELECT owners FROM accounts ORDER BY id;\n",
    );
    let ran = bed.run(&["sql", "check", "--json"]).await.ended(1);
    assert!(ran.out().contains("owners"), "{}", ran.out());
    bed.run(&["sql", "check", "nothing"]).await.ended(2);
}

#[cfg(feature = "engine")]
#[tokio::test(flavor = "multi_thread")]
async fn functions_are_written_and_compared() {
    let bed = tree();
    let url = crdb_testkit::Engine::shared().await;
    let url = url.create_database().await.url().to_owned();
    let mut command = bed.crdb(["codegen", "--out", "src/queries.rs"]);
    command.env("CRDB_TEST_URL", url);
    crate::bed::run(command).await.ended(0);
    let written = std::fs::read_to_string(bed.path("src/queries.rs")).unwrap();
    assert!(written.contains("pub async fn get"), "{written}");
    // What the server said is kept: no server is needed any more.
    let check = ["codegen", "--check", "--out", "src/queries.rs"];
    bed.run(&check).await.ended(0);
    bed.file("src/queries.rs", "");
    let ran = bed.run(&check).await.ended(1);
    assert!(ran.err().contains("run `crdb codegen`"), "{}", ran.err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_directory_is_named() {
    let bed = Bed::bare();
    bed.file("q.sql", "-- name: get :one\nSELECT 1::INT8 AS one;\n");
    for (given, shown) in [
        (&["codegen"][..], "`sql`"),
        (&["codegen", "--sql", "a/b"], "`a/b`"),
        (&["codegen", "--check", "--sql", "q.sql"], "`q.sql`"),
        (&["sql", "check", "a/b"], "`a/b`"),
    ] {
        let ran = bed.run(given).await.ended(2);
        assert!(ran.err().contains(shown), "{given:?}: {}", ran.err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codegen_answers_with_one_object() {
    let bed = Bed::bare();
    bed.run(&["new", "shop"]).await.ended(0);
    let out = "shop/src/generated.rs";
    let of = ["--sql", "shop/sql", "--out", out, "--facade", "--json"];
    let derive = ["--derive", "crdb_facade::serde::Serialize"];
    let codegen = async |more: &[&str], code: i32| {
        let arguments = [&["codegen"], of.as_slice(), &derive, more].concat();
        bed.run(&arguments).await.ended(code).json()
    };
    assert_eq!(
        codegen(&["--check"], 0).await,
        json!({ "file": out, "current": true })
    );
    bed.file(out, "//! Edited.\n");
    assert_eq!(
        codegen(&["--check"], 1).await,
        json!({ "file": out, "current": false, "line": 1 })
    );
    let descriptions = "shop/sql/descriptions.txt";
    assert_eq!(
        codegen(&[], 0).await,
        json!({ "files": [
            { "file": descriptions, "written": false },
            { "file": out, "written": true },
        ] })
    );
}
