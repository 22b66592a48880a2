//! Directories, and the same files embedded.

use std::fs;

use crdb_sql::{ErrorKind, Repository};

use crate::write;

#[test]
fn a_directory_and_its_embedded_form_are_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(
        root,
        "queries/accounts/read.sql",
        "\u{feff}-- name: get :one\r\nSELECT 'é' -- \"q\"\r\n",
    );
    write(
        root,
        "queries/accounts/eu/read.sql",
        "-- name: get :one\nSELECT 2",
    );
    write(root, "queries/top.sql", "-- name: ping :exec\nSELECT 1");
    write(root, "queries/notes.md", "not SQL");
    write(root, "queries/.hidden/x.sql", "not loaded");
    write(root, "schema/001.sql", "CREATE TABLE t (a INT8)");
    let loaded = Repository::load(root).unwrap();
    let names: Vec<&str> = loaded.names().collect();
    assert_eq!(names, ["accounts.eu.get", "accounts.get", "top.ping"]);

    let out = root.join("embedded.rs");
    crdb_sql::write_embedded(root, &out).unwrap();
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("\"accounts/read.sql\""), "{text}");
    let files: Vec<(String, String)> = ["accounts/eu/read.sql", "accounts/read.sql", "top.sql"]
        .iter()
        .map(|path| {
            let file = root.join("queries").join(path);
            ((*path).to_owned(), fs::read_to_string(file).unwrap())
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let embedded = Repository::from_embedded(&files).unwrap();
    assert_eq!(embedded.hash(), loaded.hash());
    for (a, b) in embedded.iter().zip(&loaded) {
        assert_eq!(
            (a.name(), a.text(), a.parameters()),
            (b.name(), b.text(), b.parameters())
        );
    }
}

#[test]
fn what_cannot_be_read_is_a_problem_and_a_missing_directory_an_error() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("bad.sql"),
        b"-- name: a :one\nSELECT '\xff'",
    )
    .unwrap();
    let error = Repository::load(directory.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is not UTF-8 (line 2, byte 24)"),
        "{error}"
    );

    let missing = directory.path().join("nowhere");
    let error = Repository::load(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Directory);
    assert_eq!(error.path(), Some(missing.as_path()));
    assert!(
        error
            .to_string()
            .contains("name a directory that holds .sql files")
    );
}

#[test]
fn a_cycle_of_links_ends() {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(directory.path(), directory.path().join("again")).unwrap();
    let error = Repository::load(directory.path()).unwrap_err();
    assert!(error.to_string().contains("cycle of links"), "{error}");
}
