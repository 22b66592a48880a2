//! A build of one program.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::tool;
use crate::workspace::{self, succeed};

/// What is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shipped {
    pub(crate) package: &'static str,
    pub(crate) binary: &'static str,
    /// What is added to the default features.
    features: &'static [&'static str],
}

/// The service of the guide.
pub(crate) const BANK_SERVICE: Shipped = Shipped {
    package: "bank-service",
    binary: "bank-service",
    features: &[],
};

/// The program for the command line, with all formats.
pub(crate) const CRDB: Shipped = Shipped {
    package: "crdb-cli",
    binary: "crdb",
    features: &["parquet"],
};

/// How the program finds the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linking {
    /// It is in the program. glibc's resolver for `files` and `dns` is in it too; modules for other sources of names are not.
    Static,
    /// As a shared library. The Kerberos library loads modules when it runs, so that a static program cannot have it.
    Shared,
}

/// A program that was built.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) version: String,
    /// The commit, where there is one.
    pub(crate) revision: String,
    /// When it was committed, as RFC 3339 writes it.
    pub(crate) created: String,
    /// The target triple.
    pub(crate) triple: String,
    pub(crate) shipped: Shipped,
    pub(crate) linking: Linking,
}

impl Shipped {
    /// The features of a build, as cargo is told them.
    pub(super) fn features(self, linking: Linking) -> String {
        let kerberos = (linking == Linking::Shared).then_some("kerberos");
        let all: Vec<&str> = self.features.iter().copied().chain(kerberos).collect();
        all.join(",")
    }
}

/// Whether the glibc of this machine starts a static program whose relocations are packed (DT_RELR): a bit each instead of 24 bytes, which
/// is a megabyte of `crdb`. An older one would crash.
fn relocates_packed() -> Result<bool> {
    let output = Command::new("ldd")
        .arg("--version")
        .output()
        .context("ldd could not be started")?;
    Ok(is_new_enough(&String::from_utf8_lossy(&output.stdout)))
}

/// Whether what `ldd --version` prints is of glibc 2.36 or newer.
fn is_new_enough(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let version = first.rsplit(' ').next().and_then(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    });
    version.is_some_and(|version| version >= (2, 36))
}

impl Program {
    /// Builds it from the workspace in `root` into `place`; tools are kept in `target`.
    ///
    /// # Errors
    /// When it does not compile.
    pub(crate) fn build(
        root: &Path,
        target: &Path,
        place: &Path,
        shipped: Shipped,
        linking: Linking,
    ) -> Result<Self> {
        let auditable = tool::CARGO_AUDITABLE.provide(target)?;
        let triple = workspace::host()?;
        let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
            PathBuf::from,
        );
        // No path of this machine gets into the program.
        let mut flags = vec![
            format!("--remap-path-prefix={}=/build", root.display()),
            format!("--remap-path-prefix={}=/target", place.display()),
            format!("--remap-path-prefix={}=/cargo", cargo_home.display()),
        ];
        let mut command = Command::new(auditable);
        command
            .args([
                "auditable",
                "build",
                "--quiet",
                "--locked",
                "--profile",
                "image",
            ])
            .args([
                "--package",
                shipped.package,
                "--bin",
                shipped.binary,
                "--features",
                &shipped.features(linking),
                "--target",
                &triple,
                "--target-dir",
            ])
            .arg(place);
        if linking == Linking::Static {
            flags.push("-Ctarget-feature=+crt-static".to_owned());
            if relocates_packed()? {
                flags.push("-Clink-arg=-Wl,-z,pack-relative-relocs".to_owned());
            }
        }
        workspace::forget_package(&mut command);
        succeed(
            command
                .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
                .env("CARGO_INCREMENTAL", "0")
                .current_dir(root),
        )?;
        let metadata = workspace::metadata(root)?;
        let package = metadata
            .workspace_packages()
            .into_iter()
            .find(|package| package.name == shipped.package)
            .with_context(|| format!("there is no package {}", shipped.package))?;
        let mut program = Self {
            path: place.join(&triple).join("image").join(shipped.binary),
            version: package.version.to_string(),
            revision: String::new(),
            created: String::new(),
            triple,
            shipped,
            linking,
        };
        program.stamp(root)?;
        Ok(program)
    }

    /// Takes the commit of the work tree in `root`. A tree without history is of the beginning of time.
    ///
    /// # Errors
    /// When git says something that cannot be read.
    pub(crate) fn stamp(&mut self, root: &Path) -> Result<()> {
        let output = Command::new("git")
            .args([
                "log",
                "-1",
                "--format=%H %cd",
                "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
            ])
            .env("TZ", "UTC")
            .current_dir(root)
            .output()
            .context("git could not be started")?;
        let text = String::from_utf8(output.stdout)?;
        let (revision, created) = match text.trim().split_once(' ') {
            Some(found) if output.status.success() => found,
            _ => ("", "1970-01-01T00:00:00Z"),
        };
        ensure!(
            created.len() == 20,
            "git tells the time of the commit as {created}"
        );
        self.revision = revision.to_owned();
        self.created = created.to_owned();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn the_version_of_glibc_is_read() {
        for (text, is_new) in [
            ("ldd (Debian GLIBC 2.36-9+deb12u14) 2.36\nCopyright\n", true),
            ("ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35\n", false),
            ("ldd (GNU libc) 2.41\n", true),
            ("ldd (GNU libc) 3.0\n", true),
            ("musl libc (x86_64)\nVersion 1.2.5\n", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(text), is_new, "{text}");
        }
    }
}
