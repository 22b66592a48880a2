//! Finds the servers and examines them.

use anyhow::Result;
use crdb_facade::Database;
use crdb_facade::auth::{ConnectionString, Connector, Diagnosis, Doctor};

use super::{Arguments, report};
use crate::connection::{Connection, block_on};
use crate::exit::Exit;

/// Examines what the arguments name; the exit code says whether every server let us in.
///
/// # Errors
/// What is wrong with the connection string or the configuration.
pub fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let diagnoses = block_on(diagnose(arguments, connection))?;
    match as_json {
        true => report::print_json(&diagnoses),
        false => report::print(&diagnoses),
    }
    Ok(match diagnoses.iter().all(Diagnosis::is_healthy) {
        true => Exit::Done,
        false => Exit::Never,
    })
}

async fn diagnose(arguments: &Arguments, connection: &Connection) -> Result<Vec<Diagnosis>> {
    if let Some(text) = &arguments.connection_string {
        let string: ConnectionString = text.parse()?;
        let doctor = Doctor::new(Connector::new(string.config().build()?)?);
        let mut diagnoses = Vec::new();
        for endpoint in string.endpoints() {
            diagnoses.push(doctor.examine(endpoint).await);
        }
        return Ok(diagnoses);
    }
    Ok(Database::builder(connection.config()?).diagnose().await?)
}
