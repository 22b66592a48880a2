//! Python environments of their own, for peers that are Python packages.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::case::MeasureError;

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

/// What a command prints.
///
/// # Errors
/// Where it cannot be started or fails, with its last words.
pub(crate) async fn output(command: &mut Command) -> Result<String, MeasureError> {
    let name = command.as_std().get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().last().unwrap_or_default();
        return Err(format!("{name} ended with {}: {last}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
