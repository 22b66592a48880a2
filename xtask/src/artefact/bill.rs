//! The bill of materials, as CycloneDX writes it: what cargo-auditable has put into the program, with licences and checksums.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use auditable_info::audit_info_from_slice;
use auditable_serde::DependencyKind;
use cargo_metadata::Package;
use serde_json::{Value, json};

use super::program::Program;
use crate::workspace;

/// The list in a program is not larger than this.
const LIMIT: usize = 8 << 20;

/// The bill of the program whose bytes these are.
///
/// # Errors
/// When the program has no list, or the list is not what the sources and the lock file say.
pub(super) fn of(root: &Path, program: &[u8], built: &Program) -> Result<Vec<u8>> {
    let info = audit_info_from_slice(program, LIMIT)
        .context("the program does not hold the list of cargo-auditable")?;
    let metadata = workspace::metadata(root)?;
    let known: BTreeMap<(String, String), &Package> = metadata
        .packages
        .iter()
        .map(|package| {
            (
                (package.name.to_string(), package.version.to_string()),
                package,
            )
        })
        .collect();
    let checksums = checksums(&fs::read_to_string(root.join("Cargo.lock"))?)?;
    let purl = |name: &str, version: &str| format!("pkg:cargo/{name}@{version}");
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut names = BTreeSet::new();
    let mut application = None;
    for package in &info.packages {
        let version = package.version.to_string();
        let key = (package.name.clone(), version.clone());
        let described = known.get(&key).with_context(|| {
            format!(
                "the program holds {} {version}, which cargo does not know",
                package.name
            )
        })?;
        let reference = purl(&package.name, &version);
        let mut component = json!({
            "type": "library",
            "bom-ref": reference,
            "name": package.name,
            "version": version,
            "purl": reference,
        });
        if let Some(license) = &described.license {
            // Old manifests separate by a slash, which is no SPDX.
            component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
        }
        if let Some(checksum) = checksums.get(&key) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        let below: Vec<String> = package
            .dependencies
            .iter()
            .filter_map(|index| info.packages.get(*index))
            .map(|package| purl(&package.name, &package.version.to_string()))
            .collect();
        dependencies.push(json!({ "ref": reference, "dependsOn": below }));
        if package.root {
            component["type"] = json!("application");
            application = Some(component);
            continue;
        }
        let runs = package.kind == DependencyKind::Runtime;
        component["scope"] = json!(if runs { "required" } else { "excluded" });
        if runs {
            names.insert(key);
        }
        components.push(component);
    }
    let linked = linked(root, built)?;
    let missing: Vec<String> = linked
        .difference(&names)
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    ensure!(
        missing.is_empty(),
        "the program's list lacks what cargo links into it: {}",
        missing.join(", ")
    );
    let bill: Value = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": application.context("the program's list has no root")? },
        "components": components,
        "dependencies": dependencies,
    });
    let mut text = serde_json::to_vec_pretty(&bill)?;
    text.push(b'\n');
    Ok(text)
}

/// What cargo links into the program, itself left out: asked for apart from cargo-auditable, by the features of this very build.
fn linked(root: &Path, built: &Program) -> Result<BTreeSet<(String, String)>> {
    let mut command = workspace::cargo();
    command
        .args([
            "tree",
            "--locked",
            "--package",
            built.shipped.package,
            "--features",
            &built.shipped.features(built.linking),
            "--target",
            &built.triple,
        ])
        .args([
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root);
    let output = command
        .output()
        .context("cargo tree could not be started")?;
    ensure!(
        output.status.success(),
        "cargo tree failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(read_tree(
        &String::from_utf8(output.stdout)?,
        built.shipped.package,
    ))
}

/// Reads lines such as `serde v1.0.229` and `crdb-exec v0.1.0 (/path)`; `root` is left out.
fn read_tree(text: &str, root: &str) -> BTreeSet<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let version = words.next()?.strip_prefix('v')?;
            Some((name.to_owned(), version.to_owned()))
        })
        .filter(|(name, _)| name != root)
        .collect()
}

/// The checksums of a lock file, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    #[derive(serde::Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(serde::Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let lock: Lock = toml::from_str(lock).context("Cargo.lock cannot be read")?;
    let packages = lock.package.into_iter();
    Ok(packages
        .filter_map(|package| Some(((package.name, package.version), package.checksum?)))
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_tree_and_a_lock_are_read() {
        let text =
            "bank-service v0.1.0 (/x)\nserde v1.0.2\nserde v1.0.2 (*)\ncrdb-exec v0.1.0 (/x)\n";
        let found = read_tree(text, "bank-service");
        let wanted = [("crdb-exec", "0.1.0"), ("serde", "1.0.2")];
        assert_eq!(
            found,
            wanted
                .map(|(name, version)| (name.to_owned(), version.to_owned()))
                .into()
        );
        let lock = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ff\"\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n";
        let found = checksums(lock).unwrap();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [(("a".to_owned(), "1.0.0".to_owned()), "ff".to_owned())]
        );
    }
}
