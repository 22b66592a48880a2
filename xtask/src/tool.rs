//! Tools that cargo can install, each at the version that this workspace is checked with.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::workspace::{self, succeed};

/// A cargo subcommand from the registry.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Licences, bans and sources. 0.20 reads the configuration in `deny.toml`.
pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Public API against a release.
pub(crate) const CARGO_SEMVER_CHECKS: Tool = Tool {
    name: "cargo-semver-checks",
    version: "0.51.0",
};

/// Which lines the tests reach. It reads the compiler's profiles itself, without rustup's llvm-tools.
pub(crate) const CARGO_TARPAULIN: Tool = Tool {
    name: "cargo-tarpaulin",
    version: "0.37.5",
};

/// Puts the list of what a program is built from into it.
pub(crate) const CARGO_AUDITABLE: Tool = Tool {
    name: "cargo-auditable",
    version: "0.7.7",
};

impl Tool {
    /// The program: the one on PATH when it is of the same minor version, else one built below the directory `target`.
    ///
    /// # Errors
    /// When it cannot be built.
    pub(crate) fn provide(&self, target: &Path) -> Result<PathBuf> {
        if self.is_on_path() {
            return Ok(PathBuf::from(self.name));
        }
        let place = target
            .join("tools")
            .join(format!("{}-{}", self.name, self.version));
        let program = place.join("bin").join(self.name);
        if !program.is_file() {
            println!("building {} {} once", self.name, self.version);
            succeed(
                workspace::cargo()
                    .args(["install", "--quiet", "--debug", "--locked", self.name])
                    .args(["--version", self.version, "--root"])
                    .arg(&place)
                    .arg("--target-dir")
                    .arg(target.join("tools/build"))
                    // Without debug information: it is half of the tool's build.
                    .env("CARGO_PROFILE_DEV_DEBUG", "false")
                    .env("CARGO_INCREMENTAL", "0"),
            )?;
        }
        Ok(program)
    }

    /// Whether the program on PATH is of the minor version asked for.
    fn is_on_path(&self) -> bool {
        let Ok(output) = Command::new(self.name).arg("--version").output() else {
            return false;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let minor = |version: &str| {
            let mut parts = version.split('.');
            Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
        };
        text.split_whitespace()
            .last()
            .is_some_and(|version| minor(version) == minor(self.version))
    }
}
