//! PostgreSQL's own benchmark program, the limit of what one connection can do from C.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use tokio::process::Command;

use crate::{case::MeasureError, server::Server, tls::Tls};

/// How one run of pgbench is set up.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The statements, in pgbench's language.
    pub script: &'a str,
    /// How many connections.
    pub clients: usize,
    /// How many transactions on each; 0 where another option bounds them.
    pub transactions: usize,
    /// Further options, for example `--max-tries=100`.
    pub options: &'a [&'a str],
}

/// Runs pgbench with prepared statements and gives each transaction's latency in microseconds.
///
/// # Errors
/// Where pgbench is missing, or fails.
pub async fn latencies(server: &Server, run: Run<'_>) -> Result<Vec<f64>, MeasureError> {
    let directory = tempfile::tempdir()?;
    let log = format!("--log-prefix={}", directory.path().join("log").display());
    finish(server, run, &["--log", &log]).await?;
    let mut latencies = Vec::new();
    for entry in fs::read_dir(directory.path())? {
        // client, transaction, latency, ..
        for line in fs::read_to_string(entry?.path())?.lines() {
            let latency = line.split(' ').nth(2);
            latencies.push(latency.ok_or("pgbench's log has another form")?.parse()?);
        }
    }
    Ok(latencies)
}

/// Runs pgbench for as long and gives the transactions that it committed a second, without the time to connect.
///
/// # Errors
/// Where pgbench is missing, or fails, or gave one up.
pub async fn rate(server: &Server, run: Run<'_>, time: Duration) -> Result<f64, MeasureError> {
    let seconds = format!("--time={}", time.as_secs().max(1));
    let output = finish(server, run, &[&seconds]).await?;
    let figure = |before: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(before));
        let words = line.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
        words.ok_or_else(|| MeasureError::from(format!("pgbench says nothing of \"{before}\"")))
    };
    if figure("number of failed transactions: ")? > 0.0 {
        return Err("pgbench gave transactions up".into());
    }
    figure("tps = ")
}

/// Runs pgbench to its end and gives what it prints.
async fn finish(server: &Server, run: Run<'_>, more: &[&str]) -> Result<String, MeasureError> {
    let script = tempfile::NamedTempFile::new()?;
    fs::write(&script, run.script)?;
    let output = Command::new(program("pgbench")?)
        .args(["--no-vacuum", "--protocol=prepared"])
        .args(more)
        .arg(format!("--file={}", script.path().display()))
        .arg(format!("--client={}", run.clients))
        .args((run.transactions > 0).then(|| format!("--transactions={}", run.transactions)))
        .args(run.options)
        .args([
            "--host",
            server.host(),
            "--port",
            &server.port().to_string(),
        ])
        .args(["--username", server.user(), server.database()])
        .env("PGPASSWORD", server.password())
        .envs(Tls::environment(server.tls()))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("pgbench ended with {}: {}", output.status, words.trim()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// One of PostgreSQL's client programs, on PATH or beside the newest server.
///
/// # Errors
/// Where there is none.
pub fn program(name: &str) -> Result<PathBuf, MeasureError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut servers: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin"))
        .collect();
    servers.sort();
    std::env::split_paths(&path)
        .chain(servers.into_iter().rev())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("there is no {name}: cargo xtask setup").into())
}
