//! A table of ten columns with a million rows, for work in bulk.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{case::MeasureError, psql, row::Settings, server::Server};

/// The columns, as they are declared.
const COLUMNS: &str = "id INT8 NOT NULL, account INT8 NOT NULL, branch INT4 NOT NULL, amount INT8 NOT NULL, rate FLOAT8 NOT NULL, \
     open BOOL NOT NULL, kind INT4 NOT NULL, day INT4 NOT NULL, note TEXT NOT NULL, reference TEXT";

/// The columns' names.
pub(crate) const NAMES: [&str; 10] = [
    "id",
    "account",
    "branch",
    "amount",
    "rate",
    "open",
    "kind",
    "day",
    "note",
    "reference",
];

/// How many rows there are.
pub(crate) fn rows(settings: &Settings) -> i64 {
    if settings.quick { 100_000 } else { 1_000_000 }
}

/// One row as Rust has it.
#[derive(Debug)]
pub(crate) struct Row {
    /// What tells it from the others.
    pub(crate) id: i64,
    /// What it is about: nine further columns.
    pub(crate) account: i64,
    /// The third column.
    pub(crate) branch: i32,
    /// The fourth.
    pub(crate) amount: i64,
    /// The fifth.
    pub(crate) rate: f64,
    /// The sixth.
    pub(crate) open: bool,
    /// The seventh.
    pub(crate) kind: i32,
    /// The eighth.
    pub(crate) day: i32,
    /// The ninth.
    pub(crate) note: &'static str,
    /// The tenth, which is NULL in every other row.
    pub(crate) reference: Option<&'static str>,
}

impl Row {
    /// The row with this number, the same that the server makes.
    pub(crate) fn number(id: i64) -> Self {
        let small = |modulus: i64| i32::try_from(id % modulus).unwrap_or(0);
        Self {
            id,
            account: id * 7919 % 1_000_003,
            branch: small(97),
            amount: id * 31 - 5_000_000,
            rate: id as f64 / 8.0,
            open: id % 3 == 0,
            kind: small(11),
            day: small(365),
            note: "a note of some words",
            reference: (id % 2 == 0).then_some("REF-000123"),
        }
    }
}

/// Makes an empty table of this name that is like the other.
///
/// # Errors
/// Where the server refuses.
pub(crate) async fn create_empty(server: &Server, name: &str) -> Result<(), MeasureError> {
    let client = server.client().await?;
    client
        .batch_execute(&format!("CREATE UNLOGGED TABLE {name} ({COLUMNS})"))
        .await?;
    Ok(())
}

/// Makes the table `wide` with its rows and a primary key.
///
/// # Errors
/// Where the server refuses.
pub(crate) async fn create_filled(server: &Server, rows: i64) -> Result<(), MeasureError> {
    let client = server.client().await?;
    client
        .batch_execute(&format!(
            "CREATE UNLOGGED TABLE wide ({COLUMNS}, PRIMARY KEY (id));
             INSERT INTO wide SELECT n, n * 7919 % 1000003, n % 97, n * 31 - 5000000, n / 8.0, n % 3 = 0, n % 11, n % 365,
                'a note of some words', CASE WHEN n % 2 = 0 THEN 'REF-000123' END FROM generate_series(1::INT8, {rows}::INT8) AS g (n);"
        ))
        .await?;
    client.batch_execute("VACUUM ANALYZE wide").await?;
    Ok(())
}

/// The rows of `wide` in files that client and server can read.
#[derive(Debug)]
pub(crate) struct Files {
    /// CSV without a header.
    pub(crate) csv: PathBuf,
    /// PostgreSQL's binary format.
    pub(crate) binary: PathBuf,
    _directory: TempDir,
}

impl Files {
    /// Writes them by psql.
    ///
    /// # Errors
    /// Where psql is missing, or fails.
    pub(crate) async fn write(server: &Server) -> Result<Self, MeasureError> {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir()?;
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
        let csv = directory.path().join("wide.csv");
        let binary = directory.path().join("wide.bin");
        for (path, format) in [(&csv, "csv"), (&binary, "binary")] {
            psql::run(server, &to_file(path, format)).await?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))?;
        }
        Ok(Self {
            csv,
            binary,
            _directory: directory,
        })
    }
}

fn to_file(path: &Path, format: &str) -> String {
    format!("\\copy wide TO '{}' WITH (FORMAT {format})", path.display())
}
