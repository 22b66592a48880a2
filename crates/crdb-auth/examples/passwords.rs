//! The places that a password can be kept at.

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;
use std::time::Duration;

use crdb_auth::{Command, Config, Password};

fn main() -> Result<(), Box<dyn Error>> {
    let places = [
        Password::value("secret"),
        Password::variable("BANK_PASSWORD"),
        // Read for every login, so that a rotated secret is used by the next one.
        Password::file("/run/secrets/bank"),
        Password::passfile("/etc/bank/pgpass"),
        Password::command(
            Command::new("vault-helper")
                .arg("read")
                .arg("bank/password")
                .timeout(Duration::from_secs(3))
                .valid_for(Duration::from_secs(300)),
        ),
    ];
    for place in places {
        let config = Config::builder().user("app").password(place).build()?;
        // The password prints as ***, wherever it is kept.
        println!("{config:?}");
    }
    Ok(())
}
