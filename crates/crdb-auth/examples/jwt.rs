//! Logs in to CockroachDB with a JSON Web Token that a command prints. It is fetched anew ahead
//! of its expiry, which the token itself tells.
//!
//! `cargo run --example jwt -- HOST PORT USER CA_FILE COMMAND [ARGUMENT..]`

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;

use crdb_auth::{Command, Config, Connector, Endpoint, Password, RootCertificates, TlsConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, ca, program, rest @ ..] = arguments.as_slice() else {
        return Err("give HOST PORT USER CA_FILE COMMAND [ARGUMENT..]".into());
    };
    let command = rest.iter().fold(Command::new(program), Command::arg);
    let config = Config::builder()
        .user(user)
        .jwt(Password::command(command))
        .tls(TlsConfig::new().roots(RootCertificates::file(ca)))
        .build()?;
    let session = Connector::new(config)?
        .connect(&Endpoint::new(host, port.parse()?))
        .await?;
    println!("logged in: {:?}", session.facts());
    Ok(())
}
