//! The files of `sql/migrations`, in the program: nothing has to lie beside it.

use crdb_facade::migrate::{Error, Migrations};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../sql/migrations/", $name)))),+]
    };
}

// After `crdb migrate new NAME`, add its files here.
const FILES: &[(&str, &str)] = files!["0001_notes.up.sql", "0001_notes.down.sql"];

/// The migrations that this program knows.
pub(crate) fn all() -> Result<Migrations, Error> {
    Migrations::from_embedded(FILES)
}
