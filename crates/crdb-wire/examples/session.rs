//! An authenticated stream in, statements out: `cargo run --example session -- postgresql://root@localhost:26257/defaultdb`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]
use crdb_auth::{ConnectionString, Connector};
use crdb_wire::{Cleanliness, Session};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args()
        .nth(1)
        .ok_or("which server? give its URL")?;
    let url: ConnectionString = url.parse()?;
    let connector = Connector::new(url.config().build()?)?;
    let endpoint = url.endpoints().first().ok_or("the URL names no server")?;
    let session = Session::start(connector.open(endpoint).await?);

    let rows = session
        .fetch_all(
            "SELECT $1::INT8 * i FROM generate_series(1, 3) AS g(i)",
            &[&7_i64],
        )
        .await?;
    for row in &*rows {
        println!("{}", row.get::<i64>(0)?);
    }
    println!("{:?}", rows.answer());

    let error = session
        .execute("SELECT 1 / 0", &[])
        .await
        .err()
        .ok_or("divided by zero")?;
    println!("{error}; status {:?}", error.answer().status());
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
    Ok(())
}
