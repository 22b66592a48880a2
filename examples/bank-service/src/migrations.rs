//! The files of `sql/migrations`, in the program: the image needs nothing beside it.

use crdb_facade::embed_sql;
use crdb_facade::migrate::{Error, Migrations};

/// The migrations that this program knows.
///
/// # Errors
/// With every mistake of the files.
pub fn migrations() -> Result<Migrations, Error> {
    Migrations::from_embedded(embed_sql!("sql/migrations"))
}
