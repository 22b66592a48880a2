//! Verdicts on files and trees.

use std::fs;
use std::path::Path;

use crdb_sql::{Code, ErrorKind, StatementVerdict, Verdict, check, check_statements};

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

type Summary<'a> = (Option<&'a str>, Option<usize>, bool, Vec<Code>);

fn summary(verdicts: &[Verdict]) -> Vec<Summary<'_>> {
    verdicts
        .iter()
        .map(|v| {
            let codes = v.problems().iter().map(crdb_sql::Problem::code).collect();
            (v.name(), v.line(), v.is_ok(), codes)
        })
        .collect()
}

#[test]
fn every_query_gets_a_verdict_and_what_makes_none_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(
        root,
        "schema/1.sql",
        "CREATE TABLE t (id INT8 PRIMARY KEY, n INT8)",
    );
    write(
        root,
        "queries/a/x.sql",
        "-- name: fine :one\nSELECT id FROM t WHERE id = :id\n\n-- name: slow :many\nSELECT id FROM t WHERE n = 1\n\n-- name: bad :exec\nDELETE FROM t\n",
    );
    write(root, "queries/a/y.sql", "-- name: broken :one\nSELECT 'x\n");
    write(root, "queries/a/z.sql", "SELECT 1");
    let all = [
        (Some("a.fine"), Some(1), true, vec![]),
        (Some("a.slow"), Some(4), true, vec![Code::FullScan]),
        (
            Some("a.bad"),
            Some(7),
            false,
            vec![Code::DeleteWithoutWhere, Code::FullScan],
        ),
        (Some("a.broken"), Some(2), false, vec![Code::Lexical]),
        (None, Some(1), false, vec![Code::MissingHeader]),
    ];
    let verdicts = check(root).unwrap();
    assert_eq!(summary(&verdicts), all);
    // A part of the tree has the same names and the same schema.
    assert_eq!(summary(&check(&root.join("queries")).unwrap()), all);
    assert_eq!(summary(&check(&root.join("queries/a")).unwrap()), all);
    assert_eq!(
        summary(&check(&root.join("queries/a/x.sql")).unwrap()),
        all[..3]
    );

    let loose = tempfile::tempdir().unwrap();
    write(loose.path(), "some.sql", "-- name: q :one\nSELECT 1");
    assert_eq!(
        check(&loose.path().join("some.sql")).unwrap()[0].name(),
        Some("some.q")
    );
}

#[test]
fn what_is_not_in_the_grammar_is_shown_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let query = |header: &str| {
        format!("-- name: q :many\n{header}SELECT id\nFROM t WHERE id = :some_id ORDER id\n")
    };
    write(directory.path(), "a.sql", &query(""));
    let verdicts = check(directory.path()).unwrap();
    let rendered = verdicts[0].problems().to_string();
    assert!(rendered.starts_with("error[syntax]: "), "{rendered}");
    assert!(rendered.contains("a.sql:3:34\n"), "{rendered}");
    assert!(
        rendered.contains("can say `-- verify: server`"),
        "{rendered}"
    );
    write(directory.path(), "a.sql", &query("-- verify: server\n"));
    assert!(check(directory.path()).unwrap()[0].is_ok());
    write(
        directory.path(),
        "a.sql",
        "-- name: q :exec\nUPSERT INTO t@i (a) VALUES (:a::STRING) RETURNING NOTHING",
    );
    let rendered = check(directory.path()).unwrap()[0].problems().to_string();
    assert_eq!(rendered, "");
}

#[test]
fn a_plain_list_gets_a_verdict_each() {
    let list = "SELECT 1; SELECT ';' FROM;\n-- words; more\nUPSERT INTO t VALUES (1);\nSELECT 'open;\nSELECT 3;\nSELECT /* open ;\nBEGIN PRIORITY HIGH";
    let verdicts = check_statements(Path::new("list.sql"), list);
    let found: Vec<(usize, bool)> = verdicts
        .iter()
        .map(|v| (v.line(), v.problem().is_none()))
        .collect();
    assert_eq!(
        found,
        [
            (1, true),
            (1, false),
            (3, true),
            (4, false),
            (5, true),
            (6, false),
            (7, true)
        ]
    );
    assert!(check_statements(Path::new("list.sql"), " ; -- nothing\n;").is_empty());
    // Editors on Windows put a byte order mark in front.
    let marked = check_statements(Path::new("list.sql"), "\u{feff}SELECT 1; SELECT FROM FROM;");
    let found: Vec<(usize, bool)> = marked
        .iter()
        .map(|v| (v.line(), v.problem().is_none()))
        .collect();
    assert_eq!(found, [(1, true), (1, false)]);
}

/// Reading on behind each of them would read the list again and again.
#[test]
fn statements_that_do_not_end_keep_their_verdicts_however_many_they_are() {
    let mut list = "SELECT /* a;\n".repeat(1_000);
    list.push_str("SELECT 1;\nSELECT ';\nSELECT '2;\n'; SELECT 3");
    let verdicts = check_statements(Path::new("list.sql"), &list);
    let lines: Vec<usize> = verdicts.iter().map(StatementVerdict::line).collect();
    assert_eq!(lines, (1..=1_004).collect::<Vec<_>>());
    let refused = verdicts
        .iter()
        .filter(|verdict| verdict.problem().is_some());
    assert_eq!(refused.count(), 1_003);
}

#[test]
fn what_a_server_says_is_shown_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    write(
        directory.path(),
        "a.sql",
        "-- name: q :one\nSELECT :first_value,\n  absent FROM t",
    );
    let mut verdicts = check(directory.path()).unwrap();
    let text = verdicts[0].query().unwrap().text().to_owned();
    let position = text[..text.find("absent").unwrap()].chars().count() + 1;
    verdicts[0].refused_by_server("column \"absent\" does not exist", Some(position));
    let problem = verdicts[0].problems().iter().next().unwrap();
    assert_eq!((problem.line(), problem.column()), (Some(3), Some(3)));
    assert!(
        problem
            .to_string()
            .ends_with("  absent FROM t\n  |   ^^^^^^"),
        "{problem}"
    );
    assert!(!verdicts[0].is_ok());
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let error = check(Path::new("/nowhere/at/all.sql")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Directory);
    assert!(
        error
            .to_string()
            .contains("name a .sql file or a directory"),
        "{error}"
    );
}
