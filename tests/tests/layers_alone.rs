//! Every crate can be had from a registry and used by itself: each is packaged, and built by a consumer outside of this
//! workspace who depends on that layer only and implements its traits.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Each has a consumer, but for the macros, which other crates pass on.
const CRATES: [&str; 13] = [
    "auth", "cache", "cli", "data", "exec", "facade", "macros", "migrate", "observe", "pool",
    "sql", "testkit", "wire",
];

/// Runs a command to its end; its output is shown when it fails.
fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("did not run: {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a command that takes long, and passes on what it prints: a program that is silent for minutes looks as if it hung.
fn run_aloud(command: &mut Command) {
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("did not run: {command:?}: {error}"));
    assert!(status.success(), "{command:?} failed: {status}");
}

fn cargo(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(directory).arg("--offline");
    // What this test was started with is not for the packages that it builds.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" || name == "RUSTFLAGS"
        }) {
            command.env_remove(name);
        }
    }
    command
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn each_layer_is_usable_by_itself() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let outside = tempfile::tempdir().unwrap();
    copy(&workspace.join("tests/consumers"), outside.path());

    let packaged = outside.path().join("packaged");
    let mut package = cargo(workspace);
    package
        .args([
            "package",
            "--quiet",
            "--no-verify",
            "--allow-dirty",
            "--target-dir",
        ])
        .arg(&packaged);
    for layer in CRATES {
        package.arg("--package").arg(format!("crdb-{layer}"));
    }
    run(&mut package);

    let packages = outside.path().join("packages");
    for layer in CRATES {
        let archive = archive(&packaged.join("package"), layer);
        let unpacked = packages.join(format!("crdb-{layer}"));
        std::fs::create_dir_all(&unpacked).unwrap();
        // With the time of now: cargo, which packs everything as of one old time, would take what an earlier run has compiled for fresh.
        run(Command::new("tar")
            .arg("-xmzf")
            .arg(archive)
            .arg("--strip-components=1")
            .arg("-C")
            .arg(unpacked));
    }

    // The same versions of everything else, so that nothing has to be looked up or compiled again.
    std::fs::copy(
        workspace.join("Cargo.lock"),
        outside.path().join("Cargo.lock"),
    )
    .unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut check = cargo(outside.path());
    check
        .args(["check", "--workspace", "--target-dir"])
        .arg(target);
    run_aloud(&mut check);
}

/// `crdb-auth-0.1.0.crate`, whichever version it is.
fn archive(directory: &Path, layer: &str) -> PathBuf {
    let prefix = format!("crdb-{layer}-");
    let entries = std::fs::read_dir(directory).unwrap();
    let mut archives = entries.map(|entry| entry.unwrap().path()).filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "crate")
            && path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(&prefix))
    });
    archives
        .next()
        .unwrap_or_else(|| panic!("crdb-{layer} was not packaged"))
}
