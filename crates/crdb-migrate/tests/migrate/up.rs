//! Applying migrations, undisturbed.

use crdb_migrate::{ErrorKind, Execution, MigrationState, Options, ProblemKind};

use crate::bed::{BOTH, Bed, options};

pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "0001_accounts.up.sql",
        "CREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT NOT NULL, balance INT8 NOT NULL DEFAULT 0);",
    ),
    ("0001_accounts.down.sql", "DROP TABLE accounts;"),
    (
        "0002_rows.up.sql",
        "INSERT INTO accounts (id, owner) VALUES (1, 'a'), (2, 'b');\nUPDATE accounts SET balance = balance + 1;",
    ),
    (
        "0002_rows.down.sql",
        "DELETE FROM accounts WHERE id IN (1, 2);",
    ),
    (
        "0003_by_owner.up.sql",
        "CREATE INDEX by_owner ON accounts (owner);\nALTER TABLE accounts ADD COLUMN note TEXT;",
    ),
    (
        "0003_by_owner.down.sql",
        "ALTER TABLE accounts DROP COLUMN note;\nDROP INDEX by_owner;",
    ),
];

#[tokio::test]
async fn migrations_are_applied_once_and_taken_back() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let migrator = bed.migrator(FILES);
        let plan = migrator.plan().await.unwrap();
        assert_eq!(plan.versions(), [1, 2, 3]);
        let ways: Vec<Execution> = plan
            .steps()
            .iter()
            .map(crdb_migrate::PlannedStep::execution)
            .collect();
        let schema = match kind {
            crdb_exec::Engine::CockroachDb => Execution::Alone,
            _ => Execution::Transaction,
        };
        assert_eq!(
            ways,
            [
                schema,
                Execution::Transaction,
                Execution::Transaction,
                schema,
                schema
            ]
        );
        assert_eq!(migrator.up().await.unwrap().versions(), [1, 2, 3]);
        assert!(migrator.up().await.unwrap().is_empty());
        assert_eq!(bed.ask("SELECT sum(balance) FROM accounts").await, "2");
        let status = migrator.status().await.unwrap();
        assert!(status.is_up_to_date() && status.runner.is_none());
        migrator.check_at_least(3).await.unwrap();
        let error = migrator.check_at_least(4).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Older);

        assert_eq!(migrator.redo().await.unwrap().versions(), [3, 3]);
        assert_eq!(migrator.down().await.unwrap().versions(), [3]);
        let error = migrator.check_at_least(3).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Older);
        assert_eq!(migrator.down_to(0).await.unwrap().versions(), [2, 1]);
        assert_eq!(bed.ask("SELECT to_regclass('accounts')").await, "");
        assert_eq!(migrator.up_to(2).await.unwrap().versions(), [1, 2]);
        assert_eq!(
            migrator.status().await.unwrap().migrations[2].state,
            MigrationState::Pending
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_what_has_run_is_told_before_anything_runs() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        bed.migrator(&FILES[..4]).up().await.unwrap();
        let edited = [
            FILES[0],
            (
                FILES[2].0,
                "INSERT INTO accounts (id, owner) VALUES (3, 'c');",
            ),
            FILES[4],
        ];
        let error = bed.migrator(&edited).up().await.unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::Edited, "{error}");
        assert_eq!(bed.ask("SELECT to_regclass('by_owner')").await, "");

        let error = bed.migrator(&FILES[..2]).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Newer);
        bed.migrator(&FILES[..2]).check_at_least(1).await.unwrap();
        let error = bed
            .migrator(&FILES[..2])
            .check_at_least(3)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Older);

        let without_first = [FILES[2], FILES[4]];
        let error = bed.migrator(&without_first).up().await.unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::Missing, "{error}");
    }
}

#[tokio::test]
async fn a_late_migration_runs_only_when_that_is_allowed() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let early = ("20260101_a.up.sql", "CREATE TABLE a (id INT8 PRIMARY KEY)");
        let late = ("20260102_b.up.sql", "CREATE TABLE b (id INT8 PRIMARY KEY)");
        bed.migrator(&[late]).up().await.unwrap();
        let error = bed.migrator(&[early, late]).up().await.unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::OutOfOrder);
        let migrator = bed
            .migrator(&[early, late])
            .options(options().allow_out_of_order(true));
        assert_eq!(migrator.up().await.unwrap().versions(), [20_260_101]);
    }
}

#[tokio::test]
async fn a_migration_that_was_taken_back_but_for_its_lines_is_forgotten_by_the_next_down() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let migrator = bed.migrator(FILES);
        migrator.up().await.unwrap();
        // As a runner leaves it that was killed between the last statement and the removal of the lines.
        bed.run("ALTER TABLE accounts DROP COLUMN note").await;
        bed.run("DROP INDEX by_owner").await;
        bed.run(
            "INSERT INTO crdb_migration_step (version, direction, step, steps, name, checksum, statement, state, token) \
             SELECT version, 'down', step, steps, name, checksum, statement, state, token FROM crdb_migration_step \
             WHERE version = 3",
        )
        .await;
        let error = migrator.up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PartlyUndone);
        assert_eq!(migrator.down().await.unwrap().versions(), [3]);
        assert_eq!(migrator.up().await.unwrap().versions(), [3]);
    }
}

#[tokio::test]
async fn a_statement_that_runs_out_of_time_is_not_run_again() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let files = [
            FILES[0],
            (
                "0002_slow.up.sql",
                "-- timeout: 300ms\nINSERT INTO accounts (id, owner) SELECT 1, 'x' FROM pg_sleep(3600)",
            ),
        ];
        let error = bed.migrator(&files).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Step, "{error}");
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "0");
    }
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing_and_can_be_corrected() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let wrong = [
            FILES[0],
            (
                "0002_rows.up.sql",
                "INSERT INTO accounts (id, owner) VALUES (1, 'a');\nINSERT INTO accounts (id) VALUES (2);",
            ),
        ];
        let error = bed.migrator(&wrong).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Step);
        let text = error.to_string();
        assert!(
            text.contains("0002_rows.up.sql:2") && text.contains("23502"),
            "{text}"
        );
        let status = bed.migrator(&wrong).status().await.unwrap();
        assert_eq!(status.migrations[1].state, MigrationState::Begun);
        assert_eq!(status.migrations[1].steps_done, 1);
        assert!(
            status.migrations[1]
                .error
                .as_ref()
                .unwrap()
                .contains("23502")
        );
        // The rest of a file that has failed may be corrected.
        let right = [
            FILES[0],
            (
                "0002_rows.up.sql",
                "INSERT INTO accounts (id, owner) VALUES (1, 'a');\nINSERT INTO accounts (id, owner) VALUES (2, 'b');",
            ),
        ];
        assert_eq!(bed.migrator(&right).up().await.unwrap().versions(), [2]);
        assert_eq!(bed.ask("SELECT count(*) FROM accounts").await, "2");
    }
}

#[tokio::test]
async fn a_session_that_may_only_read_is_refused_before_anything_runs() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let text = format!(
            "ALTER DATABASE \"{}\" SET default_transaction_read_only = on",
            bed.database.name()
        );
        bed.engine.execute(&text).await.unwrap();
        let error = bed.migrator(FILES).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Preflight, "{error}");
    }
}

#[tokio::test]
async fn a_user_without_rights_is_refused_before_anything_runs() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let admin = async |text: &str| {
            let done = bed.engine.execute_in(bed.database.name(), text).await;
            assert!(done.is_ok(), "{done:?}");
        };
        admin("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
        admin(&format!(
            "REVOKE CREATE ON SCHEMA public FROM {}",
            bed.user()
        ))
        .await;
        let error = bed.migrator(FILES).up().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Preflight, "{error}");
        assert!(error.to_string().contains("`public`"), "{error}");
        assert_eq!(
            bed.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
                .await,
            "0"
        );
    }
}

/// CockroachDB lets also those alter a table who have CREATE on it.
#[tokio::test]
async fn a_table_of_another_owner_is_told_before_anything_runs() {
    let bed = Bed::new(crdb_exec::Engine::PostgreSql).await;
    bed.engine
        .execute_in(
            bed.database.name(),
            "CREATE TABLE foreign_one (id INT8 PRIMARY KEY)",
        )
        .await
        .unwrap();
    let files = [
        FILES[0],
        (
            "0002_note.up.sql",
            "ALTER TABLE foreign_one ADD COLUMN note TEXT;",
        ),
    ];
    let error = bed.migrator(&files).up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Preflight, "{error}");
    assert!(error.to_string().contains("0002_note.up.sql:1"), "{error}");
    assert_eq!(bed.ask("SELECT to_regclass('accounts')").await, "");
}

#[tokio::test]
async fn settings_of_a_file_hold_for_it_and_end_with_it() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let migrator = bed.migrator(&[
            ("1_schema.up.sql", "CREATE SCHEMA other"),
            (
                "2_there.up.sql",
                "SET search_path = other;\nCREATE TABLE there (id INT8 PRIMARY KEY);\nCREATE TABLE too (id INT8 PRIMARY KEY)",
            ),
            ("3_here.up.sql", "CREATE TABLE here (id INT8 PRIMARY KEY)"),
        ]);
        migrator.up().await.unwrap();
        assert_eq!(
            bed.ask(
                "SELECT string_agg(table_schema || '.' || table_name, ' ' ORDER BY table_name) \
                     FROM information_schema.tables WHERE table_name IN ('there', 'too', 'here')"
            )
            .await,
            "public.here other.there other.too"
        );
    }
}

#[tokio::test]
async fn a_runner_that_waits_in_vain_says_for_whom() {
    let bed = Bed::new(crdb_exec::Engine::PostgreSql).await;
    bed.migrator(&FILES[..2]).up().await.unwrap();
    bed.run("UPDATE crdb_migration_lease SET owner = 'the other one', expires_at = now() + INTERVAL '1 hour'")
        .await;
    let options = Options::new().wait(std::time::Duration::from_millis(300));
    let error = bed.migrator(FILES).options(options).up().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains("the other one"));
}

/// `Duration::MAX` stands for *never* wherever a duration is taken.
#[tokio::test]
async fn each_limit_can_be_as_long_as_its_type() {
    for kind in BOTH {
        let bed = Bed::new(kind).await;
        let longest = std::time::Duration::MAX;
        let options = Options::new()
            .lease(longest)
            .wait(longest)
            .step_timeout(longest)
            .lock_timeout(Some(longest));
        let migrator = bed.migrator(FILES).options(options);
        assert_eq!(migrator.up().await.unwrap().versions(), [1, 2, 3]);
        assert!(migrator.status().await.unwrap().is_up_to_date());
    }
}
