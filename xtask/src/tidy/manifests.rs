//! What every manifest has to say, and what has to lie beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{MetadataCommand, Package};
use toml::{Table, Value};

use super::finding::Finding;
use crate::workspace;

const RULE: &str = "manifests";

/// A package in the tree, whether or not it is a member of the workspace.
pub(crate) struct PackageAt {
    /// Its directory.
    pub(crate) directory: PathBuf,
    /// What cargo makes of its manifest.
    pub(crate) package: Package,
    /// Its manifest as written.
    pub(crate) manifest: Table,
}

/// Every package below `root`, the members of nested workspaces included.
pub(crate) fn find(root: &Path) -> Result<Vec<PackageAt>> {
    let mut manifests = Vec::new();
    walk(root, &mut |path| {
        if path.file_name().is_some_and(|name| name == "Cargo.toml") {
            manifests.push(path.to_path_buf());
        }
    })?;
    manifests.sort();
    let mut known: BTreeMap<PathBuf, Package> = BTreeMap::new();
    let mut packages = Vec::new();
    for path in manifests {
        let text = fs::read_to_string(&path)?;
        let manifest: Table = text
            .parse()
            .with_context(|| format!("{} is not TOML", path.display()))?;
        if !manifest.contains_key("package") {
            continue;
        }
        if !known.contains_key(&path) {
            let metadata = MetadataCommand::new()
                .cargo_path(workspace::cargo_path())
                .manifest_path(&path)
                .no_deps()
                .exec()
                .with_context(|| format!("cargo metadata failed on {}", path.display()))?;
            known.extend(
                metadata
                    .packages
                    .into_iter()
                    .map(|package| (package.manifest_path.clone().into_std_path_buf(), package)),
            );
        }
        let package = known
            .remove(&path)
            .with_context(|| format!("cargo does not know {}", path.display()))?;
        packages.push(PackageAt {
            directory: path.parent().unwrap_or(root).to_path_buf(),
            package,
            manifest,
        });
    }
    Ok(packages)
}

/// Calls `visit` with every file below `directory` that is the project's own: nothing hidden, nothing built.
pub(crate) fn walk(directory: &Path, visit: &mut dyn FnMut(&Path)) -> Result<()> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), visit)?;
        } else {
            visit(&entry.path());
        }
    }
    Ok(())
}

/// Checks one package's manifest and the papers beside it.
pub(crate) fn check(root: &Path, at: &PackageAt) -> Result<Vec<Finding>> {
    let shared: Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let shared = shared.get("workspace").and_then(Value::as_table);
    let place = relative(root, &at.directory.join("Cargo.toml"));
    let mut findings = Vec::new();
    let mut find = |message: String| findings.push(Finding::new(RULE, place.clone(), message));

    let own_workspace = at.manifest.contains_key("workspace");
    if own_workspace {
        if !at.manifest.contains_key("lints") {
            find("a package outside the workspace has its own [lints] table".to_owned());
        }
    } else {
        if !inherits(&at.manifest, "lints") {
            find("add [lints] workspace = true: one lint table holds for all".to_owned());
        }
        let package = at.manifest.get("package").and_then(Value::as_table);
        for key in ["edition", "rust-version", "license"] {
            if !package.is_some_and(|package| inherits(package, key)) {
                find(format!("write {key}.workspace = true"));
            }
        }
        let offered = shared
            .and_then(|shared| shared.get("dependencies"))
            .and_then(Value::as_table);
        for (name, dependency) in dependencies(&at.manifest) {
            let shared_here = dependency
                .as_table()
                .is_some_and(|table| table.contains_key("workspace"));
            let entry = offered.and_then(|offered| offered.get(name));
            // One that only tests use has no version there; who publishes with it says which.
            let adds_version = has_version(dependency) && entry.is_some_and(|it| !has_version(it));
            if !shared_here && entry.is_some() && !adds_version {
                find(format!(
                    "write {name}.workspace = true: its version is in the workspace's table"
                ));
            }
        }
    }
    if at.directory.parent() == Some(&root.join("crates")) {
        findings.extend(papers(root, at));
    }
    Ok(findings)
}

fn has_version(dependency: &Value) -> bool {
    dependency.is_str() || dependency.get("version").is_some()
}

/// A published crate explains itself and tells its users what changed.
fn papers(root: &Path, at: &PackageAt) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |file: &str, message: &str| {
        let place = relative(root, &at.directory.join(file));
        findings.push(Finding::new(RULE, place, message));
    };
    if at.package.description.as_deref().is_none_or(str::is_empty) {
        find("Cargo.toml", "a published crate has a description");
    }
    let docs = at
        .package
        .metadata
        .get("docs")
        .and_then(|docs| docs.get("rs"));
    if docs
        .and_then(|docs| docs.get("all-features"))
        .and_then(serde_json::Value::as_bool)
        != Some(true)
    {
        find(
            "Cargo.toml",
            "write all-features = true below [package.metadata.docs.rs]: docs.rs shows the default features otherwise",
        );
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let text = fs::read(at.directory.join(licence)).ok();
        if text.is_none() || text != fs::read(root.join(licence)).ok() {
            find(
                licence,
                "the package ships without it: link it to the workspace's",
            );
        }
    }
    match fs::read_to_string(at.directory.join("README.md")) {
        Err(_) => find("README.md", "missing: users of this layer alone read it"),
        Ok(text) if !text.contains("```") => {
            find("README.md", "shows no example");
        }
        Ok(_) => {
            let lib = fs::read_to_string(at.directory.join("src/lib.rs")).unwrap_or_default();
            if !lib.contains("include_str!(\"../README.md\")") {
                find(
                    "README.md",
                    "its example is not compiled: include it in src/lib.rs under #[cfg(doctest)]",
                );
            }
        }
    }
    match fs::read_to_string(at.directory.join("CHANGELOG.md")) {
        Err(_) => find(
            "CHANGELOG.md",
            "missing: users read in it what changed for them",
        ),
        Ok(text) => {
            let released = format!("## {}", at.package.version);
            if !text.contains("## Unreleased") && !text.contains(&released) {
                find(
                    "CHANGELOG.md",
                    "has neither \"## Unreleased\" nor the current version",
                );
            }
        }
    }
    findings
}

fn inherits(table: &Table, key: &str) -> bool {
    table
        .get(key)
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

/// Every dependency of a manifest, those for one target only included.
fn dependencies(manifest: &Table) -> Vec<(&str, &Value)> {
    const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = std::iter::once(manifest).chain(
        targets
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table),
    );
    tables
        .flat_map(|table| TABLES.iter().filter_map(|name| table.get(*name)))
        .filter_map(Value::as_table)
        .flat_map(Table::iter)
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

/// The path, relative to the workspace.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}
