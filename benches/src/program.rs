//! Programs that are timed from their start to their end.

use std::{path::PathBuf, process::Stdio, time::Instant};

use tokio::process::Command;

use crate::{
    case::{MeasureError, Sample},
    server::Server,
    tls::Tls,
};

/// A program that `cargo xtask bench` builds beside this one.
///
/// # Errors
/// Where it is not there.
pub(crate) fn built(name: &str) -> Result<PathBuf, MeasureError> {
    let program = std::env::current_exe()?.with_file_name(name);
    if !program.is_file() {
        return Err(format!("the program {name} is not built: use cargo xtask bench").into());
    }
    Ok(program)
}

/// The environment in which crdb-facade's configuration leads to this server.
pub(crate) fn variables(server: &Server) -> Vec<(String, String)> {
    let node = format!("{}:{}", server.host(), server.port());
    let login = [
        ("auth.nodes", node.as_str()),
        ("auth.user", server.user()),
        ("auth.password", server.password()),
        ("auth.database", server.database()),
    ];
    let login = login.map(|(key, value)| (variable(key), value.to_owned()));
    let tls = Tls::settings(server.tls());
    let tls = tls.into_iter().map(|(key, value)| (variable(key), value));
    login.into_iter().chain(tls).collect()
}

/// The environment's name for a key of crdb-facade's configuration.
fn variable(key: &str) -> String {
    format!("CRDB_{}", key.replace('.', "__").to_uppercase())
}

/// Runs a program that prints the one row it was asked for, a 1, perhaps below a header, and ends. The sample's `time` is in milliseconds.
///
/// # Errors
/// Where it cannot be started, fails or prints something else, with its own words.
pub(crate) async fn time_to_first_row(
    name: &str,
    command: &mut Command,
) -> Result<Sample, MeasureError> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let started = Instant::now();
    let output = command.output().await?;
    let time = started.elapsed();
    let mut lines = output.stdout.trim_ascii().rsplit(|byte| *byte == b'\n');
    if !output.status.success() || lines.next() != Some(b"1") {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} ended with {}: {}", output.status, words.trim()).into());
    }
    Ok(Sample::new().with("time", time.as_secs_f64() * 1e3))
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
