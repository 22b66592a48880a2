//! Projects, as the command and build scripts read them.

use std::fs;

use crdb_sql::ErrorKind;
use crdb_sql::codegen::{DescribedColumn, Description, Descriptions, Options, Project};

fn project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in [
        (
            "schema/001.sql",
            "CREATE TABLE accounts (id UUID PRIMARY KEY, number TEXT NOT NULL);",
        ),
        (
            "queries/accounts.sql",
            "-- name: numbers :many\nSELECT number FROM accounts",
        ),
    ] {
        let file = directory.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    directory
}

#[test]
fn a_project_is_complete_when_every_statement_is_described() {
    let directory = project();
    let mut project = Project::open(directory.path()).unwrap();
    let missing = project.undescribed();
    assert_eq!(missing.len(), 1);
    let error = project.generate(&Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);

    let mut descriptions = Descriptions::for_schema(project.schema().hash());
    let columns = vec![DescribedColumn::new("number", "text")];
    descriptions.insert(
        missing[0].hash(),
        missing[0].name(),
        Description::new(&[], columns),
    );
    fs::write(project.descriptions_file(), descriptions.to_string()).unwrap();
    project.describe(descriptions);
    assert!(project.undescribed().is_empty() && project.is_current());
    let code = project.generate(&Options::default()).unwrap();

    let again = Project::open(directory.path()).unwrap();
    assert_eq!(again.generate(&Options::default()).unwrap(), code);
    fs::write(
        directory.path().join("schema/002.sql"),
        "CREATE TABLE b (id UUID PRIMARY KEY);",
    )
    .unwrap();
    assert!(!Project::open(directory.path()).unwrap().is_current());
}

#[test]
fn what_is_wrong_with_a_project_is_said() {
    let directory = project();
    let schema = directory.path().join("schema/001.sql");
    fs::write(&schema, "CREATE TABEL accounts ()").unwrap();
    let error = Project::open(directory.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("001.sql:1:"), "{error}");
    fs::write(&schema, "").unwrap();
    fs::write(directory.path().join("descriptions.txt"), "nonsense").unwrap();
    let error = Project::open(directory.path()).unwrap_err().to_string();
    assert!(error.contains("descriptions.txt: line 1"), "{error}");
    fs::remove_file(directory.path().join("descriptions.txt")).unwrap();
    fs::remove_dir_all(directory.path().join("queries")).unwrap();
    fs::create_dir(directory.path().join("queries")).unwrap();
    fs::write(directory.path().join("queries/a.sql"), "SELECT 1").unwrap();
    let error = Project::open(directory.path()).unwrap_err();
    // `main` of a build script shows its error by `Debug`.
    assert_eq!(format!("{error:?}"), error.to_string());
}
