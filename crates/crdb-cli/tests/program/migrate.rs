//! Every command of `crdb migrate`, as text and as one JSON object.

use crdb_testkit::Injection;
use serde_json::{Value, json};

use crate::bed::{Bed, Ran, names};

fn files(bed: &Bed) {
    for (name, text) in [
        (
            "0001_accounts.up.sql",
            "CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT NOT NULL);\n",
        ),
        ("0001_accounts.down.sql", "DROP TABLE accounts;\n"),
        (
            "0002_by_owner.up.sql",
            "CREATE INDEX by_owner ON accounts (owner);\n",
        ),
        ("0002_by_owner.down.sql", "DROP INDEX by_owner;\n"),
    ] {
        bed.file(&format!("sql/migrations/{name}"), text);
    }
}

/// Runs a command with `--json`, and gives the one object that it prints.
async fn json(bed: &Bed, arguments: &[&str], code: i32) -> Value {
    let arguments = [&["migrate"], arguments, &["--json"]].concat();
    let ran: Ran = bed.run(&arguments).await.ended(code);
    assert_eq!(ran.out().lines().count(), 1, "{}", ran.out());
    ran.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_answers_with_one_object() {
    for bed in [Bed::new().await, Bed::imitated().await] {
        files(&bed);
        let status = json(&bed, &["status"], 1).await;
        assert_eq!(status["migrations"][0]["state"], "pending");
        assert_eq!(status["runner"], Value::Null);

        let up = json(&bed, &["up", "--to", "1"], 0).await;
        let one = json!({ "version": 1, "name": "accounts", "direction": "up" });
        assert_eq!(up["migrations"], json!([one]));
        assert_eq!(up["rehearsal"], "passed");

        let plan = json(&bed, &["plan"], 0).await;
        let step = &plan["steps"][0];
        assert_eq!(step["version"], 2);
        assert_eq!(step["rewrites"], true);
        assert!(
            step["lock"]["blocks"].is_string() && step["risks"].is_array(),
            "{plan}"
        );
        assert_eq!(plan["broken"], json!([]));
        if step["job"] == false {
            assert_eq!(step["lock"]["mode"], "SHARE");
            assert_eq!(step["free_bytes"], step["table_bytes"]);
        }
        assert_eq!(
            json(&bed, &["up", "--no-rehearsal"], 0).await["rehearsal"],
            Value::Null
        );
        assert_eq!(json(&bed, &["up"], 0).await["rehearsal"], "nothing_pending");
        assert_eq!(
            json(&bed, &["redo"], 0).await["migrations"][1]["direction"],
            "up"
        );
        assert_eq!(
            json(&bed, &["down"], 0).await["migrations"][0]["version"],
            2
        );
        assert_eq!(
            json(&bed, &["down", "--to", "0"], 0).await["migrations"][0]["version"],
            1
        );
        assert_eq!(json(&bed, &["repair"], 0).await, json!({ "repairs": [] }));
        assert_eq!(json(&bed, &["lint"], 0).await, json!({ "problems": [] }));
        let refused = bed.run(&["migrate", "repair", "1 1 done", "--json"]).await;
        assert!(refused.ended(2).error()["message"].is_string());

        bed.ask("CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT NOT NULL)")
            .await;
        let taken = json(&bed, &["baseline", "--to", "1"], 0).await;
        assert_eq!(taken["migrations"][0]["version"], 1);

        let new = json(&bed, &["new", "note"], 0).await;
        assert_eq!(new["files"][0], "sql/migrations/0003_note.up.sql");
        for file in [&new["files"][0], &new["files"][1]] {
            bed.file(file.as_str().unwrap(), "SELECT 1;\n");
        }
        let squashed = json(&bed, &["squash", "--to", "3", "--name", "start"], 0).await;
        assert_eq!(squashed["file"], "sql/migrations/0003_start.up.sql");
        assert_eq!(squashed["removed"].as_array().unwrap().len(), 6);
        assert_eq!(names(&bed.path("sql/migrations")), ["0003_start.up.sql"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_verified_against_its_files() {
    let bed = Bed::new().await;
    files(&bed);
    bed.run(&["migrate", "up"]).await.ended(0);
    for (code, count) in [(0, 0), (1, 1)] {
        let drift = json(&bed, &["verify"], code).await;
        assert_eq!(
            drift["differences"].as_array().unwrap().len(),
            count,
            "{drift}"
        );
        bed.ask("ALTER TABLE accounts ALTER COLUMN owner DROP NOT NULL")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_would_break_a_query_is_not_run() {
    let bed = Bed::new().await;
    files(&bed);
    bed.run(&["migrate", "up"]).await.ended(0);
    bed.file(
        "sql/queries/accounts.sql",
        "-- name: owners :many\nSELECT owner FROM accounts;\n",
    );
    bed.file(
        "sql/migrations/0003_drop.up.sql",
        "-- allow: data_loss\nALTER TABLE accounts DROP COLUMN owner;\n",
    );
    let plan = json(&bed, &["plan"], 0).await;
    assert_eq!(plan["broken"][0]["code"], "breaks_query");
    let ran = bed.run(&["migrate", "up"]).await.ended(2);
    assert!(
        ran.err().contains("sql/queries/accounts.sql:1"),
        "{}",
        ran.err()
    );
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'accounts'";
    assert_eq!(bed.ask(columns).await.as_deref(), Some("2"));
    json(&bed, &["up", "--no-queries"], 0).await;
    assert_eq!(bed.ask(columns).await.as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_on_the_scratch_database_is_not_run() {
    let bed = Bed::new().await;
    files(&bed);
    bed.file(
        "sql/migrations/0003_wrong.up.sql",
        "ALTER TABLE nothing ADD COLUMN a INT8;\n",
    );
    bed.run(&["migrate", "up"]).await.ended(1);
    let there = "SELECT to_regclass('accounts')::TEXT";
    assert_eq!(bed.ask(there).await, None);
    bed.run(&["migrate", "up", "--no-rehearsal"]).await.ended(1);
    assert_eq!(bed.ask(there).await.as_deref(), Some("accounts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_told_what_to_do() {
    let bed = Bed::imitated().await;
    files(&bed);
    bed.run(&["migrate", "up", "--to", "1"]).await.ended(0);
    bed.slow_schema_changes(std::time::Duration::from_secs(3_600));
    bed.inject(Injection::LeaveSchemaChange);
    let (runner, told) = tokio::join!(
        bed.run(&["migrate", "up", "--no-rehearsal", "--json"]),
        async {
            let job = loop {
                let status = json(&bed, &["status"], 1).await;
                if let Some(job) = status["migrations"][1]["job"].as_i64() {
                    break job.to_string();
                }
            };
            json(&bed, &["job", "pause", &job], 0).await;
            json(&bed, &["job", "resume", &job], 0).await;
            json(&bed, &["job", "cancel", &job], 0).await
        }
    );
    assert_eq!(told["told"], "cancelled");
    // It has seen the job paused, or cancelled.
    runner.ended(1);
    let refused = bed.run(&["migrate", "job", "pause", "7", "--json"]).await;
    assert!(refused.ended(2).error()["message"].is_string());
}
