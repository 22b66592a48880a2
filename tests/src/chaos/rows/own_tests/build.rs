//! Building a crate's test programs.

use crate::chaos::program::{cargo, workspace};
use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// A line of `cargo test --message-format json`, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    executable: Option<String>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

/// Builds the test program of this name, or the one of the library's own tests, optimised where it is to run its long
/// form, and with this `cfg` set. Gives it and the directory to run it in.
///
/// Dropping the future ends the build.
///
/// # Errors
/// When it does not compile, or does not exist.
pub(super) async fn program(
    package: &str,
    name: Option<&str>,
    long: bool,
    cfg: Option<&str>,
) -> anyhow::Result<(String, PathBuf)> {
    let root = workspace()?;
    let ours = package == env!("CARGO_PKG_NAME");
    let mut command = Command::new(cargo());
    command
        .args([
            "test",
            "--quiet",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(["--package", package])
        // Other pools are compiled for their row only.
        .args((!ours).then_some("--all-features"))
        .args(long.then_some("--release"))
        .envs(cfg.map(|cfg| ("RUSTFLAGS", format!("--cfg {cfg}"))))
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    match name {
        Some(name) => command.args(["--test", name]),
        None => command.arg("--lib"),
    };
    let output = command
        .output()
        .await
        .context("cargo could not be started")?;
    ensure!(output.status.success(), "the tests do not compile");
    let directory = match ours {
        true => Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(),
        false => root.join("crates").join(package),
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Message = serde_json::from_str(line).context("cargo's words")?;
        let (Some(executable), Some(target)) = (message.executable, message.target) else {
            continue;
        };
        let wanted = match name {
            Some(name) => target.name == name,
            None => target.kind.iter().any(|kind| kind == "lib"),
        };
        if wanted && message.manifest_path == Some(directory.join("Cargo.toml")) {
            return Ok((executable, directory));
        }
    }
    bail!(
        "{package} has no test program {}",
        name.unwrap_or("of its library")
    );
}
