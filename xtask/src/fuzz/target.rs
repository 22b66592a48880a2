//! Which targets there are.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

/// One fuzz target of a crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// The crate that it fuzzes.
    pub(super) package: String,
    /// Its own name.
    pub(super) name: String,
    /// The directory of its manifest.
    pub(super) directory: PathBuf,
    /// Options of libFuzzer for this target alone: `-dict=..`, `-max_len=..`.
    pub(super) options: Vec<String>,
}

impl Target {
    /// Inputs to begin with, kept with the code. The directory need not exist.
    pub(super) fn seeds(&self) -> PathBuf {
        self.directory.join("seeds").join(&self.name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.package, self.name)
    }
}

/// The targets of every crate that has a directory `fuzz`.
///
/// # Errors
/// When a manifest cannot be read.
pub(super) fn find(root: &Path) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(root.join("crates")).context("no directory crates")? {
        let directory = entry?.path();
        let manifest = directory.join("fuzz/Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let package = directory
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let text = fs::read_to_string(&manifest)?;
        let named = || format!("reading {}", manifest.display());
        let table: Table = text.parse().with_context(named)?;
        for name in binaries(&table) {
            targets.push(Target {
                options: options(&table, &name, &directory.join("fuzz")).with_context(named)?,
                package: package.clone(),
                name,
                directory: directory.join("fuzz"),
            });
        }
    }
    targets.sort();
    Ok(targets)
}

/// The names of a manifest's `[[bin]]`s.
fn binaries(manifest: &Table) -> Vec<String> {
    let binaries = manifest.get("bin").and_then(Value::as_array);
    binaries
        .into_iter()
        .flatten()
        .filter_map(|binary| binary.get("name")?.as_str())
        .map(str::to_owned)
        .collect()
}

/// What a manifest's table `package.metadata.libfuzzer.TARGET` says, as libFuzzer's arguments: `dict`, a file in its
/// directory, and `max_len`, in bytes.
///
/// # Errors
/// When it says something else.
fn options(manifest: &Table, target: &str, directory: &Path) -> Result<Vec<String>> {
    let table = ["package", "metadata", "libfuzzer"]
        .iter()
        .try_fold(manifest, |table, key| table.get(*key)?.as_table());
    let Some(table) = table.and_then(|table| table.get(target)) else {
        return Ok(Vec::new());
    };
    let entries = table.as_table().into_iter().flatten();
    entries
        .map(|(key, value)| match (key.as_str(), value) {
            ("dict", Value::String(file)) => {
                Ok(format!("-dict={}", directory.join(file).display()))
            }
            ("max_len", Value::Integer(bytes @ 1..)) => Ok(format!("-max_len={bytes}")),
            _ => bail!("package.metadata.libfuzzer.{target}.{key} is neither dict = \"FILE\" nor max_len = BYTES"),
        })
        .collect()
}

/// Those that were asked for; all of them when none was.
///
/// # Errors
/// When a name is no target's: which ones there are.
pub(super) fn choose(targets: Vec<Target>, wanted: &[String]) -> Result<Vec<Target>> {
    let is_meant = |target: &Target, name: &String| {
        *name == target.name || *name == target.package || *name == target.to_string()
    };
    if let Some(name) = wanted
        .iter()
        .find(|name| !targets.iter().any(|target| is_meant(target, name)))
    {
        let known: Vec<_> = targets.iter().map(ToString::to_string).collect();
        bail!(
            "there is no fuzz target {name}; there are {}",
            known.join(", ")
        );
    }
    Ok(targets
        .into_iter()
        .filter(|target| wanted.is_empty() || wanted.iter().any(|name| is_meant(target, name)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(package: &str, name: &str) -> Target {
        Target {
            package: package.to_owned(),
            name: name.to_owned(),
            directory: PathBuf::new(),
            options: Vec::new(),
        }
    }

    #[test]
    fn a_target_is_chosen_by_its_name_or_its_crate() {
        let all = vec![target("a", "one"), target("a", "two"), target("b", "one")];
        let chosen = |wanted: &[&str]| {
            let wanted: Vec<_> = wanted.iter().map(|name| (*name).to_owned()).collect();
            choose(all.clone(), &wanted)
                .map(|targets| targets.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[]).unwrap().len(), 3);
        assert_eq!(chosen(&["one"]).unwrap(), ["a/one", "b/one"]);
        assert_eq!(chosen(&["a"]).unwrap(), ["a/one", "a/two"]);
        assert_eq!(chosen(&["b/one", "two"]).unwrap(), ["a/two", "b/one"]);
        let error = chosen(&["three"]).unwrap_err().to_string();
        assert!(
            error.contains("three") && error.contains("b/one"),
            "{error}"
        );
    }

    #[test]
    fn the_manifests_name_the_targets() {
        let manifest = "[package]\nname = \"x\"\n[[bin]]\nname = \"a\"\n[[bin]]\nname = \"b\"\n";
        assert_eq!(binaries(&manifest.parse().unwrap()), ["a", "b"]);
        assert!(binaries(&"[package]".parse().unwrap()).is_empty());
    }

    #[test]
    fn the_manifests_say_what_a_target_wants() {
        let options = |text: &str, target: &str| {
            super::options(&text.parse().unwrap(), target, Path::new("/x/fuzz"))
                .map_err(|error| error.to_string())
        };
        let text = "[package.metadata.libfuzzer.a]\ndict = \"words\"\nmax_len = 64\n";
        assert_eq!(
            options(text, "a").unwrap(),
            ["-dict=/x/fuzz/words", "-max_len=64"]
        );
        assert!(options(text, "b").unwrap().is_empty());
        let error = options("[package.metadata.libfuzzer.a]\nmax_len = 0", "a").unwrap_err();
        assert!(error.contains("libfuzzer.a.max_len"), "{error}");
    }
}
