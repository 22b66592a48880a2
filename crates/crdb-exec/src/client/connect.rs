//! What a pool's connection says when it is made: the engine, or why there is none.

use super::convert::server_error;
use crate::answer::Written;
use crate::fault::Fault;
use crate::session::{AcquireError, Engine};
use tokio_postgres::{Client, Error};

/// Asks a server which engine it is.
pub(super) async fn engine_of(client: &Client) -> Result<Engine, AcquireError> {
    // In the simple protocol: nothing is prepared for it.
    let shown = client.simple_query("SELECT version()").await;
    let messages = shown.map_err(acquire_error)?;
    let version = messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(match version {
        Some(version) if version.starts_with("CockroachDB") => Engine::CockroachDb,
        _ => Engine::PostgreSql,
    })
}

/// Why a pool could not connect.
pub(super) fn acquire_error(error: Error) -> AcquireError {
    match server_error(&error) {
        Some(server) => AcquireError::from_fault(Fault::server(server)),
        None => AcquireError::from_fault(Fault::lost(Written::Not, error)),
    }
}
