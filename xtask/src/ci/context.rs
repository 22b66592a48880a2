//! What the steps share: where the workspace is, how cargo is run, which tests have been counted.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, Package};

use crate::workspace::{self, succeed};

/// Shared by the steps of one run.
pub(crate) struct Context {
    /// The workspace's directory.
    pub(crate) root: PathBuf,
    metadata: Metadata,
    tests: Cell<Option<(usize, usize, usize)>>,
}

impl Context {
    pub(crate) fn new() -> Result<Self> {
        let root = workspace::root()?;
        let metadata = workspace::metadata(&root)?;
        Ok(Self {
            root,
            metadata,
            tests: Cell::default(),
        })
    }

    /// Where builds go.
    pub(crate) fn target(&self) -> PathBuf {
        self.metadata.target_directory.clone().into_std_path_buf()
    }

    /// The crates that users depend on, by name.
    pub(crate) fn crates(&self) -> Vec<&Package> {
        let directory = self.metadata.workspace_root.join("crates");
        let mut crates: Vec<_> = self
            .metadata
            .workspace_packages()
            .into_iter()
            .filter(|package| package.manifest_path.starts_with(&directory))
            .collect();
        crates.sort_by(|a, b| a.name.cmp(&b.name));
        crates
    }

    /// The names of the crates' micro-benchmarks.
    pub(crate) fn benchmarks(&self) -> BTreeSet<String> {
        self.crates()
            .into_iter()
            .flat_map(|package| &package.targets)
            .filter(|target| target.is_bench())
            .map(|target| target.name.clone())
            .collect()
    }

    /// See [`workspace::selection`], for all packages.
    pub(crate) fn everything(&self, all_features: bool) -> Vec<String> {
        workspace::selection(&self.metadata, &[], all_features)
    }

    /// A cargo command in the workspace.
    pub(crate) fn cargo<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        let mut command = workspace::cargo();
        command
            .args(arguments.iter().map(AsRef::as_ref))
            .current_dir(&self.root);
        command
    }

    /// Runs `cargo xtask ..` as it is typed in a shell.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.cargo(&["xtask"]);
        succeed(command.args(arguments))
    }

    /// A program of the workspace with all features. The step `test` has compiled it: it is what the tests of programs run.
    pub(crate) fn program(&self, name: &str) -> Result<Command> {
        // By a test's name that the packages with such tests share. A build without tests would have other features of what lies below.
        succeed(
            self.cargo(&["test", "--quiet", "--no-run", "--test", "output"])
                .args(self.everything(true)),
        )?;
        let mut command = Command::new(self.target().join("debug").join(name));
        command.current_dir(&self.root);
        Ok(command)
    }

    /// Runs `cargo xtask test ..` and adds its counts to this run's.
    pub(crate) fn test(&self, arguments: &[&str]) -> Result<()> {
        self.test_by(self.cargo(&["xtask"]), arguments)
    }

    /// As [`test`](Self::test), by this command of xtask.
    pub(crate) fn test_by(&self, mut xtask: Command, arguments: &[&str]) -> Result<()> {
        let mut child = xtask
            .arg("test")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .context("cargo xtask test could not be started")?;
        let output = child.stdout.take().context("cargo has no output")?;
        let mut last = String::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            last = line;
        }
        if let Some((passed, failed, skipped)) = counts(&last) {
            let sum = self.tests.get().unwrap_or_default();
            let sum = (sum.0 + passed, sum.1 + failed, sum.2 + skipped);
            self.tests.set(Some(sum));
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("tests failed, or did not run");
        }
        Ok(())
    }

    /// Passed, failed and skipped tests of all runs so far, if there was one.
    pub(crate) fn tests(&self) -> Option<(usize, usize, usize)> {
        self.tests.get()
    }
}

/// Reads `N passed, N failed, N skipped`.
fn counts(line: &str) -> Option<(usize, usize, usize)> {
    let mut numbers = ["passed", "failed", "skipped"]
        .iter()
        .zip(line.split(", "))
        .map(|(word, part)| part.strip_suffix(word)?.trim_end().parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_is_read() {
        assert_eq!(counts("12 passed, 0 failed, 3 skipped"), Some((12, 0, 3)));
        assert_eq!(counts("error: no"), None);
    }
}
