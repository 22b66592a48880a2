//! Generates the invoices' functions again, from the same files.

use crdb_sql::codegen::{Options, build};

fn main() -> Result<(), crdb_sql::Error> {
    build("sql", &Options::default())?;
    Ok(())
}
