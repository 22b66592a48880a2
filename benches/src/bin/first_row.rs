//! A program that a benchmark times: it opens the stack as the environment configures it, prints one row, and ends.

use std::{error::Error, time::Duration};

use crdb_exec::{ExecutorExt as _, Row as _};
use crdb_facade::{Config, Database};

#[expect(clippy::print_stdout, reason = "the row is this program's output")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::open(Config::builder().environment().build()?).await?;
    let row = database.executor().fetch_one("SELECT 1::INT8", &[]).await?;
    let one: i64 = row.get(0)?;
    println!("{one}");
    database.close(Duration::from_secs(1)).await?;
    Ok(())
}
