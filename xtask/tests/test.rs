//! `cargo xtask test` on a workspace made for it, with every way in which a test can end.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::fs;
use std::process::Command;

const LIB: &str = r#"
//! An example:
//! ```
//! assert_eq!(made_for_it::two(), 2);
//! ```
//! and one that is wrong:
//! ```
//! assert_eq!(made_for_it::two(), 3);
//! ```

/// Two.
pub fn two() -> u32 {
    2
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes() {
        assert_eq!(super::two(), 2);
    }

    #[test]
    fn absent() {
        panic!("did not run: no such server (cargo xtask setup)");
    }

    #[test]
    #[ignore = "needs CockroachDB: only it has nodes"]
    fn nodes() {
        assert!(std::env::var("CRDB_TEST_URL").is_ok());
    }
}
"#;

const ABORTS: &str = r#"
#[test]
fn aborts() {
    std::process::abort();
}
"#;

const FAILS: &str = r#"
#[test]
fn is_wrong() {
    panic!("two is not three");
}
"#;

/// A workspace with one package.
fn workspace(tests: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    file(
        "Cargo.toml",
        "[package]\nname = \"made-for-it\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
    );
    file("src/lib.rs", LIB);
    for (name, text) in tests {
        file(&format!("tests/{name}.rs"), text);
    }
    directory
}

fn command(directory: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(["test", "--no-setup"])
        .args(arguments)
        .current_dir(directory.path())
        .env("CARGO_TARGET_DIR", directory.path().join("target"))
        .env_remove("CRDB_TEST_URL");
    command
}

/// Whether the command succeeds, and what it prints.
fn test(directory: &tempfile::TempDir, arguments: &[&str], url: Option<&str>) -> (bool, String) {
    let mut command = command(directory, arguments);
    if let Some(url) = url {
        command.env("CRDB_TEST_URL", url);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), text)
}

#[test]
fn each_ending_is_counted_and_named() {
    let directory = workspace(&[("aborts", ABORTS), ("fails", FAILS)]);
    let (success, text) = test(&directory, &[], None);
    assert!(!success, "{text}");
    // Passed: one test and one example. Failed: one test, one example, one program.
    assert!(
        text.ends_with("\n2 passed, 3 failed, 2 skipped\n"),
        "{text}"
    );
    assert!(
        text.contains("failed: made-for-it fails: is_wrong"),
        "{text}"
    );
    assert!(text.contains("two is not three"), "{text}");
    assert!(text.contains("without a result: aborts"), "{text}");
    assert!(
        text.contains(
            "1 did not run:\n  made-for-it lib: tests::absent: no such server (cargo xtask setup)"
        ),
        "{text}"
    );
    assert!(
        text.contains("made-for-it lib: tests::nodes: only it has nodes"),
        "{text}"
    );
}

#[test]
fn what_did_not_run_fails_a_strict_run_only_and_a_filter_chooses() {
    let directory = workspace(&[]);
    let (success, text) = test(&directory, &["tests::"], None);
    assert!(success, "{text}");
    assert!(
        text.ends_with("\n1 passed, 0 failed, 2 skipped\n"),
        "{text}"
    );
    let (success, text) = test(&directory, &["--strict", "tests::"], None);
    assert!(!success, "{text}");
    // What needs CockroachDB is forgiven, as long as there is none.
    let (success, text) = test(&directory, &["--strict", "tests::nodes"], None);
    assert!(success, "{text}");
    assert!(
        text.ends_with("\n0 passed, 0 failed, 1 skipped\n"),
        "{text}"
    );
}

#[test]
fn tests_that_need_cockroach_run_where_there_is_one() {
    let directory = workspace(&[]);
    let (success, text) = test(&directory, &["tests::nodes"], Some("postgres://nowhere"));
    assert!(success, "{text}");
    assert!(
        text.ends_with("\n1 passed, 0 failed, 0 skipped\n"),
        "{text}"
    );
}

#[test]
fn a_target_is_a_program_or_a_module_and_one_without_a_test_is_an_error() {
    let directory = workspace(&[("fails", FAILS)]);
    // Neither the other program nor the examples run.
    let (success, text) = test(&directory, &["--target", "lib::tests"], None);
    assert!(success, "{text}");
    assert!(
        text.ends_with("\n1 passed, 0 failed, 2 skipped\n"),
        "{text}"
    );
    for gone in ["lib::test", "gone"] {
        let output = command(&directory, &["--target", gone]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains(&format!("no test is in the target {gone};")),
            "{said}"
        );
    }
}
