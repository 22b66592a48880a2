//! `crdb query`.

use std::process::Stdio;
use std::time::Duration;

use crdb_testkit::Injection;
use serde_json::json;

use crate::bed::Bed;

const QUERIES: &str = "\
-- name: create :exec
CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT, opened TIMESTAMPTZ, tags TEXT[]);

-- name: put :execrows
-- Opens an account.
INSERT INTO accounts (id, owner, opened, tags) VALUES (:id, :owner, :opened, :tags);

-- name: get :one
SELECT id, owner, opened, tags FROM accounts WHERE id = :id;

-- name: find :opt
SELECT id FROM accounts WHERE id = :id;

-- name: all :many
-- retry: safe
SELECT id, owner FROM accounts ORDER BY id;
";

async fn bed(bed: Bed) -> Bed {
    bed.file("sql/accounts.sql", QUERIES);
    bed.file("crdb.yaml", "sql: { directory: sql }\n");
    bed.run(&["query", "accounts.create"]).await.ended(0);
    bed
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_read_by_the_server_as_their_types() {
    for bed in [
        bed(Bed::new().await).await,
        bed(Bed::imitated().await).await,
    ] {
        bed.file("owner.txt", "O'Brien; --\n");
        let put = [
            "query",
            "accounts.put",
            "-p",
            "id=7",
            "--param-file",
            "owner=owner.txt",
            "-p",
            "opened=2024-02-29 08:05:00+00",
            "-p",
            "tags={a,\"b c\"}",
        ];
        let ran = bed.run(&put).await.ended(0);
        assert_eq!(ran.err(), "1 row affected\n");
        let ran = bed
            .run(&["query", "accounts.get", "-p", "id=7", "--json"])
            .await
            .ended(0);
        assert_eq!(
            ran.json(),
            json!([{
                "id": 7, "owner": "O'Brien; --", "opened": "2024-02-29T08:05:00+00:00", "tags": ["a", "b c"]
            }])
        );
        // The key is there.
        let ran = bed.run(&put).await.ended(1);
        assert!(ran.err().contains("23505"), "{}", ran.err());
        let null = [
            "query",
            "accounts.put",
            "-p",
            "id=8",
            "--null",
            "owner",
            "--null",
            "opened",
            "--null",
            "tags",
        ];
        bed.run(&null).await.ended(0);
        assert_eq!(
            bed.ask("SELECT count(*) FROM accounts WHERE owner IS NULL")
                .await
                .as_deref(),
            Some("1")
        );
        let ran = bed
            .run(&["query", "accounts.get", "-p", "id=x"])
            .await
            .ended(1);
        assert!(ran.err().contains("22P02"), "{}", ran.err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_as_many_as_the_header_promises() {
    let bed = bed(Bed::new().await).await;
    let ran = bed
        .run(&["query", "accounts.get", "-p", "id=1"])
        .await
        .ended(1);
    assert_eq!(ran.out(), "");
    let ran = bed
        .run(&["query", "accounts.find", "-p", "id=1", "--json"])
        .await
        .ended(0);
    assert_eq!(ran.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_or_argument_is_told_before_anything_runs() {
    let bed = bed(Bed::new().await).await;
    let ran = bed
        .run(&["query", "accounts.gett", "-p", "id=1"])
        .await
        .ended(2);
    assert!(ran.err().contains("accounts.get`"), "{}", ran.err());
    let ran = bed
        .run(&["query", "accounts.get", "-p", "idd=1"])
        .await
        .ended(2);
    assert!(ran.err().contains("idd"), "{}", ran.err());
    bed.run(&["query", "accounts.get"]).await.ended(2);
    let ran = bed.run(&["query", "--json"]).await.ended(0);
    let put = ran
        .out()
        .lines()
        .find(|line| line.contains("accounts.put"))
        .unwrap();
    let put: serde_json::Value = serde_json::from_str(put).unwrap();
    assert_eq!(put["parameters"], json!(["id", "owner", "opened", "tags"]));
    assert_eq!(put["about"], "Opens an account.");
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_are_retried_and_doubt_is_told() {
    let bed = bed(Bed::imitated().await).await;
    bed.inject(Injection::RetryStatement);
    bed.run(&["query", "accounts.all"]).await.ended(0);
    bed.inject(Injection::CancelAutocommit { committed: true });
    let put = [
        "query",
        "accounts.put",
        "-p",
        "id=8",
        "--null",
        "owner",
        "--null",
        "opened",
        "--null",
        "tags",
        "--json",
    ];
    let ran = bed.run(&put).await.ended(4);
    assert_eq!(ran.error()["verdict"], "unknown");
    assert_eq!(ran.error()["sqlstate"], "57014");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_repeated_as_often_as_was_asked() {
    let bed = bed(Bed::new().await).await;
    let ran = bed
        .run(&[
            "query",
            "accounts.find",
            "-p",
            "id=1",
            "-f",
            "jsonl",
            "--every",
            "10ms",
            "--times",
            "3",
        ])
        .await
        .ended(0);
    assert_eq!(ran.out(), "");
    bed.file("sql/one.sql", "-- name: one :one\nSELECT 1 AS one;\n");
    let ran = bed
        .run(&[
            "query", "one.one", "-f", "jsonl", "--every", "10ms", "--times", "3",
        ])
        .await
        .ended(0);
    assert_eq!(ran.out(), "{\"one\":1}\n".repeat(3));
    bed.run(&["query", "one.one", "--every", "0s"])
        .await
        .ended(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_may_come_back() {
    let bed = Bed::bare();
    // The system does not give a port that was just used to another program at once.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    bed.file("a.sql", "SELECT 1");
    let url = format!("postgresql://app@127.0.0.1:{port}/bank?sslmode=disable");
    let mut command = bed.crdb([
        "sql",
        "a.sql",
        "--url",
        &url,
        "--set",
        "auth.connect_timeout=30s",
    ]);
    command.stderr(Stdio::piped());
    let ran = tokio::time::timeout(Duration::from_secs(60), crate::bed::run(command));
    ran.await.unwrap().ended(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_query_is_slow() {
    let bed = bed(Bed::new().await).await;
    bed.file(
        "sql/owners.sql",
        "-- name: of :many\nSELECT id FROM accounts WHERE owner = :owner;\n",
    );
    let ran = bed
        .run(&["why", "owners.of", "-p", "owner=ada", "--json"])
        .await
        .ended(0);
    assert_eq!(ran.json()["reads_whole"], json!(["accounts"]));
    let ran = bed
        .run(&["why", "accounts.get", "-p", "id=7", "--json"])
        .await
        .ended(0);
    assert_eq!(ran.json()["reads_whole"], json!([]));
    let ran = bed
        .run(&["why", "accounts.get", "-p", "id=7", "--analyze"])
        .await
        .ended(0);
    assert!(ran.out().contains("actual time"), "{}", ran.out());
    let put = [
        "why",
        "accounts.put",
        "--analyze",
        "-p",
        "id=8",
        "--null",
        "owner",
        "--null",
        "opened",
        "--null",
        "tags",
    ];
    let ran = bed.run(&put).await.ended(2);
    assert!(
        ran.err().contains("--analyze runs the query"),
        "{}",
        ran.err()
    );
}

/// What a service has seen of the query: its numbers, its plans, and whom it waited for.
#[tokio::test(flavor = "multi_thread")]
async fn why_a_query_is_slow_in_a_service() {
    let bed = bed(Bed::new().await).await;
    let plan = |shape: &str, operation: &str| {
        json!({
            "shape": shape, "first": 1.0, "last": 2.0, "is_analyzed": false, "recommendations": [],
            "steps": [{"depth": 0, "operation": operation, "table": "accounts", "index": null, "is_full": false,
                "estimated_rows": 3.0, "actual_rows": null, "seconds": null, "contention_seconds": null}],
        })
    };
    let contender =
        |name: &str| json!({"name": name, "fingerprint": "f", "summary": "SELECT accounts"});
    let profile = json!({
        "version": 1, "from": 0.0, "to": 60.0, "transactions": [], "slow": [],
        "statements": [{
            "name": "accounts.get", "fingerprint": "f", "summary": "SELECT accounts", "calls": 3, "failed": 0, "unknown": 0,
            "dropped": 0, "rows": 3, "retries": 0, "collisions": 0,
            "times": {"total": 1.0, "waiting": 0.0, "retrying": 0.0, "working": 1.0, "p50": 0.3, "p95": 0.3, "p99": 0.3, "longest": 0.3},
            "plans": [plan("b", "Seq Scan"), plan("a", "Index Scan")], "plan_changes": 1,
        }],
        "contention": [
            {"waiting": contender("accounts.get"), "blocking": contender("accounts.sweep"), "table": null, "seen": 4, "longest": 0.2, "last": 3.0},
            {"waiting": contender("others.get"), "blocking": contender("others.put"), "table": null, "seen": 4, "longest": 0.2, "last": 3.0},
        ],
    });
    let url = crate::top::answering(move |path| match path {
        "/metrics" => {
            "crdb_exec_statement_seconds_count{query=\"accounts.get\",outcome=\"ok\"} 3\n# EOF\n"
                .to_owned()
        }
        "/profile" => profile.to_string(),
        other => panic!("{other}"),
    });
    let arguments = ["why", "accounts.get", "-p", "id=7", "--endpoint", &url];
    let ran = bed.run(&arguments).await.ended(0);
    let told = ran.out();
    for line in [
        "the service: 3 calls",
        "accounts.get waited for accounts.sweep; seen 4 times",
        "its plan has changed once",
        "the latest plan there:\n  Seq Scan accounts, 3 rows expected",
        "before:\n  Index Scan accounts, 3 rows expected",
    ] {
        assert!(told.contains(line), "no {line} in {told}");
    }
    assert!(!told.contains("others."), "{told}");
    let ran = bed
        .run(&[&arguments[..], &["--json"]].concat())
        .await
        .ended(0);
    let profile = &ran.json()["profile"];
    assert_eq!(
        (
            &profile["plan_changes"],
            profile["plans"].as_array().unwrap().len()
        ),
        (&json!(1), 2)
    );
    assert_eq!(profile["contention"].as_array().unwrap().len(), 1);
}
