//! A package in a directory of its own, as a user would have one.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{collections::BTreeSet, fs};

use tempfile::TempDir;
use tokio::process::Command;

use crate::case::{MeasureError, Role};
use crate::program::output;

/// A package whose dependencies have been downloaded.
pub(super) struct Project {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) settings: String,
    directory: TempDir,
}

/// The workspace that this program was built from.
pub(super) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// A manifest with these lines of dependencies.
pub(super) fn manifest(dependencies: &str) -> String {
    format!(
        "[package]\nname = \"weighed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[workspace]\n"
    )
}

/// The example of a library's service, with its own code.
pub(super) async fn library(name: &'static str, manifest: &str) -> Result<Project, MeasureError> {
    let settings = "examples/library-service, all of its code".to_owned();
    let project = Project::new(name, Role::Ours, manifest, settings).await?;
    let example = root().join("examples/library-service");
    for part in ["src", "sql", "build.rs"] {
        let to = project.directory.path().join(part);
        copy(&example.join(part), &to)?;
    }
    Ok(project)
}

/// The same service on sqlx.
pub(super) async fn library_with_sqlx(
    name: &'static str,
    manifest: &str,
) -> Result<Project, MeasureError> {
    const CODE: &str = "benches/peers/library_with_sqlx.rs.template";
    let project = Project::new(
        name,
        Role::Peer,
        manifest,
        format!("{CODE}, the same service"),
    );
    let project = project.await?;
    let at = |part: &str| project.directory.path().join(part);
    copy(&root().join(CODE), &at("src/main.rs"))?;
    let migrations = root().join("examples/library-service/sql/migrations");
    copy(&migrations, &at("sql/migrations"))?;
    Ok(project)
}

impl Project {
    /// Makes a package with a `main` that does nothing, and downloads what it depends on: in the versions of this workspace, where
    /// it has them.
    pub(super) async fn new(
        name: &'static str,
        role: Role,
        manifest: &str,
        settings: String,
    ) -> Result<Self, MeasureError> {
        let directory = tempfile::tempdir()?;
        let at = |path: &str| directory.path().join(path);
        fs::create_dir(at("src"))?;
        fs::write(at("src/main.rs"), "fn main() {}\n")?;
        fs::write(at("Cargo.toml"), manifest)?;
        fs::copy(root().join("Cargo.lock"), at("Cargo.lock"))?;
        let project = Self {
            name,
            role,
            settings,
            directory,
        };
        output(&mut project.cargo(&["fetch"])).await?;
        Ok(project)
    }

    /// The time of a debug build into an empty directory.
    pub(super) async fn build(&self) -> Result<Duration, MeasureError> {
        let target = tempfile::tempdir()?;
        let mut command = self.cargo(&["build", "--offline", "--target-dir"]);
        command.arg(target.path());
        let started = Instant::now();
        output(&mut command).await?;
        Ok(started.elapsed())
    }

    /// How many crates other than the package itself are compiled for it.
    pub(super) async fn crates(&self) -> Result<usize, MeasureError> {
        let arguments = [
            "tree",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ];
        let printed = output(&mut self.cargo(&arguments)).await?;
        let packages: BTreeSet<_> = printed
            .lines()
            .map(|line| line.trim_end_matches(" (*)"))
            .filter(|line| !line.is_empty() && !line.starts_with("weighed "))
            .collect();
        Ok(packages.len())
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(arguments)
            .current_dir(self.directory.path())
            // What this run was started with is not what a user has.
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            // Crates of a path are incremental, those of a registry are not, which a user has of both.
            .env("CARGO_INCREMENTAL", "0");
        command
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), MeasureError> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
