//! Logs in by a client certificate, as `cockroach cert create-client` makes it. When the files are
//! replaced, the next connection uses the new ones.
//!
//! `cargo run --example client_certificate -- HOST PORT USER CERTS_DIR`

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;

use crdb_auth::{
    AuthMethod, ClientCertificate, Config, Connector, Endpoint, RequireAuth, RootCertificates,
    TlsConfig,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, certs] = arguments.as_slice() else {
        return Err("give HOST PORT USER CERTS_DIR".into());
    };
    let tls = TlsConfig::new()
        .roots(RootCertificates::file(format!("{certs}/ca.crt")))
        .client_certificate(ClientCertificate::files(
            format!("{certs}/client.{user}.crt"),
            format!("{certs}/client.{user}.key"),
        ));
    let config = Config::builder()
        .user(user)
        .tls(tls)
        // The certificate is all that is shown; a server that asks for a password gets none.
        .require_auth(RequireAuth::only([AuthMethod::None]))
        .build()?;
    let session = Connector::new(config)?
        .connect(&Endpoint::new(host, port.parse()?))
        .await?;
    println!("logged in: {:?}", session.facts());
    Ok(())
}
