//! Where the workspace is and what cargo knows about it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

/// The directory of the workspace's root manifest.
///
/// # Errors
/// When the current directory is not inside a cargo workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let output = Command::new(cargo())
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .context("cargo locate-project could not be started")?;
    if !output.status.success() {
        bail!(
            "no workspace here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let manifest = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    manifest
        .parent()
        .map(Path::to_path_buf)
        .context("the workspace manifest has no directory")
}

/// The cargo that runs this program, or the one on PATH.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The target triple that this machine's compiler builds for.
///
/// # Errors
/// When `rustc` cannot be run.
pub(crate) fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("rustc could not be started")?;
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc -vV names no host")
}

/// `cargo metadata` of the manifest in `directory`: its graph with all features, as this machine resolves it.
///
/// # Errors
/// When cargo refuses the manifest, with cargo's own words.
pub(crate) fn metadata(directory: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .cargo_path(cargo())
        .other_options(["--filter-platform".to_owned(), host()?])
        .manifest_path(directory.join("Cargo.toml"))
        .features(cargo_metadata::CargoOpt::AllFeatures)
        .exec()
        .with_context(|| format!("cargo metadata failed in {}", directory.display()))
}

/// Where builds go.
///
/// # Errors
/// When cargo refuses the workspace's manifest.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .cargo_path(cargo())
        .manifest_path(root()?.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata failed")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

/// Cargo's arguments for every package, with default or with all features.
///
/// The benchmarks' one feature is the clients that they compare with, which nothing but `cargo xtask bench` compiles; so
/// they take no part in the builds with all features.
pub(crate) fn everything(all_features: bool) -> &'static [&'static str] {
    if all_features {
        &["--workspace", "--exclude", "crdb-benches", "--all-features"]
    } else {
        &["--workspace"]
    }
}

/// Runs a command that has to succeed.
///
/// # Errors
/// When it cannot be started or fails: which command, and how.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} could not be started", written(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", written(command));
    }
    Ok(())
}

/// The command as one would type it.
fn written(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut words = vec![
        program
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    format!("`{}`", words.join(" "))
}
