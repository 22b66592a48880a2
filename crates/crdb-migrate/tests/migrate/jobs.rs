//! Jobs of schema changes that an operator pauses, resumes or cancels, and that fail.

use std::time::Duration;

use crdb_exec::{Engine, ExecutorExt, ScopeSource, SessionSource, Transaction};
use crdb_migrate::{
    BoxFuture, CodeError, CodeMigration, Error, ErrorKind, JobCommand, MigrationState, Next, Report,
};
use crdb_testkit::{CockroachVersion, Injection};
use tokio::task::JoinHandle;

use crate::bed::Bed;
use crate::up::FILES;

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(3_600);

/// Statuses of the jobs of the index, in the order in which they began.
async fn index_jobs(bed: &Bed) -> String {
    bed.ask(
        "SELECT string_agg(status, ' ' ORDER BY created) FROM [SHOW JOBS] WHERE description LIKE 'CREATE INDEX by_owner%'",
    )
    .await
}

async fn indexes(bed: &Bed) -> String {
    bed.ask("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_owner'")
        .await
}

/// A runner whose schema change runs, and the id of its job, from the journal.
async fn running(bed: &Bed) -> (JoinHandle<Result<Report, Error>>, i64) {
    bed.migrator(&FILES[..4]).up().await.unwrap();
    bed.proxy.as_ref().unwrap().slow_schema_changes(FOREVER);
    let migrator = bed.migrator(FILES);
    let runner = tokio::spawn(async move { migrator.up().await });
    (runner, job(bed).await)
}

async fn job(bed: &Bed) -> i64 {
    loop {
        let status = bed.migrator(FILES).status().await.unwrap();
        if let Some(job) = status.migrations.iter().find_map(|one| one.job) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_job_that_an_operator_paused_is_told_and_goes_on_once_it_is_resumed() {
    let bed = Bed::new(Engine::CockroachDb).await;
    let (runner, job) = running(&bed).await;
    let operator = bed.migrator(FILES);
    operator.control_job(job, JobCommand::Pause).await.unwrap();
    let error = runner.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobPaused, "{error}");
    let resume = format!("job resume {job}");
    assert!(error.suggestion().unwrap().contains(&resume), "{error}");
    // It is reported again, and not run beside the paused one.
    let error = operator.up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobPaused, "{error}");
    operator.control_job(job, JobCommand::Resume).await.unwrap();
    bed.proxy
        .as_ref()
        .unwrap()
        .slow_schema_changes(Duration::ZERO);
    assert_eq!(operator.up().await.unwrap().versions(), [3]);
    assert_eq!(index_jobs(&bed).await, "succeeded");
}

#[tokio::test]
async fn a_job_that_an_operator_cancelled_took_no_effect_and_is_not_run_again_by_itself() {
    let bed = Bed::new(Engine::CockroachDb).await;
    let (runner, job) = running(&bed).await;
    let operator = bed.migrator(FILES);
    operator.control_job(job, JobCommand::Cancel).await.unwrap();
    let error = runner.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step, "{error}");
    assert_eq!(index_jobs(&bed).await, "canceled");
    assert_eq!(indexes(&bed).await, "0");
    let status = operator.status().await.unwrap();
    assert_eq!(status.migrations[2].state, MigrationState::Begun);
    assert!(
        status.migrations[2]
            .error
            .as_ref()
            .unwrap()
            .contains("cancel")
    );
    bed.proxy
        .as_ref()
        .unwrap()
        .slow_schema_changes(Duration::ZERO);
    assert_eq!(operator.up().await.unwrap().versions(), [3]);
    assert_eq!(index_jobs(&bed).await, "canceled succeeded");
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_a_runner_waits_for_it_is_not_run_again() {
    // Its own statement was cut off, or that of the runner before it.
    for takes_over in [false, true] {
        let bed = Bed::new(Engine::CockroachDb).await;
        if !takes_over {
            bed.migrator(&FILES[..4]).up().await.unwrap();
            bed.proxy
                .as_ref()
                .unwrap()
                .inject(Injection::LeaveSchemaChange);
        }
        let (mut runner, job) = running(&bed).await;
        if takes_over {
            runner.abort();
            assert!(runner.await.unwrap_err().is_cancelled());
            bed.lease_runs_out().await;
            let migrator = bed.migrator(FILES);
            runner = tokio::spawn(async move { migrator.up().await });
        }
        // The runner that waits has ended the session on which the statement ran.
        let old = "SELECT count(*) FROM crdb_migration_lease WHERE token > 3 AND sessions NOT LIKE '% %' AND id = 1";
        while takes_over && bed.ask(old).await == "0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        bed.migrator(FILES)
            .control_job(job, JobCommand::Cancel)
            .await
            .unwrap();
        let error = runner.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Step, "{error}");
        assert!(error.to_string().contains("cancelled"), "{error}");
        assert_eq!(index_jobs(&bed).await, "canceled");
        assert_eq!(indexes(&bed).await, "0");
    }
}

#[tokio::test]
async fn a_job_that_takes_back_what_it_did_is_waited_for() {
    let bed = Bed::new(Engine::CockroachDb).await;
    bed.migrator(&FILES[..4]).up().await.unwrap();
    bed.proxy
        .as_ref()
        .unwrap()
        .inject(Injection::FailSchemaChange);
    let (runner, _) = running(&bed).await;
    assert_eq!(index_jobs(&bed).await, "reverting");
    assert!(!runner.is_finished());
    runner.abort();
    assert!(runner.await.unwrap_err().is_cancelled());
    bed.lease_runs_out().await;
    let next = bed.migrator(FILES);
    let next = tokio::spawn(async move { next.up().await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!next.is_finished());
    bed.proxy
        .as_ref()
        .unwrap()
        .slow_schema_changes(Duration::ZERO);
    assert_eq!(next.await.unwrap().unwrap().versions(), [3]);
    assert_eq!(index_jobs(&bed).await, "failed succeeded");
}

#[tokio::test]
async fn only_the_job_of_a_migration_can_be_controlled() {
    let bed = Bed::new(Engine::CockroachDb).await;
    bed.migrator(FILES).up().await.unwrap();
    bed.run("CREATE INDEX of_somebody ON accounts (balance)")
        .await;
    let job: i64 = bed
        .ask("SELECT max(job_id) FROM [SHOW JOBS]")
        .await
        .parse()
        .unwrap();
    let refused = bed
        .migrator(FILES)
        .control_job(job, JobCommand::Cancel)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
}

/// Writes a row and makes an index, in one transaction, as no migration should.
struct RowAndIndex;

impl<S: SessionSource> CodeMigration<S> for RowAndIndex {
    fn run<'a>(
        &'a self,
        tx: &'a Transaction<ScopeSource<S>>,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Next, CodeError>> {
        Box::pin(async move {
            tx.execute("INSERT INTO accounts (id, owner) VALUES (1, 'a')", &[])
                .await?;
            tx.execute("CREATE UNIQUE INDEX one_owner ON accounts (owner)", &[])
                .await?;
            Ok(Next::Done)
        })
    }
}

#[tokio::test]
async fn data_that_a_schema_change_has_committed_on_its_way_is_told_and_not_written_twice() {
    // Since v25.1 a schema change ends the transaction that it is in.
    let bed = Bed::since(CockroachVersion::V25_2).await;
    bed.migrator(&FILES[..2]).up().await.unwrap();
    let migrator = bed
        .migrator(&FILES[..2])
        .code(2, "row_and_index", RowAndIndex);
    let error = migrator.up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecided, "{error}");
    assert!(
        error.to_string().contains("has ended the transaction"),
        "{error}"
    );
    assert!(error.suggestion().unwrap().contains("2 1 done"), "{error}");
    assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
    let status = migrator.status().await.unwrap();
    assert_eq!(status.migrations[1].state, MigrationState::Begun);
    // It is not run again, however often it is asked for.
    let error = migrator.up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecided, "{error}");
    assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
    migrator.repair("2 1 done").await.unwrap();
    assert!(migrator.up().await.unwrap().is_empty());
}

/// XXA00.
#[tokio::test]
async fn data_that_is_committed_without_its_schema_change_is_told_and_not_written_twice() {
    // Before v25.1 a schema change stays in the transaction that it is in, and since then where BEGIN asks for it.
    for (release, number) in [
        (CockroachVersion::V23_1, (23, 1)),
        (CockroachVersion::V25_2, (25, 2)),
    ] {
        let bed = Bed::knowing(release, number).await;
        bed.migrator(&FILES[..2]).up().await.unwrap();
        let migrator = bed
            .migrator(&FILES[..2])
            .code(2, "row_and_index", RowAndIndex);
        let proxy = bed.proxy.as_ref().unwrap();
        proxy.inject(Injection::FailSchemaChange);
        let error = migrator.up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PartlyCommitted, "{error}");
        let told = error.to_string();
        assert!(
            told.contains("is committed, and its schema change is not") && told.contains("XXA00"),
            "{told}"
        );
        let advice = error.suggestion().unwrap();
        assert!(advice.contains("2 1 done"), "{advice}");
        assert_eq!(proxy.counts().schema_changes, 1);
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
        let index = "SELECT count(*) FROM pg_indexes WHERE indexname = 'one_owner'";
        assert_eq!(bed.ask(index).await, "0");
        let status = migrator.status().await.unwrap();
        assert_eq!(status.migrations[1].state, MigrationState::Begun);
        let noted = status.migrations[1].error.as_ref().unwrap();
        assert!(noted.contains("XXA00"), "{noted}");
        // It is not run again, however often it is asked for.
        let error = migrator.up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecided, "{error}");
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
        // What the error advises ends it.
        migrator.repair("2 1 done").await.unwrap();
        assert!(migrator.up().await.unwrap().is_empty());
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
    }
}

/// A file cannot come to that: its schema changes are statements of their own, and it may not ask for anything else.
#[tokio::test]
async fn a_file_cannot_hold_a_schema_change_in_the_transaction_of_its_data() {
    let bed = Bed::new(Engine::CockroachDb).await;
    bed.migrator(&FILES[..2]).up().await.unwrap();
    let file = (
        "2_row_and_index.up.sql",
        "-- transaction: one\n-- allow: mixed_ddl\nINSERT INTO accounts (id, owner) VALUES (1, 'a');\n\
         CREATE UNIQUE INDEX one_owner ON accounts (owner);\n",
    );
    let migrator = bed.migrator(&[FILES[0], FILES[1], file]);
    let error = migrator.up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Files, "{error}");
    assert!(
        error.to_string().contains("needs_no_transaction"),
        "{error}"
    );
    assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "0");
}
