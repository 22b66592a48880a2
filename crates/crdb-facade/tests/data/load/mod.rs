//! Loads: what arrives, what is refused, and what a kill leaves.

mod bad_input;
mod resumed;
mod rows;

use std::path::PathBuf;

use crdb_facade::{Database, Row as _};

/// A directory that goes with the test, and a file in it.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

pub(crate) async fn number(db: &Database, select: &str) -> i64 {
    db.fetch_one(select, &[]).await.unwrap().get(0).unwrap()
}

pub(crate) async fn create(db: &Database) {
    db.execute(
        "CREATE TABLE item (id INT8 PRIMARY KEY, name TEXT NOT NULL, price NUMERIC(10,2), tags TEXT[], extra JSONB, \
         code VARCHAR(3), twice INT8 GENERATED ALWAYS AS (id * 2) STORED)",
        &[],
    )
    .await
    .unwrap();
}

pub(crate) fn lines(rows: i64) -> String {
    let mut csv = String::from("name,id,price\n");
    for id in 0..rows {
        csv.push_str(&format!("\"item, {id}\",{id},{}.50\n", id % 1_000));
    }
    csv
}
