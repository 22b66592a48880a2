//! Migrations that broke other tools: twelve, each a test that names the issue.

use std::time::Duration;

use crdb_exec::{Engine, ExecutorExt, TransactionOptions};
use crdb_migrate::{ErrorKind, MigrationState, Migrations, Options};
use crdb_testkit::{CockroachVersion, Injection, QuirksOptions};

use crate::bed::{BOTH, Bed, options};

const TABLE: (&str, &str) = (
    "0001_item.up.sql",
    "CREATE TABLE item (id INT8 PRIMARY KEY, owner TEXT, at TIMESTAMPTZ)",
);

/// golang-migrate#703, sqlx's and others' locks: `pg_advisory_lock` is unknown to CockroachDB.
#[tokio::test]
async fn no_advisory_lock_is_taken() {
    for version in [
        CockroachVersion::V22_1,
        CockroachVersion::V24_1,
        CockroachVersion::V26_2,
    ] {
        let bed = Bed::with(
            Engine::CockroachDb,
            QuirksOptions::default().version(version),
        )
        .await;
        let refused = bed.db_error("SELECT pg_advisory_lock(1)").await;
        assert_eq!(refused.sqlstate().unwrap().as_str(), "42883");
        assert_eq!(bed.migrator(&[TABLE]).up().await.unwrap().versions(), [1]);
    }
}

/// golang-migrate#712, flyway#2932, flyway#3124: a runner that was killed leaves its lock for good.
#[tokio::test]
async fn a_lock_that_was_left_ends_by_itself() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        bed.migrator(&[TABLE]).up().await.unwrap();
        // As a pod leaves it that was killed while it migrated: owned, with a session that is gone, for a second more.
        let session = match kind {
            Engine::CockroachDb => "00000000000000000000000000fffffe",
            _ => "2147483647/1",
        };
        bed.run(&format!(
            "UPDATE crdb_migration_lease SET owner = 'killed', sessions = '{session}', token = token + 1, \
             expires_at = now() + INTERVAL '1 second'"
        ))
        .await;
        let files = [
            TABLE,
            ("0002_b.up.sql", "CREATE TABLE b (id INT8 PRIMARY KEY)"),
        ];
        assert_eq!(bed.migrator(&files).up().await.unwrap().versions(), [2]);
    }
}

/// flyway#2949, flyway#3256: pods that start at once run a migration twice. flyway#1014: they crash while the empty
/// database gets its history table. golang-migrate#1076: they fail instead of waiting for each other.
#[tokio::test]
async fn programs_that_start_at_once_on_an_empty_database_wait_for_each_other() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            TABLE,
            ("0002_row.up.sql", "INSERT INTO item (id) VALUES (1)"),
            (
                "0003_more.up.sql",
                "UPDATE item SET owner = coalesce(owner, '') || 'x'",
            ),
        ];
        let running: Vec<_> = (0..6)
            .map(|_| {
                let migrator = bed.migrator(&files);
                tokio::spawn(async move { migrator.up().await })
            })
            .collect();
        let mut ran = 0;
        for one in running {
            ran += one.await.unwrap().unwrap().versions().len();
        }
        assert_eq!(ran, 3);
        assert_eq!(bed.ask("SELECT owner FROM item").await, "x");
    }
}

/// mattes/migrate#246, harness#3633, hydra#3523: CREATE INDEX CONCURRENTLY in the tool's transaction.
#[tokio::test]
async fn an_index_is_built_concurrently_beside_other_statements() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            TABLE,
            (
                "0002_index.up.sql",
                "ALTER TABLE item ADD COLUMN note TEXT;\nCREATE INDEX CONCURRENTLY by_note ON item (note);\nALTER TABLE item ADD COLUMN more TEXT;",
            ),
        ];
        bed.migrator(&files).up().await.unwrap();
        let one = [
            TABLE,
            (
                files[1].0,
                "-- transaction: one\nCREATE INDEX CONCURRENTLY by_owner ON item (owner);",
            ),
        ];
        let error = bed.migrator(&one).plan().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Files, "{error}");
    }
}

/// sqlx#2659, prisma#7101: a checkout with other line ends has another checksum.
#[tokio::test]
async fn line_ends_are_not_an_edit() {
    let bed = Bed::new(Engine::PostgreSql).await;
    let unix = "-- Items.\nCREATE TABLE item (id INT8 PRIMARY KEY);\n";
    bed.migrator(&[("0001_item.up.sql", unix)])
        .up()
        .await
        .unwrap();
    let windows = unix.replace('\n', "\r\n");
    assert!(
        bed.migrator(&[("0001_item.up.sql", &windows)])
            .up()
            .await
            .unwrap()
            .is_empty()
    );
}

/// goose#231, golang-migrate#590: semicolons in a function's body part statements.
#[tokio::test]
async fn a_body_in_dollar_quotes_is_one_statement() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let files = [(
            "0001_function.up.sql",
            "CREATE OR REPLACE FUNCTION touch(a INT8) RETURNS INT8 AS $BODY$\nDECLARE b INT8;\nBEGIN\n  b := a + 1; -- ; $$\n  RETURN b;\nEND;\n$BODY$ LANGUAGE plpgsql;\nSELECT touch(1);",
        )];
        let error = Migrations::from_embedded(&files).unwrap_err();
        assert_eq!(error.problems().len(), 1, "the call is data: {error}");
        let files = [(files[0].0, files[0].1.trim_end_matches("SELECT touch(1);"))];
        bed.migrator(&files).up().await.unwrap();
        assert_eq!(bed.ask("SELECT touch(1)").await, "2");
    }
}

/// liquibase#2694, omicron#9878: the next statement runs while the schema change before it is still a job.
#[tokio::test]
async fn the_next_statement_waits_for_the_job_before_it() {
    let bed = Bed::new(Engine::CockroachDb).await;
    bed.migrator(&[TABLE]).up().await.unwrap();
    let proxy = bed.proxy.as_ref().unwrap();
    proxy.slow_schema_changes(Duration::from_millis(200));
    proxy.inject(Injection::LeaveSchemaChange);
    let files = [
        TABLE,
        (
            "0002_more.up.sql",
            "CREATE INDEX by_owner ON item (owner);\nALTER TABLE item ADD COLUMN note TEXT;",
        ),
    ];
    bed.migrator(&files).up().await.unwrap();
    // The second job was created when the first had finished.
    let time = async |column: &str, what: &str| -> f64 {
        let text = format!(
            "SELECT extract(epoch FROM {column})::FLOAT8 FROM [SHOW JOBS] WHERE description LIKE '{what}%'"
        );
        bed.ask(&text).await.parse().unwrap()
    };
    let finished = time("finished", "CREATE INDEX by_owner").await;
    let created = time("created", "ALTER TABLE item ADD").await;
    assert!(finished <= created, "{finished} {created}");
}

/// cockroach#42061, cockroach#26508: several schema changes of one table in a tool's transaction (55000, 0A000, XXA00).
#[tokio::test]
async fn schema_changes_of_one_table_are_statements_of_their_own() {
    let bed = Bed::new(Engine::CockroachDb).await;
    let files = [
        TABLE,
        (
            "0002_changes.up.sql",
            "ALTER TABLE item ADD COLUMN a INT8;\nALTER TABLE item ADD CONSTRAINT positive CHECK (a > 0);\nALTER TABLE item RENAME COLUMN a TO b;\nALTER TABLE item RENAME TO items;",
        ),
    ];
    bed.migrator(&files).up().await.unwrap();
    assert_eq!(
        bed.ask("SELECT count(*) FROM information_schema.columns WHERE table_name = 'items' AND column_name = 'b'").await,
        "1"
    );
}

/// golang-migrate's `dirty`: a file that failed in its middle has to be forced by hand.
#[tokio::test]
async fn a_file_that_failed_in_its_middle_goes_on_when_it_was_corrected() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let wrong = [
            TABLE,
            (
                "0002_more.up.sql",
                "ALTER TABLE item ADD COLUMN a INT8;\nALTER TABLE item ADD COLUMN owner TEXT;",
            ),
        ];
        let error = bed.migrator(&wrong).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Step, "{error}");
        let right = [
            TABLE,
            (
                "0002_more.up.sql",
                "ALTER TABLE item ADD COLUMN a INT8;\nALTER TABLE item ADD COLUMN owners TEXT;",
            ),
        ];
        assert_eq!(bed.migrator(&right).up().await.unwrap().versions(), [2]);
    }
}

/// golang-migrate with `IF NOT EXISTS`: an index that a cut-off build left is taken for a good one.
#[tokio::test]
async fn an_invalid_index_is_not_taken_for_a_good_one() {
    let bed = Bed::new(Engine::PostgreSql).await;
    bed.migrator(&[TABLE]).up().await.unwrap();
    bed.run("INSERT INTO item (id, owner) VALUES (1, 'a'), (2, 'a')")
        .await;
    let build = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_owner ON item (owner)";
    assert!(
        bed.engine
            .execute_in(bed.database.name(), build)
            .await
            .is_err()
    );
    let error = bed
        .migrator(&[TABLE, ("0002_one.up.sql", build)])
        .up()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step);
    assert!(error.to_string().contains("not valid"), "{error}");
}

/// A statement that runs until its session is ended.
const ENDLESS: (&str, &str) = (
    "0002_endless.up.sql",
    "INSERT INTO item (id) SELECT 1 FROM pg_sleep(3600)",
);

async fn until_it_runs(bed: &Bed) {
    while bed.running("INSERT INTO item%").await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// goose: the session locker goes on with its migration when the heartbeat of its lock has failed.
#[tokio::test]
async fn a_runner_whose_heartbeats_fail_stops() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        bed.migrator(&[TABLE]).up().await.unwrap();
        let lease = options().lease(Duration::from_secs(3));
        let migrator = bed.migrator(&[TABLE, ENDLESS]).options(lease);
        let running = tokio::spawn(async move { migrator.up().await });
        until_it_runs(&bed).await;
        // Heartbeats wait behind this, and no other runner takes the lease.
        let blocker = bed.db.begin(&TransactionOptions::new()).await.unwrap();
        blocker
            .fetch_all(
                "SELECT id FROM crdb_migration_lease WHERE id = 2 FOR UPDATE",
                &[],
            )
            .await
            .unwrap();
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LeaseLost, "{error}");
        blocker.rollback().await;
        let status = bed.migrator(&[TABLE, ENDLESS]).status().await.unwrap();
        assert_eq!(status.migrations[1].state, MigrationState::Begun);
        assert_eq!(status.migrations[1].steps_done, 0);
        assert_eq!(bed.ask("SELECT count(*) FROM item").await, "0");
    }
}

/// sqitch on CockroachDB: its lock always succeeds, so that two of them work at once.
#[tokio::test]
async fn a_second_runner_does_not_get_the_lock_of_the_first() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        bed.migrator(&[TABLE]).up().await.unwrap();
        let first = bed.migrator(&[TABLE, ENDLESS]);
        let running = tokio::spawn(async move { first.up().await });
        until_it_runs(&bed).await;
        let second = bed
            .migrator(&[TABLE, ENDLESS])
            .options(Options::new().wait(Duration::from_millis(300)));
        let error = second.up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(bed.ask("SELECT count(*) FROM item").await, "0");
    }
}
