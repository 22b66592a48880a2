//! Notes over HTTP: a table, four queries, a transaction, tests. A service to begin with.

mod api;
mod failure;
mod generated;
mod migrations;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use crdb_facade::prelude::*;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long sessions may take to end.
const CLOSING: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    // crdb.yaml, then CRDB_* variables. Logs in once: a wrong password ends the program here, with the reason.
    let db = Database::open(Config::load()?).await?;
    // Replicas that start together wait for the one that works.
    db.migrate(migrations::all()?).await?;

    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let mut terminate = signal(SignalKind::terminate())?;
    axum::serve(listener, api::routes(db.clone()))
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        })
        .await?;
    db.close(CLOSING).await?;
    Ok(())
}
