//! Mistakes in files: all of them are reported at once, each with its file and line.

use crdb_migrate::{ErrorKind, Migrations, ProblemKind};

fn problems(files: &[(&str, &str)]) -> Vec<(ProblemKind, String, Option<usize>)> {
    let error = Migrations::from_embedded(files).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Files);
    error
        .problems()
        .iter()
        .map(|problem| {
            (
                problem.kind(),
                problem.file().display().to_string(),
                problem.line(),
            )
        })
        .collect()
}

#[test]
fn every_mistake_of_a_directory_is_told_at_once() {
    let found = problems(&[
        (
            "0001_a.up.sql",
            "CREATE TABLE a (id INT8 PRIMARY KEY);\n\nCREATE TABL b ();\nSELECT FROM WHERE;",
        ),
        ("0001_b.up.sql", "SELECT 1"),
        (
            "0003_c.up.sql",
            "-- timeout: soon\nBEGIN;\nINSERT INTO a VALUES (1);\nCOMMIT;",
        ),
        ("0003_c.down.sql", ""),
        ("0004_d.down.sql", "SELECT 1"),
        (
            "0005_e.up.sql",
            "CREATE TABLE e (id INT8 PRIMARY KEY);\nINSERT INTO e VALUES (1);",
        ),
        ("0006_f.sql", "SELECT 1"),
        ("x_g.up.sql", "SELECT 1"),
        (
            "0006_h.up.sql",
            "PREPARE p AS SELECT 1;\nCOPY a FROM STDIN;",
        ),
    ]);
    let place = |kind, file: &str, line| (kind, file.to_owned(), line);
    assert_eq!(
        found,
        [
            place(ProblemKind::Syntax, "0001_a.up.sql", Some(3)),
            place(ProblemKind::Syntax, "0001_a.up.sql", Some(4)),
            place(ProblemKind::DuplicateVersion, "0001_b.up.sql", None),
            place(ProblemKind::Empty, "0003_c.down.sql", None),
            place(ProblemKind::Gap, "0003_c.up.sql", None),
            place(ProblemKind::Header, "0003_c.up.sql", Some(1)),
            place(ProblemKind::TransactionControl, "0003_c.up.sql", Some(2)),
            place(ProblemKind::TransactionControl, "0003_c.up.sql", Some(4)),
            place(ProblemKind::DownWithoutUp, "0004_d.down.sql", None),
            place(ProblemKind::Gap, "0005_e.up.sql", None),
            place(ProblemKind::Mixed, "0005_e.up.sql", Some(2)),
            place(ProblemKind::FileName, "0006_f.sql", None),
            place(ProblemKind::Forbidden, "0006_h.up.sql", Some(1)),
            place(ProblemKind::Forbidden, "0006_h.up.sql", Some(2)),
            place(ProblemKind::FileName, "x_g.up.sql", None),
        ]
    );
}

#[test]
fn a_directory_and_embedded_texts_are_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let files = [
        ("0001_a.up.sql", "CREATE TABLE a (id INT8 PRIMARY KEY);\r\n"),
        ("0001_a.down.sql", "DROP TABLE a;\n"),
    ];
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    std::fs::write(directory.path().join("README.md"), "not SQL").unwrap();
    std::fs::write(directory.path().join(".0002_b.up.sql"), "hidden").unwrap();
    let loaded = Migrations::load(directory.path()).unwrap();
    let embedded = Migrations::from_embedded(&files).unwrap();
    let sums = |all: &Migrations| -> Vec<String> {
        all.iter()
            .map(|one| one.up().checksum().to_string())
            .collect()
    };
    assert_eq!(sums(&loaded), sums(&embedded));
    assert!(loaded.get(1).unwrap().down().is_some());
    let error = Migrations::load(directory.path().join("nowhere")).unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::Unreadable);
}

#[test]
fn dates_leave_gaps_and_a_header_allows_what_it_names() {
    Migrations::from_embedded(&[
        ("20260101000000_a.up.sql", "SELECT 1"),
        ("20260301000000_b.up.sql", "SELECT 1"),
    ])
    .unwrap();
    Migrations::from_embedded(&[
        ("1_a.up.sql", "SELECT 1"),
        ("3_b.up.sql", "-- allow: gap, mixed_ddl\nCREATE TABLE t (a INT8 PRIMARY KEY);\nINSERT INTO t VALUES (1);"),
    ])
    .unwrap();
}

#[test]
fn a_new_migration_has_the_next_number_and_loads_once_it_is_filled() {
    let directory = tempfile::tempdir().unwrap();
    let [up, down] = Migrations::create(directory.path(), "accounts").unwrap();
    assert!(up.ends_with("0001_accounts.up.sql") && down.ends_with("0001_accounts.down.sql"));
    std::fs::write(&up, "SELECT 1;").unwrap();
    std::fs::remove_file(&down).unwrap();
    let [up, down] = Migrations::create(directory.path(), "by_owner").unwrap();
    assert!(up.ends_with("0002_by_owner.up.sql"));
    let empty = Migrations::load(directory.path()).unwrap_err();
    assert_eq!(empty.problems().len(), 2, "{empty}");
    std::fs::write(&up, "SELECT 2;").unwrap();
    std::fs::write(&down, "SELECT 3;").unwrap();
    assert_eq!(
        Migrations::load(directory.path()).unwrap().latest(),
        Some(2)
    );
    let error = Migrations::create(directory.path(), "By-Owner").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}
