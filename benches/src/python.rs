//! Python environments of their own, for peers that are Python packages.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::{case::MeasureError, program::output};

/// Makes an environment beside this program, once, with the packages from the package index, and gives its interpreter.
///
/// # Errors
/// Where Python or a package is missing.
pub(crate) async fn environment(
    name: &str,
    packages: &[&str],
    imports: &str,
) -> Result<PathBuf, MeasureError> {
    let program = std::env::current_exe()?;
    let beside = program.parent().unwrap_or(Path::new("."));
    let environment = beside.join("peers").join(name);
    let python = environment.join("bin/python");
    let import = format!("import {imports}");
    if output(Command::new(&python).args(["-c", &import]))
        .await
        .is_err()
    {
        output(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )
        .await?;
        output(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(packages),
        )
        .await?;
    }
    Ok(python)
}

/// A script of this package's directory `peers`.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(name)
}
