//! Compiles the targets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::target::Target;
use crate::workspace::{self, succeed};

/// What `cargo fuzz` gives the compiler, all of which the stable one knows: branches are counted and comparisons reported
/// to libFuzzer, overflows and `debug_assert` panic.
///
/// The address sanitizer, for which `cargo fuzz` needs a nightly compiler, is left out: the crates forbid `unsafe` but for
/// a few proven calls, so it would find nothing in them that the language does not, at half the speed.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Cdebug-assertions",
    "-Coverflow-checks",
];

/// Where the targets are built, and where what they found is kept.
pub(super) struct Build {
    /// The workspace's lock file, which the targets' dependencies follow.
    lock: PathBuf,
    /// Shared by the targets of all crates, so that a dependency is compiled once.
    directory: PathBuf,
    host: String,
}

impl Build {
    pub(super) fn new(root: &Path) -> Result<Self> {
        Ok(Self {
            lock: root.join("Cargo.lock"),
            directory: workspace::target_directory()?.join("fuzz"),
            host: workspace::host()?,
        })
    }

    /// Compiles all of them.
    ///
    /// # Errors
    /// When there is no C++ compiler, or the targets do not compile.
    pub(super) fn compile(&self, targets: &[Target]) -> Result<()> {
        let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
        if Command::new(&compiler).arg("--version").output().is_err() {
            bail!(
                "did not run: the C++ compiler {} is missing, which libFuzzer needs; install g++",
                compiler.display()
            );
        }
        for group in targets.chunk_by(|a, b| a.directory == b.directory) {
            let Some(first) = group.first() else {
                continue;
            };
            println!("fuzz: compiling the targets of {}", first.package);
            let lock = first.directory.join("Cargo.lock");
            if !lock.is_file() {
                fs::copy(&self.lock, &lock)
                    .with_context(|| format!("{} could not be written", lock.display()))?;
            }
            let mut command = workspace::cargo();
            command
                .args(["build", "--release", "--quiet", "--manifest-path"])
                .arg(first.directory.join("Cargo.toml"))
                // Named, so that the flags are for the targets and not for build scripts and macros.
                .args(["--target", &self.host])
                .env("CARGO_TARGET_DIR", &self.directory)
                .env("RUSTFLAGS", FLAGS.join(" "))
                .env_remove("CARGO_ENCODED_RUSTFLAGS");
            for target in group {
                command.args(["--bin", &target.name]);
            }
            succeed(&mut command)?;
        }
        Ok(())
    }

    /// A compiled target.
    pub(super) fn program(&self, target: &Target) -> PathBuf {
        self.directory
            .join(&self.host)
            .join("release")
            .join(&target.name)
    }

    /// Inputs that reached new code, from this run and those before.
    pub(super) fn corpus(&self, target: &Target) -> PathBuf {
        self.kept("corpus", target)
    }

    /// Inputs that failed.
    pub(super) fn failures(&self, target: &Target) -> PathBuf {
        self.kept("failures", target)
    }

    fn kept(&self, what: &str, target: &Target) -> PathBuf {
        self.directory
            .join(what)
            .join(&target.package)
            .join(&target.name)
    }
}
