//! A lending library over HTTP: eleven queries, two transactions, one query with optional filters, JSON, migrations, tests.
//!
//! ```console
//! $ CRDB_AUTH__URL=postgresql://.. cargo run -p library-service
//! ```

mod api;
mod failure;
#[rustfmt::skip]
mod generated;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crdb_facade::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // crdb.yaml where there is one, then CRDB_* variables. A wrong password ends the program here, with the reason.
    let db = Database::open(Config::load()?).await?;
    db.migrate(Migrations::from_embedded(embed_sql!("sql/migrations"))?)
        .await?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    axum::serve(listener, api::routes(db.clone()))
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    Ok(db.close(Duration::from_secs(10)).await?)
}
