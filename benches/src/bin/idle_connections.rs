//! A program that a benchmark runs: it opens connections, keeps them idle, and prints what they cost it.

use std::{error::Error, time::Duration};

use crdb_benches::{idle::Kind, pools::live::Opening};

const USAGE: &str = "idle_connections WHOSE HOW-MANY HOST PORT USER DATABASE";

#[expect(clippy::print_stdout, reason = "the cost is this program's output")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [whose, sessions, host, port, user, database] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == whose);
    let opening = Opening {
        host: host.clone(),
        port: port.parse()?,
        user: user.clone(),
        password: String::new(),
        database: database.clone(),
        tls: None,
        sessions: sessions.parse()?,
        patience: Duration::from_secs(60),
        check: false,
    };
    let cost = kind.ok_or(USAGE)?.cost(opening).await?;
    println!("{}", serde_json::to_string(&cost)?);
    Ok(())
}
