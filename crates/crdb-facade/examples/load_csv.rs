//! Loads a CSV file into a table: `cargo run --example load_csv --features data -- URL TABLE FILE.csv`
#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use crdb_facade::Database;
use crdb_facade::data::{Load, Source};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, table, file] = &arguments[..] else {
        return Err("usage: load_csv URL TABLE FILE.csv".into());
    };
    let db = Database::connect(url).await?;
    let report = Load::into_table(table)
        .run(db.executor(), Source::csv(file))
        .await?;
    println!("{} rows in {:.1?}", report.rows, report.elapsed);
    Ok(())
}
