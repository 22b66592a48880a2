//! `cargo xtask codegen` on a user's tree: outside the workspace, with a crate of its own around the code.
#![cfg(feature = "engine")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crdb_testkit::Engine;

/// What the user has: SQL, and a program that uses it.
const FOREIGN: &[(&str, &str)] = &[
    (
        "sql/schema/001_invoices.sql",
        include_str!("foreign/sql/schema/001_invoices.sql"),
    ),
    (
        "sql/queries/invoices.sql",
        include_str!("foreign/sql/queries/invoices.sql"),
    ),
    ("build.rs", include_str!("foreign/build.rs")),
    ("src/main.rs", include_str!("foreign/src/main.rs")),
    (
        "src/connection.rs",
        include_str!("foreign/src/connection.rs"),
    ),
];

/// crdb-exec by its path, and what the generated module's types come from. The profile is the workspace's, so that what has
/// been compiled there can be used again.
const MANIFEST: &str = r#"
[package]
name = "invoices"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
chrono = { version = "0.4", default-features = false }
crdb-exec = { path = "CRATES/crdb-exec", features = ["derive"] }
futures-util = { version = "0.3", default-features = false }
postgres-types = { version = "0.2", features = ["with-chrono-0_4", "with-serde_json-1", "with-uuid-1"] }
rust_decimal = { version = "1", features = ["db-postgres", "serde"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt"] }
tokio-postgres = { version = "0.7", default-features = false, features = ["runtime"] }
uuid = { version = "1", features = ["serde"] }

[build-dependencies]
crdb-sql = { path = "CRATES/crdb-sql" }

[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
debug = false
"#;

/// A server that is not there.
const NOWHERE: &str = "postgresql://missing@127.0.0.1:1/none?sslmode=disable";

struct Foreign {
    directory: tempfile::TempDir,
}

impl Foreign {
    fn new() -> Self {
        let this = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        for (path, text) in FOREIGN {
            this.write(path, text);
        }
        this
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Puts a word for another and returns what was there.
    #[track_caller]
    fn replace(&self, path: &str, from: &str, to: &str) -> String {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from}:\n{text}");
        self.write(path, &text.replace(from, to));
        text
    }

    /// Runs the command here. Whatever server the tests run on, it is to use the one that it is given, or none.
    fn codegen(&self, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(self.directory.path())
            .env("CRDB_TEST_URL", NOWHERE)
            .args(["codegen", "--sql", "sql", "--out", "src/queries.rs"])
            .args(more)
            .output()
            .unwrap()
    }
}

/// What it says: its results, and then its progress and warnings.
#[track_caller]
fn succeeds(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout);
    let beside = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{beside}");
    format!("{said}{beside}")
}

#[track_caller]
fn fails_with(output: &Output, words: &str) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(words), "{complaint}");
}

#[tokio::test]
async fn a_foreign_tree_gives_the_same_code_each_time_and_drift_is_found() {
    let engine = Engine::shared_postgres().await;
    let url = engine.url(engine.database());
    let foreign = Foreign::new();
    let said = succeeds(&foreign.codegen(&["--engine", &url]));
    assert!(
        said.contains("invoices.put_payment: the server says: syntax error"),
        "{said}"
    );
    let (code, known) = (
        foreign.read("src/queries.rs"),
        foreign.read("sql/descriptions.txt"),
    );

    // Asked again, and from what is kept: no server is there then.
    succeeds(&foreign.codegen(&["--engine", &url]));
    assert_eq!(foreign.read("src/queries.rs"), code);
    assert_eq!(foreign.read("sql/descriptions.txt"), known);
    fs::remove_file(foreign.path("src/queries.rs")).unwrap();
    succeeds(&foreign.codegen(&[]));
    assert_eq!(foreign.read("src/queries.rs"), code);
    succeeds(&foreign.codegen(&["--check"]));

    // The code, the header, the statement, the schema.
    for (file, from, to, words) in [
        (
            "src/queries.rs",
            "PartlyPaid",
            "HalfPaid",
            "not what codegen writes",
        ),
        (
            "sql/queries/invoices.sql",
            "-- One invoice.",
            "-- An invoice.",
            "not what codegen writes",
        ),
        (
            "sql/queries/invoices.sql",
            "AND state <> 'paid'",
            "",
            "invoices.pay",
        ),
        (
            "sql/schema/001_invoices.sql",
            "due TIMESTAMPTZ",
            "due TIMESTAMPTZ NOT NULL",
            "the schema has changed",
        ),
    ] {
        let before = foreign.replace(file, from, to);
        fails_with(&foreign.codegen(&["--check"]), words);
        foreign.write(file, &before);
        succeeds(&foreign.codegen(&["--check"]));
    }
}

#[tokio::test]
async fn a_program_outside_runs_on_its_generated_code() {
    let engine = Engine::shared_postgres().await;
    let foreign = Foreign::new();
    succeeds(&foreign.codegen(&["--engine", &engine.url(engine.database())]));

    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let crates = workspace.join("crates");
    foreign.write(
        "Cargo.toml",
        &MANIFEST.replace("CRATES", crates.to_str().unwrap()),
    );
    // The workspace's own versions, which are here already.
    fs::copy(workspace.join("Cargo.lock"), foreign.path("Cargo.lock")).unwrap();
    let database = engine.create_database().await;
    let server = format!(
        "host={} port={} user={} password={} dbname={}",
        engine.host(),
        engine.port(),
        engine.user(),
        engine.password(),
        database.name()
    );
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut program = Command::new(env!("CARGO"));
    program
        .current_dir(foreign.directory.path())
        .env("INVOICES_DATABASE", server)
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(target);
    // What this test was started with is not for the package that it builds.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" || name == "RUSTFLAGS"
        }) {
            program.env_remove(name);
        }
    }
    let said = succeeds(&program.output().unwrap());
    assert_eq!(said, "the invoices are as they were written\n");
}
