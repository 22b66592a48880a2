//! Walks a login step by step and says what it finds.
//!
//! `cargo run --example doctor -- 'postgresql://app:secret@db1:26257/bank?sslrootcert=ca.crt'`

#![allow(clippy::print_stdout, reason = "an example talks to people")]

use std::error::Error;

use crdb_auth::{ConnectionString, Connector, Doctor};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1).ok_or("give a connection string")?;
    let string: ConnectionString = argument.parse()?;
    let doctor = Doctor::new(Connector::new(string.config().build()?)?);
    for endpoint in string.endpoints() {
        let diagnosis = doctor.examine(endpoint).await;
        print!("{diagnosis}");
        if let Some(advice) = diagnosis.next_step() {
            println!("next: {advice}");
        }
    }
    Ok(())
}
