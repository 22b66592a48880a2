//! Finds the servers and examines them.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use crdb_facade::auth::{ConnectionString, Connector, Diagnosis, Doctor};
use crdb_facade::{Config, Database};

use super::{Arguments, Format, report};

/// Examines what the arguments name; the exit code says whether every server let us in.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let diagnoses = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime could not be started")?
        .block_on(diagnose(arguments))?;
    match arguments.format {
        Format::Text => report::print(&diagnoses),
        Format::Json => report::print_json(&diagnoses),
    }
    let healthy = diagnoses.iter().all(Diagnosis::is_healthy);
    Ok(ExitCode::from(u8::from(!healthy)))
}

async fn diagnose(arguments: &Arguments) -> Result<Vec<Diagnosis>> {
    if let Some(text) = &arguments.connection_string {
        let string: ConnectionString = text.parse()?;
        let doctor = Doctor::new(Connector::new(string.config().build()?)?);
        let mut diagnoses = Vec::new();
        for endpoint in string.endpoints() {
            diagnoses.push(doctor.examine(endpoint).await);
        }
        return Ok(diagnoses);
    }
    let config = match &arguments.config {
        Some(file) => Config::builder().file(file).environment().build()?,
        None => Config::load()?,
    };
    Ok(Database::builder(config).diagnose().await?)
}
