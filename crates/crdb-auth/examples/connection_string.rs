//! Logs in with a connection string, trying its servers in order.
//!
//! `cargo run --example connection_string -- 'postgresql://app:secret@db1:26257,db2:26257/bank?sslrootcert=ca.crt'`

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;

use crdb_auth::{ConnectionString, Connector};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1).ok_or("give a connection string")?;
    let string: ConnectionString = argument.parse()?;
    let config = string.config().application_name("example").build()?;
    let session = Connector::new(config)?
        .connect_any(string.endpoints(), string.target_session_attrs())
        .await?;
    let facts = session.facts();
    println!(
        "{} at {}, node {:?}, TLS: {}",
        facts.engine(),
        session.endpoint(),
        facts.node_id(),
        session.is_tls()
    );
    Ok(())
}
