//! The code for names that are awkward in Rust: it compiles, without a warning, whatever databases and users name things.
//!
//! `generated.rs` is compiled as a part of this test, under `deny(warnings)`. After a change to codegen, write it again
//! with `UPDATE_EXPECT=1 cargo test -p crdb-example-bank --test odd_names`.
#![deny(warnings)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crdb_sql::Repository;
use crdb_sql::codegen::{Descriptions, Options, generate};
use crdb_sql::schema::Schema;

#[allow(
    dead_code,
    unreachable_pub,
    reason = "that it compiles is all that is asked of it"
)]
mod generated;

const SCHEMA: &str = include_str!("schema.sql");

/// Files whose names are crates, primitive types and keywords.
const FILES: &[(&str, &str)] = &[
    ("std.sql", include_str!("std.sql")),
    ("core.sql", include_str!("core.sql")),
    ("crdb_exec.sql", include_str!("crdb_exec.sql")),
    ("str.sql", include_str!("str.sql")),
    ("type/super_/chrono.sql", include_str!("chrono.sql")),
    ("a_b/usize.sql", include_str!("usize.sql")),
    ("a__b/usize.sql", include_str!("usize.sql")),
];

#[test]
fn odd_names_become_code_that_compiles() {
    let repository = Repository::from_embedded(FILES).unwrap();
    let templates = repository.templates().count();
    assert!(repository.iter().count() + templates >= 40);
    let mut schema = Schema::default();
    schema.apply(SCHEMA);
    let options = Options::default().command("this test");
    let code = generate(&repository, &schema, &Descriptions::default(), &options).unwrap();
    let code = rustfmt(&code);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/odd_names/generated.rs");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, &code).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap();
    assert!(
        code == committed,
        "{path} is not what codegen writes: run this test with UPDATE_EXPECT=1, then again"
    );
}

fn rustfmt(code: &str) -> String {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let code = code.to_owned();
    let writer = std::thread::spawn(move || input.write_all(code.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
