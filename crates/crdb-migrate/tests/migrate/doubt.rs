//! Statements that are cut off, cancelled or ambiguous.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crdb_exec::{Engine, ExecutorExt, PooledExecutor, ScopeSource, SessionSource, Transaction};
use crdb_migrate::{
    BoxFuture, CodeError, CodeMigration, ErrorKind, JobEvent, MigrationState, Next, Observer,
};
use crdb_testkit::{CockroachVersion, Cut, Injection};

use crate::bed::Bed;
use crate::source::Plain;
use crate::up::FILES;

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(3_600);

async fn applied(bed: &Bed) {
    let migrator = bed.migrator(FILES);
    let status = migrator.status().await.unwrap();
    assert!(status.is_up_to_date(), "{status:?}");
    assert_eq!(bed.ask("SELECT sum(balance) FROM accounts").await, "2");
    assert_eq!(
        bed.ask("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_owner'")
            .await,
        "1"
    );
}

async fn jobs(bed: &Bed, what: &str) -> String {
    bed.ask(&format!(
        "SELECT count(*) FROM [SHOW JOBS] WHERE description LIKE '{what}%' AND status = 'succeeded'"
    ))
    .await
}

#[tokio::test]
async fn a_schema_change_that_goes_on_without_its_statement_is_waited_for_and_not_run_again() {
    let bed = Bed::new(Engine::CockroachDb).await;
    let proxy = bed.proxy.as_ref().unwrap();
    bed.migrator(&FILES[..4]).up().await.unwrap();
    proxy.slow_schema_changes(Duration::from_millis(300));
    proxy.inject(Injection::LeaveSchemaChange);
    proxy.inject(Injection::LeaveSchemaChange);
    bed.migrator(FILES).up().await.unwrap();
    applied(&bed).await;
    assert_eq!(jobs(&bed, "CREATE INDEX by_owner").await, "1");
    assert_eq!(jobs(&bed, "ALTER TABLE accounts ADD COLUMN").await, "1");
}

#[tokio::test]
async fn a_schema_change_whose_job_fails_took_no_effect() {
    let bed = Bed::new(Engine::CockroachDb).await;
    bed.migrator(&FILES[..4]).up().await.unwrap();
    bed.proxy
        .as_ref()
        .unwrap()
        .inject(Injection::FailSchemaChange);
    let error = bed.migrator(FILES).up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step, "{error}");
    let status = bed.migrator(FILES).status().await.unwrap();
    assert_eq!(status.migrations[2].state, MigrationState::Begun);
    bed.migrator(FILES).up().await.unwrap();
    applied(&bed).await;
    assert_eq!(jobs(&bed, "CREATE INDEX by_owner").await, "1");
}

#[tokio::test]
async fn a_commit_around_which_the_connection_is_cut_happens_once() {
    for round in 0..12 {
        let bed = Bed::new(Engine::CockroachDb).await;
        bed.migrator(&FILES[..2]).up().await.unwrap();
        let proxy = bed.proxy.as_ref().unwrap();
        // Some commits are the runner's own, the others those of data: each is met in some round.
        let cut = Cut::Reset;
        for _ in 0..round / 3 {
            proxy.inject(Injection::RetryCommit);
        }
        proxy.inject(match round % 3 {
            0 => Injection::CutBeforeCommit { cut },
            1 => Injection::CutAfterCommit { cut },
            _ => Injection::AmbiguousCommit {
                committed: round % 2 == 0,
            },
        });
        // A cut may hit what the caller has to try again by itself: asking for the engine, reading the journal.
        while let Err(error) = bed.migrator(FILES).up().await {
            assert!(error.is_transient(), "{error}");
        }
        applied(&bed).await;
    }
}

#[derive(Default)]
struct Jobs(std::sync::Mutex<Vec<(i64, String)>>);

impl Observer for Jobs {
    fn job(&self, event: &JobEvent<'_>) {
        self.0
            .lock()
            .unwrap()
            .push((event.id, event.status.to_owned()));
    }
}

#[tokio::test]
async fn a_runner_that_is_dropped_leaves_a_job_for_which_the_next_one_waits() {
    let bed = Bed::new(Engine::CockroachDb).await;
    let proxy = bed.proxy.as_ref().unwrap();
    bed.migrator(&FILES[..4]).up().await.unwrap();
    proxy.slow_schema_changes(FOREVER);
    let seen = Arc::new(Jobs::default());
    let first = bed.migrator(FILES).observer(seen.clone());
    let running = tokio::spawn(async move { first.up().await });
    // The job's id is in the journal while the statement runs.
    let job = loop {
        let job = bed
            .ask("SELECT max(job) FROM crdb_migration_step WHERE state = 'begun'")
            .await;
        if !job.is_empty() {
            break job;
        }
        assert!(!running.is_finished(), "{:?}", running.await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert!(
        seen.0
            .lock()
            .unwrap()
            .iter()
            .any(|(id, _)| id.to_string() == job)
    );
    bed.lease_runs_out().await;
    let second = bed.migrator(FILES);
    let running = tokio::spawn(async move { second.up().await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    proxy.slow_schema_changes(Duration::ZERO);
    assert_eq!(running.await.unwrap().unwrap().versions(), [3]);
    applied(&bed).await;
    assert_eq!(jobs(&bed, "CREATE INDEX by_owner").await, "1");
}

#[tokio::test]
async fn a_runner_that_lost_its_lease_stops_and_commits_nothing() {
    for kind in crate::bed::BOTH {
        let bed = Bed::new(kind).await;
        bed.migrator(&FILES[..2]).up().await.unwrap();
        let files = [
            FILES[0],
            (
                "0002_slow.up.sql",
                "INSERT INTO accounts (id, owner) SELECT 1, 'x' FROM pg_sleep(3600)",
            ),
        ];
        let migrator = bed.migrator(&files);
        let running = tokio::spawn(async move { migrator.up().await });
        while bed.running("INSERT INTO accounts%").await == 0 {
            assert!(!running.is_finished(), "{:?}", running.await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bed.run("UPDATE crdb_migration_lease SET token = token + 1, expires_at = now()")
            .await;
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
        // The next runner ends what the first one left running.
        bed.run("DELETE FROM crdb_migration_step WHERE version = 2")
            .await;
        bed.migrator(FILES).up().await.unwrap();
        applied(&bed).await;
        assert_eq!(bed.running("INSERT INTO accounts%pg_sleep%").await, 0);
    }
}

/// A table of the same name may have other columns, and the message does not say that it has the same.
#[tokio::test]
async fn a_table_that_is_there_already_is_not_claimed_to_be_the_same() {
    let bed = Bed::new(Engine::CockroachDb).await;
    bed.run("CREATE TABLE accounts (other TEXT)").await;
    let error = bed.migrator(&FILES[..1]).up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("by the names in the catalog")
            && text.contains("definitions are not compared"),
        "{text}"
    );
}

#[tokio::test]
async fn an_index_that_was_half_built_is_removed_and_built() {
    let bed = Bed::new(Engine::PostgreSql).await;
    let files = [
        FILES[0],
        FILES[2],
        (
            "0003_by_owner.up.sql",
            "CREATE UNIQUE INDEX CONCURRENTLY by_owner ON accounts (balance);",
        ),
    ];
    bed.migrator(&files[..2]).up().await.unwrap();
    // Both rows have the balance 1: the build fails, and PostgreSQL leaves an index that is not valid.
    let error = bed.migrator(&files).up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step, "{error}");
    assert!(error.to_string().contains("23505"), "{error}");
    assert_eq!(
        bed.ask("SELECT count(*) FROM pg_class WHERE relname = 'by_owner'")
            .await,
        "0"
    );
    // A runner that was killed while it built leaves the same, and its entry in the journal.
    assert!(
        bed.engine
            .execute_in(
                bed.database.name(),
                "CREATE UNIQUE INDEX CONCURRENTLY by_owner ON accounts (balance)"
            )
            .await
            .is_err()
    );
    bed.run("UPDATE crdb_migration_step SET state = 'begun', begun_at = now(), was_there = false WHERE version = 3")
        .await;
    bed.run("UPDATE accounts SET balance = id").await;
    bed.migrator(&files).up().await.unwrap();
    assert_eq!(
        bed.ask("SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'by_owner'")
            .await,
        "true"
    );
}

#[tokio::test]
async fn what_cannot_be_seen_is_told_and_not_run_again() {
    for kind in crate::bed::BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            FILES[0],
            (
                "0002_rows.up.sql",
                "-- transaction: none\nINSERT INTO accounts (id, owner) VALUES (1, 'a');",
            ),
        ];
        bed.migrator(&files).up().await.unwrap();
        bed.run("UPDATE crdb_migration_step SET state = 'begun' WHERE version = 2")
            .await;
        let error = bed.migrator(&files).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecided, "{error}");
        assert!(error.suggestion().unwrap().contains("2 1 done"), "{error}");
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "1");
    }
}

#[tokio::test]
async fn a_locked_table_is_unlocked_for_a_change_and_locked_again() {
    // Since v26.1 new tables are locked.
    let bed = Bed::since(CockroachVersion::V26_2).await;
    let files = [
        FILES[0],
        (
            "0002_positive.up.sql",
            "ALTER TABLE accounts ADD CONSTRAINT positive CHECK (balance >= 0)",
        ),
    ];
    bed.migrator(&files).up().await.unwrap();
    let error = bed
        .db_error("ALTER TABLE accounts DROP CONSTRAINT positive")
        .await;
    assert_eq!(
        error.sqlstate().unwrap().as_str(),
        "57000",
        "it is locked again"
    );
    assert_eq!(
        bed.ask("SELECT count(*) FROM crdb_migration_step WHERE unlocked IS NOT NULL")
            .await,
        "0"
    );
}

#[tokio::test]
async fn data_that_takes_longer_than_a_lease_is_written_at_the_first_attempt() {
    for kind in crate::bed::BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            FILES[0],
            (
                "0002_slow.up.sql",
                "INSERT INTO accounts (id, owner) SELECT nextval('attempts'), 'x' FROM pg_sleep(1.2);",
            ),
        ];
        // A sequence keeps what a transaction that was taken back has drawn from it.
        bed.run("CREATE SEQUENCE attempts").await;
        let lease = crate::bed::options().lease(Duration::from_millis(600));
        let migrator = bed.migrator(&files).options(lease);
        // A machine that is busy may lose a lease of this length.
        while let Err(error) = migrator.up().await {
            assert_eq!(error.kind(), ErrorKind::LeaseLost, "{kind:?}: {error}");
            bed.run("SELECT setval('attempts', 1, false)").await;
        }
        assert_eq!(bed.ask("SELECT id FROM accounts").await, "1", "{kind:?}");
    }
}

/// Writes a row; meanwhile, once, another runner takes the lease.
struct Overtaken {
    other: PooledExecutor<Plain>,
    taken: AtomicBool,
}

impl<S: SessionSource> CodeMigration<S> for Overtaken {
    fn run<'a>(
        &'a self,
        tx: &'a Transaction<ScopeSource<S>>,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Next, CodeError>> {
        Box::pin(async move {
            tx.execute("INSERT INTO accounts (id, owner) VALUES (1, 'a')", &[])
                .await?;
            if !self.taken.swap(true, Ordering::SeqCst) {
                let take = "UPDATE crdb_migration_lease SET token = token + 1";
                self.other.execute(take, &[]).await?;
            }
            Ok(Next::Done)
        })
    }
}

/// No heartbeat tells this runner: the guard of its transaction does.
#[tokio::test]
async fn what_a_runner_would_commit_after_its_lease_was_taken_is_taken_back() {
    for kind in crate::bed::BOTH {
        let bed = Bed::new(kind).await;
        bed.migrator(&FILES[..2]).up().await.unwrap();
        let code = Overtaken {
            other: bed.db.clone(),
            taken: AtomicBool::new(false),
        };
        let migrator = bed.migrator(&FILES[..2]).code(2, "overtaken", code);
        let error = migrator.up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "0");
        assert_eq!(
            bed.ask("SELECT state FROM crdb_migration_step WHERE version = 2")
                .await,
            "planned"
        );
    }
}

#[tokio::test]
async fn a_statement_that_always_loses_takes_no_effect_and_may_be_run_again() {
    let bed = Bed::new(Engine::CockroachDb).await;
    let files = [
        FILES[0],
        (
            "0002_many.up.sql",
            "INSERT INTO accounts (id, owner) SELECT g, 'x' FROM generate_series(1, 50) AS g;",
        ),
    ];
    bed.migrator(&files[..1]).up().await.unwrap();
    let proxy = bed.proxy.as_ref().unwrap();
    // The runner's own transactions write less.
    proxy.limit_commits(Some(20));
    let error = bed.migrator(&files).up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step, "{error}");
    assert!(error.is_transient(), "{error}");
    assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "0");
    proxy.limit_commits(None);
    bed.migrator(&files).up().await.unwrap();
    assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "50");
}
