//! The oldest migrations as one file.

use std::path::Path;

use crdb_migrate::{ErrorKind, MigrationState, Migrations, Migrator, ProblemKind};

use crate::bed::{BOTH, Bed, options};
use crate::source::Plain;

/// Comments, settings, an end without a semicolon, data and schema.
const FILES: &[(&str, &str)] = &[
    (
        "0001_accounts.up.sql",
        "-- The accounts.\n-- timeout: 2h\nCREATE TABLE accounts (id INT8 PRIMARY KEY, owner TEXT);\n-- the end",
    ),
    ("0001_accounts.down.sql", "DROP TABLE accounts;"),
    (
        "0002_other.up.sql",
        "CREATE SCHEMA other;\nSET search_path = other;\nCREATE TABLE there (id INT8 PRIMARY KEY)",
    ),
    (
        "0003_rows.up.sql",
        "INSERT INTO accounts VALUES (1, 'a; -- b'), (2, $$;$$);",
    ),
    (
        "0004_index.up.sql",
        "-- allow: long_lock\nCREATE INDEX by_owner ON accounts (owner);",
    ),
    (
        "0005_note.up.sql",
        "ALTER TABLE accounts ADD COLUMN note TEXT;",
    ),
];

/// The files in a directory of their own.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn migrator(bed: &Bed, directory: &Path) -> Migrator<Plain> {
    Migrator::new(bed.db.clone(), Migrations::load(directory).unwrap()).options(options())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_database_that_ran_the_files_takes_the_squashed_one_and_a_fresh_one_runs_it() {
    for kind in BOTH {
        let directory = directory(FILES);
        let directory = directory.path();
        let (old, fresh) = (Bed::new(kind).await, Bed::new(kind).await);
        let before = migrator(&old, directory);
        assert_eq!(before.up_to(4).await.unwrap().versions(), [1, 2, 3, 4]);

        let (path, removed) = Migrations::squash(directory, 4, "start").unwrap();
        assert_eq!(path, directory.join("0004_start.up.sql"));
        assert_eq!(removed.len(), 5);
        assert_eq!(names(directory), ["0004_start.up.sql", "0005_note.up.sql"]);

        let after = migrator(&old, directory);
        let status = after.status().await.unwrap();
        assert_eq!(status.migrations[0].state, MigrationState::Applied);
        assert_eq!(status.migrations.len(), 2);
        assert_eq!(after.plan().await.unwrap().versions(), [5]);
        assert_eq!(after.up().await.unwrap().versions(), [5]);
        let drift = after.verify(&old.scratch().await).await.unwrap();
        assert!(drift.is_empty(), "{drift:?}");
        after.check_at_least(3).await.unwrap();
        // A program with the old files can be taken back.
        before.check_at_least(4).await.unwrap();

        let first = migrator(&fresh, directory);
        assert_eq!(first.up().await.unwrap().versions(), [4, 5]);
        let drift = first.verify(&fresh.scratch().await).await.unwrap();
        assert!(drift.is_empty(), "{drift:?}");
        for bed in [&old, &fresh] {
            assert_eq!(
                bed.ask("SELECT string_agg(id || owner, ' ' ORDER BY id) FROM accounts")
                    .await,
                "1a; -- b 2;"
            );
            assert_eq!(
                bed.ask("SELECT to_regclass('other.there')").await,
                "other.there"
            );
        }
        assert_eq!(
            first.down_to(0).await.unwrap_err().kind(),
            ErrorKind::Irreversible
        );
    }
}

#[tokio::test]
async fn a_squashed_file_can_be_squashed_again_whatever_a_database_has_run_of_it() {
    let kind = crdb_exec::Engine::PostgreSql;
    let directory = directory(FILES);
    let directory = directory.path();
    let (oldest, newer) = (Bed::new(kind).await, Bed::new(kind).await);
    migrator(&oldest, directory).up().await.unwrap();
    Migrations::squash(directory, 3, "start").unwrap();
    migrator(&newer, directory).up().await.unwrap();
    Migrations::squash(directory, 5, "start").unwrap();
    assert_eq!(names(directory), ["0005_start.up.sql"]);
    for bed in [&oldest, &newer] {
        let migrator = migrator(bed, directory);
        assert!(migrator.up().await.unwrap().is_empty());
        assert!(migrator.status().await.unwrap().is_up_to_date());
        let drift = migrator.verify(&bed.scratch().await).await.unwrap();
        assert!(drift.is_empty(), "{drift:?}");
    }
}

#[tokio::test]
async fn a_database_that_ran_a_part_or_something_else_is_refused() {
    for kind in BOTH {
        let directory = directory(FILES);
        let directory = directory.path();
        let (part, other, cut_off) = (
            Bed::new(kind).await,
            Bed::new(kind).await,
            Bed::new(kind).await,
        );
        migrator(&part, directory).up_to(3).await.unwrap();
        let edited = [
            FILES[0],
            (FILES[2].0, "CREATE TABLE there (id INT8 PRIMARY KEY)"),
            FILES[3],
            FILES[4],
        ];
        other.migrator(&edited).up().await.unwrap();
        migrator(&cut_off, directory).up_to(4).await.unwrap();
        cut_off
            .run("UPDATE crdb_migration_step SET state = 'begun' WHERE version = 4")
            .await;
        Migrations::squash(directory, 4, "start").unwrap();
        for (bed, why) in [
            (&part, "migration 4 has not run"),
            (&other, "migration 2 ran with another text"),
            (&cut_off, "migration 4 has run in part"),
        ] {
            let error = migrator(bed, directory).up().await.unwrap_err();
            assert_eq!(error.problems()[0].kind(), ProblemKind::Squashed, "{error}");
            assert!(error.to_string().contains(why), "{error}");
            let error = migrator(bed, directory).plan().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Files, "{error}");
            assert_eq!(
                bed.ask(
                    "SELECT count(*) FROM information_schema.columns WHERE column_name = 'note'"
                )
                .await,
                "0"
            );
        }
    }
}

#[test]
fn what_cannot_be_one_file_is_refused_and_left_as_it_is() {
    let mixed = directory(&[
        FILES[0],
        (
            "0002_alone.up.sql",
            "-- transaction: none\nINSERT INTO accounts VALUES (1, 'a')",
        ),
    ]);
    for (directory, to, name) in [
        (&mixed, 2, "start"),
        (&mixed, 1, "start"),
        (&mixed, 7, "start"),
        (&directory(FILES), 3, "Not-A-Name"),
    ] {
        let before = names(directory.path());
        let error = Migrations::squash(directory.path(), to, name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert_eq!(names(directory.path()), before);
    }
}

#[test]
fn a_squashed_file_is_as_it_was_written_and_has_no_way_down() {
    let directory = directory(FILES);
    Migrations::squash(directory.path(), 4, "start").unwrap();
    let text = std::fs::read_to_string(directory.path().join("0004_start.up.sql")).unwrap();
    assert!(
        text.contains("-- timeout: 7200000ms") && text.contains("-- allow: long_lock, mixed_ddl"),
        "{text}"
    );
    let problems = |name: &str, text: &str, down: Option<&str>| {
        let mut files = vec![(format!("{name}.up.sql"), text.to_owned())];
        files.extend(down.map(|down| (format!("{name}.down.sql"), down.to_owned())));
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
        let error = Migrations::from_embedded(&files).unwrap_err();
        error
            .problems()
            .iter()
            .map(crdb_migrate::Problem::kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(problems("0005_start", &text, None), [ProblemKind::Squashed]);
    assert_eq!(
        problems("0004_start", &text, Some("SELECT 1")),
        [ProblemKind::Squashed]
    );
    let spoilt = text.replacen("squashes: 1 ", "squashes: one ", 1);
    assert_eq!(problems("0004_start", &spoilt, None), [ProblemKind::Header]);
}
