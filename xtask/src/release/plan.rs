//! Which crates there are, in the order in which they can be published, and what became of each since its last release.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use cargo_metadata::{DependencyKind, Package};

use super::{changelog, git};
use crate::workspace;

/// Where a crate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its version has no tag yet.
    Due,
    /// Its version is tagged, and nothing has changed since.
    Released,
    /// It has changed since the tag of its version.
    Changed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Due => "to be released",
            Self::Released => "released",
            Self::Changed => "changed since its release",
        })
    }
}

/// One crate.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) directory: PathBuf,
    pub(super) state: State,
    /// Whether its manifest says where its sources are.
    pub(super) has_repository: bool,
    /// Whether its changelog says what is new.
    has_entries: bool,
    /// Crates of the workspace that it needs without saying which version.
    unversioned: Vec<String>,
}

impl Release {
    pub(super) fn tag(&self) -> String {
        format!("{}-v{}", self.name, self.version)
    }
}

/// All crates, dependencies first.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) crates: Vec<Release>,
}

impl Plan {
    /// Reads the workspace and its tags.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let metadata = workspace::metadata(root)?;
        let directory = metadata.workspace_root.join("crates");
        let mut left: Vec<&Package> = metadata
            .workspace_packages()
            .into_iter()
            .filter(|package| package.manifest_path.starts_with(&directory))
            .filter(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty()))
            .collect();
        left.sort_by(|a, b| a.name.cmp(&b.name));
        let names: BTreeSet<String> = left
            .iter()
            .map(|package| package.name.to_string())
            .collect();
        let mut ready: BTreeSet<String> = BTreeSet::new();
        let mut crates = Vec::new();
        while !left.is_empty() {
            let next = left
                .iter()
                .position(|package| needs(package, &names).all(|needed| ready.contains(needed.0)));
            let Some(next) = next else {
                let names: Vec<String> = left
                    .iter()
                    .map(|package| package.name.to_string())
                    .collect();
                ensure!(
                    names.is_empty(),
                    "they need each other: {}",
                    names.join(", ")
                );
                break;
            };
            let package = left.remove(next);
            ready.insert(package.name.to_string());
            crates.push(release(root, package, &names)?);
        }
        Ok(Self { crates })
    }

    /// The crates that would be released.
    pub(super) fn due(&self) -> impl Iterator<Item = &Release> {
        self.crates.iter().filter(|one| one.state == State::Due)
    }

    /// What stands against a release.
    pub(super) fn obstacles(&self) -> Vec<String> {
        let mut obstacles = Vec::new();
        for one in &self.crates {
            match one.state {
                State::Changed => obstacles.push(format!(
                    "{}: it has changed since {}; give it a new version",
                    one.name,
                    one.tag()
                )),
                State::Due if !one.has_entries => obstacles.push(format!(
                    "{}: CHANGELOG.md has no entries under Unreleased",
                    one.name
                )),
                State::Due | State::Released => {}
            }
            for needed in &one.unversioned {
                obstacles.push(format!(
                    "{}: its dependency {needed} has no version",
                    one.name
                ));
            }
        }
        obstacles
    }
}

/// The crates of the workspace that a package cannot be published without, each with whether a version is asked for. Those of its tests
/// are left out of a package when they have none.
fn needs<'p>(
    package: &'p Package,
    names: &'p BTreeSet<String>,
) -> impl Iterator<Item = (&'p str, bool)> {
    package
        .dependencies
        .iter()
        .filter(|dependency| names.contains(&dependency.name))
        .filter(|dependency| {
            dependency.kind != DependencyKind::Development || dependency.req.to_string() != "*"
        })
        .map(|dependency| (dependency.name.as_str(), dependency.req.to_string() != "*"))
}

fn release(root: &Path, package: &Package, names: &BTreeSet<String>) -> Result<Release> {
    let directory = package
        .manifest_path
        .parent()
        .map(|directory| directory.as_std_path().to_path_buf())
        .unwrap_or_default();
    let changelog = fs::read_to_string(directory.join("CHANGELOG.md")).unwrap_or_default();
    let mut one = Release {
        name: package.name.to_string(),
        version: package.version.to_string(),
        state: State::Due,
        has_repository: package.repository.is_some(),
        has_entries: changelog::has_entries(&changelog),
        unversioned: needs(package, names)
            .filter(|(_, versioned)| !versioned)
            .map(|(name, _)| name.to_owned())
            .collect(),
        directory,
    };
    let tag = one.tag();
    if !git(root, &["tag", "--list", &tag])?.is_empty() {
        let place = one.directory.to_string_lossy().into_owned();
        let changed = git(
            root,
            &["log", "--oneline", &format!("{tag}..HEAD"), "--", &place],
        )?;
        one.state = if changed.is_empty() {
            State::Released
        } else {
            State::Changed
        };
    }
    Ok(one)
}
