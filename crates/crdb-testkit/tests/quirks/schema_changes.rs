//! Schema changes as jobs.

use std::time::Duration;

use crdb_testkit::{CockroachVersion, Injection, QuirksOptions};

use crate::raw::{Raw, query, run, session, sync};

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(3_600);

fn ask(sql: &str, extended: bool) -> Vec<u8> {
    if extended {
        [run(sql), sync()].concat()
    } else {
        query(sql)
    }
}

fn columns(answer: &[String]) -> Vec<String> {
    let described = answer[0].trim_start_matches("RowDescription ");
    described
        .split(", ")
        .map(|column| column.split(':').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn jobs_have_the_columns_of_their_release() {
    for (version, started, time) in [
        (CockroachVersion::V23_1, true, "created:1114"),
        (CockroachVersion::V25_2, true, "created:1184"),
        (CockroachVersion::V26_2, false, "created:1184"),
    ] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        let shown = raw.query("SHOW JOBS").await;
        assert_eq!(columns(&shown).contains(&"started".to_owned()), started);
        assert!(shown[0].contains(time), "{shown:?}");
        assert!(shown[0].starts_with("RowDescription job_id:20, job_type:25, description:25"));
        assert_eq!(shown[shown.len() - 2], "CommandComplete 'SHOW JOBS 1'");
        // As a table, with the job of the table that was created.
        let sql = "SELECT job_type, status, error, fraction_completed FROM [SHOW JOBS] \
                   WHERE description LIKE 'CREATE TABLE tr%'";
        for extended in [false, true] {
            let answer = raw.exchange(&ask(sql, extended)).await;
            assert!(
                answer.contains(&"DataRow SCHEMA CHANGE | succeeded |  | 1".to_owned()),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_job_takes_its_time_and_can_be_waited_for() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let mut other = Raw::connect(proxy.port(), database.name()).await;
    proxy.slow_schema_changes(FOREVER);
    raw.send(&query("CREATE INDEX slow ON tr (v)")).await;
    let running = "SELECT job_id FROM [SHOW JOBS] WHERE status = 'running' AND finished IS NULL";
    let id = loop {
        let found = other.query(running).await;
        if let Some(id) = found[1].strip_prefix("DataRow ") {
            break id.to_owned();
        }
    };
    proxy.slow_schema_changes(Duration::ZERO);
    let done = other.query(&format!("SHOW JOB WHEN COMPLETE {id}")).await;
    assert!(done[1].contains(" | succeeded | "), "{done:?}");
    assert_eq!(done[2], "CommandComplete 'SHOW JOBS 1'");
    assert_eq!(
        raw.answers(1).await,
        ["CommandComplete 'CREATE INDEX'", "ReadyForQuery I"]
    );
}

#[tokio::test]
async fn a_job_goes_on_when_its_statement_has_been_cancelled() {
    for extended in [false, true] {
        let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
        proxy.slow_schema_changes(FOREVER);
        proxy.inject(Injection::LeaveSchemaChange);
        let answer = raw
            .exchange(&ask("CREATE INDEX left_alone ON tr (v)", extended))
            .await;
        assert_eq!(
            answer[answer.len() - 2..],
            [
                "ErrorResponse ERROR 57014 'query execution canceled'",
                "ReadyForQuery I"
            ]
        );
        let status = "SELECT status FROM [SHOW JOBS] ORDER BY created DESC LIMIT 1";
        assert_eq!(raw.query(status).await[1], "DataRow running");
        proxy.slow_schema_changes(Duration::ZERO);
        assert_eq!(raw.query(status).await[1], "DataRow succeeded");
        assert_eq!(
            raw.query("SELECT count(*) FROM pg_indexes WHERE indexname = 'left_alone'")
                .await[1],
            "DataRow 1"
        );
    }
}

#[tokio::test]
async fn a_job_goes_on_when_its_session_is_ended() {
    for extended in [false, true] {
        let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
        let mut other = Raw::connect(proxy.port(), database.name()).await;
        let own = raw.query("SHOW session_id").await[1].clone();
        let own = own.strip_prefix("DataRow ").unwrap();
        proxy.slow_schema_changes(FOREVER);
        raw.send(&ask("CREATE INDEX stays ON tr (v)", extended))
            .await;
        let running = "SELECT count(*) FROM [SHOW JOBS] WHERE status = 'running'";
        while other.query(running).await[1] != "DataRow 1" {}
        other.query(&format!("CANCEL SESSION '{own}'")).await;
        proxy.slow_schema_changes(Duration::ZERO);
        assert_eq!(
            other
                .query("SELECT count(*) FROM pg_indexes WHERE indexname = 'stays'")
                .await[1],
            "DataRow 1"
        );
    }
}

#[tokio::test]
async fn a_job_that_fails_takes_its_statement_with_it_and_not_the_data() {
    for extended in [false, true] {
        let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
        proxy.inject(Injection::FailSchemaChange);
        let change = "CREATE UNIQUE INDEX doomed ON tr (v)";
        let answer = raw.exchange(&ask(change, extended)).await;
        assert!(
            answer[answer.len() - 2]
                .starts_with("ErrorResponse ERROR 23505 'failed to ingest index entries"),
            "{answer:?}"
        );
        assert_eq!(
            raw.query("SELECT status FROM [SHOW JOBS] ORDER BY created DESC LIMIT 1")
                .await[1],
            "DataRow failed"
        );
        // In a transaction COMMIT tells, and the data is committed.
        raw.query("SET autocommit_before_ddl = off; SET create_table_with_schema_locked = off")
            .await;
        raw.query("ALTER TABLE tr SET (schema_locked = false)")
            .await;
        raw.query("BEGIN").await;
        raw.query("INSERT INTO tr VALUES (1, 1, 'a')").await;
        proxy.inject(Injection::FailSchemaChange);
        let answer = raw.exchange(&ask(change, extended)).await;
        assert_eq!(
            answer[answer.len() - 2..],
            ["CommandComplete 'CREATE INDEX'", "ReadyForQuery T"]
        );
        let answer = raw.exchange(&ask("COMMIT", extended)).await;
        assert!(
            answer[answer.len() - 2].starts_with(
                "ErrorResponse ERROR XXA00 'transaction committed but schema change aborted with error: (23505)"
            ),
            "{answer:?}"
        );
        assert_eq!(answer.last().unwrap(), "ReadyForQuery I");
        assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 1");
        assert_eq!(
            raw.query("SELECT count(*) FROM pg_indexes WHERE indexname = 'doomed'")
                .await[1],
            "DataRow 0"
        );
        assert_eq!(proxy.counts().schema_changes, 2);
    }
}

/// A session whose schema change runs, another one, and the id of the job.
async fn running(
    proxy: &crdb_testkit::QuirksProxy,
    raw: &mut Raw,
    other: &mut Raw,
    change: &[u8],
) -> String {
    proxy.slow_schema_changes(FOREVER);
    raw.send(change).await;
    loop {
        let found = other
            .query("SELECT job_id FROM [SHOW JOBS] WHERE status IN ('running', 'reverting')")
            .await;
        if let Some(id) = found[1].strip_prefix("DataRow ") {
            return id.to_owned();
        }
    }
}

#[tokio::test]
async fn a_job_is_paused_resumed_and_cancelled_by_an_operator() {
    for extended in [false, true] {
        let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
        let mut other = Raw::connect(proxy.port(), database.name()).await;
        let change = ask("CREATE INDEX told ON tr (v)", extended);
        let id = running(&proxy, &mut raw, &mut other, &change).await;
        let status = format!("SELECT status FROM [SHOW JOBS] WHERE job_id = {id}");

        let told = other
            .exchange(&ask(&format!("PAUSE JOB {id}"), extended))
            .await;
        assert!(
            told.contains(&"CommandComplete 'PAUSE JOBS 1'".to_owned()),
            "{told:?}"
        );
        assert_eq!(other.query(&status).await[1], "DataRow paused");
        let told = raw.answers(1).await;
        assert_eq!(
            told[told.len() - 2..],
            [
                format!("ErrorResponse ERROR XXUUU 'job {id} was paused before it completed'"),
                "ReadyForQuery I".to_owned()
            ]
        );
        let told = other.query(&format!("RESUME JOB {id}")).await;
        assert_eq!(told[0], "CommandComplete 'RESUME JOBS 1'");
        let told = other.query(&format!("RESUME JOB {id}")).await;
        assert_eq!(
            told[0],
            format!("ErrorResponse ERROR XXUUU 'cannot resume running job (id {id})'")
        );
        let told = other.query(&format!("CANCEL JOB {id}")).await;
        assert_eq!(told[0], "CommandComplete 'CANCEL JOBS 1'");
        assert_eq!(other.query(&status).await[1], "DataRow canceled");
        assert_eq!(
            other
                .query("SELECT count(*) FROM pg_indexes WHERE indexname = 'told'")
                .await[1],
            "DataRow 0"
        );
        let told = other.query("PAUSE JOB 7").await;
        assert_eq!(
            told[0],
            "ErrorResponse ERROR XXUUU 'job with ID 7 does not exist'"
        );
    }
}

#[tokio::test]
async fn a_job_that_fails_is_seen_reverting() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    let mut other = Raw::connect(proxy.port(), database.name()).await;
    proxy.inject(Injection::FailSchemaChange);
    let change = query("CREATE UNIQUE INDEX doomed ON tr (v)");
    let id = running(&proxy, &mut raw, &mut other, &change).await;
    let status = format!("SELECT status FROM [SHOW JOBS] WHERE job_id = {id}");
    assert_eq!(other.query(&status).await[1], "DataRow reverting");
    proxy.slow_schema_changes(Duration::ZERO);
    assert_eq!(other.query(&status).await[1], "DataRow failed");
}
