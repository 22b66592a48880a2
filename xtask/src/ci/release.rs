//! What matters to users of a release.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::context::Context;
use crate::tool;
use crate::workspace::{self, succeed};

/// Compares each crate's public API with its last release, which a tag `NAME-vVERSION` marks.
pub(crate) fn semver(context: &Context) -> Result<()> {
    let mut released = Vec::new();
    for package in context.crates() {
        let output = Command::new("git")
            .args(["tag", "--sort=-version:refname", "--list"])
            .arg(format!("{}-v*", package.name))
            .current_dir(&context.root)
            .output()
            .context("git could not be started")?;
        match String::from_utf8_lossy(&output.stdout).lines().next() {
            Some(tag) => released.push((package.name.to_string(), tag.to_owned())),
            None => println!("{}: no release yet, nothing to compare with", package.name),
        }
    }
    if released.is_empty() {
        return Ok(());
    }
    let semver_checks = tool::CARGO_SEMVER_CHECKS.provide(&context.target())?;
    for (package, tag) in released {
        succeed(
            Command::new(&semver_checks)
                .args([
                    "semver-checks",
                    "--package",
                    &package,
                    "--baseline-rev",
                    &tag,
                ])
                .current_dir(&context.root),
        )?;
    }
    Ok(())
}

/// Checks a copy of the workspace with the oldest version of each direct dependency that the manifests allow.
pub(crate) fn minimal(context: &Context) -> Result<()> {
    let copy = tempfile::tempdir().context("no temporary directory")?;
    workspace::copy_tracked(&context.root, copy.path())?;
    succeed(
        Command::new("cargo")
            .args([
                "+nightly",
                "-Z",
                "direct-minimal-versions",
                "update",
                "--quiet",
            ])
            .current_dir(copy.path())
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN"),
    )?;
    let mut check = workspace::cargo();
    check
        .args(["check", "--quiet", "--all-features"])
        .current_dir(copy.path())
        .env("CARGO_TARGET_DIR", context.target().join("minimal"));
    for package in context.crates() {
        check.args(["--package", &package.name]);
    }
    succeed(&mut check)
}
