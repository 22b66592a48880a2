//! `cargo xtask release`: versions, changelogs, tags and packages of the crates.

mod changelog;
mod plan;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use crdb_cli::table;

use crate::workspace::{self, succeed};
use plan::{Plan, State};

/// Shows what a release would be, and what stands against it; makes it when it is asked to.
///
/// A crate is released under the version of its manifest. One that has changed since the tag `NAME-vVERSION` of that version needs a
/// new version first. Without an option nothing is changed. Exits with 1 when something stands against the release.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Date the changelogs, commit them, and tag each crate that is released
    #[arg(long)]
    tag: bool,
    /// Publish the crates that are tagged at this commit, in the order of their dependencies
    #[arg(long, conflicts_with = "tag")]
    publish: bool,
    /// Also build every package from what would be uploaded (takes minutes)
    #[arg(long)]
    verify: bool,
    /// The workspace, by its directory
    #[arg(long, value_name = "DIR", hide = true)]
    root: Option<PathBuf>,
}

/// Runs the release, or its rehearsal.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = match &arguments.root {
        Some(root) => root.canonicalize()?,
        None => workspace::root()?,
    };
    let plan = Plan::read(&root)?;
    let rows = plan.crates.iter().map(|one| {
        let state = one.state.to_string();
        [one.name.clone(), one.version.clone(), state]
    });
    println!("{}", table(["crate", "version", "state"], rows.collect()));
    if arguments.publish {
        return publish(&root, &plan);
    }
    let obstacles = plan.obstacles();
    for obstacle in &obstacles {
        println!("{obstacle}");
    }
    let due: Vec<&str> = plan.due().map(|one| one.name.as_str()).collect();
    if due.is_empty() {
        println!("nothing to release");
        return Ok(code(obstacles.is_empty()));
    }
    package(&root, &due, arguments.verify)?;
    println!("packages: {}", due.join(", "));
    if !obstacles.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    if arguments.tag {
        tag(&root, &plan)?;
    } else {
        println!(
            "`cargo xtask release --tag` makes it; `cargo xtask ci --step semver` compares with the last one"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn code(good: bool) -> ExitCode {
    ExitCode::from(u8::from(!good))
}

/// Packs the crates as they would be uploaded. Those that are not published yet find each other in a registry of cargo's own.
fn package(root: &Path, names: &[&str], verify: bool) -> Result<()> {
    let mut command = workspace::cargo();
    command
        .args(["package", "--quiet", "--allow-dirty"])
        .current_dir(root);
    if !verify {
        command.arg("--no-verify");
    }
    for name in names {
        command.args(["--package", name]);
    }
    succeed(&mut command).context("what is wrong with the packages stands above")
}

/// Dates the changelogs, commits, tags.
fn tag(root: &Path, plan: &Plan) -> Result<()> {
    let status = git(root, &["status", "--porcelain"])?;
    ensure!(
        status.is_empty(),
        "the work tree has changes: commit them first"
    );
    let date = git(root, &["log", "-1", "--format=%cs"])?;
    let mut names = Vec::new();
    for one in plan.due() {
        let path = one.directory.join("CHANGELOG.md");
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let dated = changelog::dated(&text, &one.version, &date)
            .with_context(|| format!("{} has no entries under Unreleased", path.display()))?;
        fs::write(&path, dated).with_context(|| format!("writing {}", path.display()))?;
        names.push(format!("{} {}", one.name, one.version));
    }
    let message = format!("Release {}", names.join(", "));
    git(root, &["commit", "--all", "--quiet", "--message", &message])?;
    for one in plan.due() {
        let tag = one.tag();
        git(root, &["tag", "--annotate", "--message", &tag, &tag])?;
        println!("tagged {tag}");
    }
    println!("push the commit and the tags; the workflow `release` does the rest");
    Ok(())
}

/// Publishes what is tagged here. Cargo waits for each crate before the next that depends on it.
fn publish(root: &Path, plan: &Plan) -> Result<ExitCode> {
    let head = git(root, &["rev-parse", "HEAD"])?;
    let mut names = Vec::new();
    for one in plan
        .crates
        .iter()
        .filter(|one| one.state == State::Released)
    {
        if git(root, &["rev-list", "-n", "1", &one.tag()])? == head {
            names.push(one.name.as_str());
        }
    }
    if names.is_empty() {
        bail!("no crate is tagged at this commit");
    }
    let unknown: Vec<&str> = plan
        .crates
        .iter()
        .filter(|one| names.contains(&one.name.as_str()) && !one.has_repository)
        .map(|one| one.name.as_str())
        .collect();
    ensure!(
        unknown.is_empty(),
        "{}: the manifest has no `repository`, by which readers of the registry find the sources; set it under [workspace.package] and inherit it",
        unknown.join(", ")
    );
    let mut command = workspace::cargo();
    command.arg("publish").current_dir(root);
    for name in names {
        command.args(["--package", name]);
    }
    succeed(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// What git prints.
fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .output()
        .context("git could not be started")?;
    ensure!(
        output.status.success(),
        "git {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A workspace of two crates in a repository of its own; `upper` needs `lower`.
    fn workspace() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
        );
        write(".gitignore", "target\n");
        for (name, needs) in [
            (
                "a-upper",
                "z-lower = { path = \"../z-lower\", version = \"0.1.0\" }\n",
            ),
            ("z-lower", ""),
        ] {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\ndescription = \"d\"\n[dependencies]\n{needs}"
            );
            write(&format!("crates/{name}/Cargo.toml"), &manifest);
            write(&format!("crates/{name}/src/lib.rs"), "");
            write(
                &format!("crates/{name}/CHANGELOG.md"),
                "# Changelog\n\n## Unreleased\n\n- The first.\n",
            );
        }
        git(root, &["init", "--quiet"]).unwrap();
        git(root, &["config", "user.name", "t"]).unwrap();
        git(root, &["config", "user.email", "t@example.com"]).unwrap();
        // The lock file is part of a package.
        succeed(
            workspace::cargo()
                .args(["generate-lockfile", "--offline"])
                .current_dir(root),
        )
        .unwrap();
        commit(root);
        directory
    }

    fn commit(root: &Path) {
        git(root, &["add", "--all"]).unwrap();
        git(root, &["commit", "--quiet", "--message", "change"]).unwrap();
    }

    fn release(root: &Path, tag: bool) -> bool {
        let arguments = Arguments {
            tag,
            publish: false,
            verify: false,
            root: Some(root.to_path_buf()),
        };
        run(&arguments).unwrap() == ExitCode::SUCCESS
    }

    #[test]
    fn a_rehearsal_changes_nothing_and_a_release_dates_and_tags() {
        let directory = workspace();
        let root = directory.path();
        assert!(release(root, false));
        assert_eq!(git(root, &["status", "--porcelain"]).unwrap(), "");
        assert_eq!(git(root, &["tag"]).unwrap(), "");

        assert!(release(root, true));
        assert_eq!(
            git(root, &["tag"]).unwrap(),
            "a-upper-v0.1.0\nz-lower-v0.1.0"
        );
        let text = fs::read_to_string(root.join("crates/z-lower/CHANGELOG.md")).unwrap();
        assert!(text.contains("## 0.1.0 (2"), "{text}");
        // Dependencies come first.
        let plan = Plan::read(root).unwrap();
        let names: Vec<&str> = plan.crates.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["z-lower", "a-upper"]);
        assert!(plan.due().next().is_none());

        // Nothing is published whose sources are not found.
        let publish = Arguments {
            tag: false,
            publish: true,
            verify: false,
            root: Some(root.to_path_buf()),
        };
        let refused = run(&publish).unwrap_err().to_string();
        assert!(
            refused.starts_with("z-lower, a-upper: the manifest has no `repository`"),
            "{refused}"
        );
    }

    #[test]
    fn a_change_without_a_version_or_an_entry_is_an_obstacle() {
        let directory = workspace();
        let root = directory.path();
        assert!(release(root, true));
        fs::write(root.join("crates/z-lower/src/lib.rs"), "//! More.\n").unwrap();
        commit(root);
        assert!(!release(root, false));
        let manifest = root.join("crates/z-lower/Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(
            &manifest,
            text.replace("version = \"0.1.0\"", "version = \"0.1.1\""),
        )
        .unwrap();
        commit(root);
        // The version is new; what is new in it is not said.
        let obstacles = Plan::read(root).unwrap().obstacles();
        assert_eq!(obstacles.len(), 1, "{obstacles:?}");
        assert!(
            obstacles.first().unwrap().contains("CHANGELOG.md"),
            "{obstacles:?}"
        );
    }
}
