//! Building the test executables with plain cargo.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Message, Metadata, Package};

use crate::workspace;

/// Which packages are tested, with which features.
#[derive(Debug)]
pub(crate) struct Selection {
    /// None means all.
    pub(crate) packages: Vec<String>,
    pub(crate) all_features: bool,
}

impl Selection {
    /// The selection as arguments of cargo.
    pub(crate) fn arguments(&self, metadata: &Metadata) -> Vec<String> {
        workspace::selection(metadata, &self.packages, self.all_features)
    }
}

/// One test program.
#[derive(Debug)]
pub(crate) struct Executable {
    /// The package that it tests.
    pub(crate) package: String,
    /// The package's version.
    pub(crate) version: String,
    /// The target: `lib`, or a test's or binary's name.
    pub(crate) target: String,
    /// Where the package lies; tests run there, as under `cargo test`.
    pub(crate) directory: PathBuf,
    /// The program.
    pub(crate) path: PathBuf,
}

/// Compiles the tests and says which programs came out, in the order of packages and targets.
///
/// # Errors
/// When something does not compile; the compiler has then said what.
pub(crate) fn executables(
    root: &Path,
    metadata: &Metadata,
    selection: &Selection,
) -> Result<Vec<Executable>> {
    let mut cargo = workspace::cargo()
        .args([
            "test",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(selection.arguments(metadata))
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test could not be started")?;
    let output = cargo.stdout.take().context("cargo has no output")?;
    let mut executables = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        let Message::CompilerArtifact(artifact) = message? else {
            continue;
        };
        let (Some(path), true) = (artifact.executable, artifact.profile.test) else {
            continue;
        };
        let package: &Package = metadata
            .packages
            .iter()
            .find(|package| package.id == artifact.package_id)
            .context("cargo built a test of an unknown package")?;
        let target = if artifact.target.is_lib() {
            "lib".to_owned()
        } else {
            artifact.target.name
        };
        executables.push(Executable {
            package: package.name.to_string(),
            version: package.version.to_string(),
            target,
            directory: package
                .manifest_path
                .parent()
                .unwrap_or(&metadata.workspace_root)
                .into(),
            path: path.into_std_path_buf(),
        });
    }
    if !cargo.wait()?.success() {
        bail!("the tests do not compile; the compiler's words are above");
    }
    executables.sort_by(|a, b| (&a.package, &a.target).cmp(&(&b.package, &b.target)));
    Ok(executables)
}
