//! Loads a CSV file into a table: `cargo run --example load_csv --features data -- URL TABLE FILE.csv`
#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use crdb_facade::Database;
use crdb_facade::data::{Load, Source};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, table, file] = &arguments[..] else {
        return Err("usage: load_csv URL TABLE FILE.csv".into());
    };
    println!("{} rows", load(url, table, file).await?);
    Ok(())
}

pub(crate) async fn load(url: &str, table: &str, file: &str) -> Result<u64, Box<dyn Error>> {
    let db = Database::connect(url).await?;
    let load = Load::into_table(table);
    let report = load.run(db.executor(), Source::csv(file)).await?;
    Ok(report.rows)
}
