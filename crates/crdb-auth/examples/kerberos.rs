//! Logs in with Kerberos, by a keytab or by what `kinit` left.
//!
//! `cargo run --features kerberos --example kerberos -- HOST PORT USER CA_FILE [KEYTAB PRINCIPAL]`

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;

use crdb_auth::{Config, Connector, Endpoint, Kerberos, RootCertificates, TlsConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, ca, rest @ ..] = arguments.as_slice() else {
        return Err("give HOST PORT USER CA_FILE [KEYTAB PRINCIPAL]".into());
    };
    let kerberos = match rest {
        [keytab, principal] => Kerberos::keytab(keytab).principal(principal),
        _ => Kerberos::default_cache(),
    };
    let endpoint = Endpoint::new(host, port.parse()?);
    println!(
        "the service asked for: {}",
        kerberos.service_name(&endpoint)
    );
    let config = Config::builder()
        .user(user)
        .kerberos(kerberos)
        .tls(TlsConfig::new().roots(RootCertificates::file(ca)))
        .build()?;
    let connector = Connector::new(config)?;
    // Mistakes with the ticket show here, before the first login.
    connector.prepare().await?;
    let session = connector.connect(&endpoint).await?;
    println!("logged in: {:?}", session.facts());
    Ok(())
}
