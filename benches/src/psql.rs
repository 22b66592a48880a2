//! PostgreSQL's own client, told what to do by `--command`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::{case::MeasureError, pgbench::program, server::Server, tls::Tls};

/// Runs one command, of SQL or of psql's own, and says how long it took from psql's start to its end.
///
/// # Errors
/// Where psql is missing, or fails.
pub(crate) async fn run(server: &Server, command: &str) -> Result<Duration, MeasureError> {
    let started = Instant::now();
    let output = Command::new(program("psql")?)
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
        .args(["--command", command])
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
    let took = started.elapsed();
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("psql ended with {}: {}", output.status, words.trim()).into());
    }
    Ok(took)
}
