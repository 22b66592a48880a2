//! Starts the service: settings, log, database, port; and ends it in the reverse order.

use std::net::SocketAddr;
use std::time::Duration;

use crdb_facade::prelude::*;
use tokio::signal::unix::{SignalKind, signal};

/// What `bank.yaml` holds. `CRDB_*` variables are stronger than its section `database`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    listen: SocketAddr,
    #[serde(deserialize_with = "crdb_facade::config::with_environment")]
    database: Config,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let path = std::env::args_os()
        .nth(1)
        .unwrap_or_else(|| "bank.yaml".into());
    // A snippet of the file in an error could show a password.
    let options = serde_saphyr::options! { with_snippet: false };
    let text = std::fs::read_to_string(&path)?;
    let settings: Settings = serde_saphyr::from_str_with_options(&text, options)?;

    let db = Database::open(settings.database).await?;
    let listener = tokio::net::TcpListener::bind(settings.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let mut terminate = signal(SignalKind::terminate())?;
    axum::serve(listener, bank_service::router(db.clone()))
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
    // Requests have been answered; sessions that are still lent get ten seconds.
    db.close(Duration::from_secs(10)).await?;
    Ok(())
}
