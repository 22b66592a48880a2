//! Loading, embedding, reloading and finding queries.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod calling;
mod headers;
mod loading;
mod problems;
mod reloading;

use std::fs;
use std::path::Path;

use crdb_sql::Repository;

/// A repository of one file.
fn one(text: &str) -> Repository {
    Repository::from_embedded(&[("accounts/a.sql", text)]).unwrap()
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}
