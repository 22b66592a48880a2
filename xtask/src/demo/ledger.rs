//! A ledger out of the bank and into it again, with the progress of both.

use std::fmt::Display;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use crdb_facade::data::{Csv, Destination, Export, Load, Manifest, Progress, Source};
use crdb_facade::{Database, Row as _};

/// The entries of the ledger.
const ENTRIES: u64 = 40_000;

/// Sessions that export, and files that they write.
const PARTS: usize = 2;

const TABLES: [&str; 2] = [
    "CREATE TABLE ledger (id INT8 PRIMARY KEY, account TEXT NOT NULL, amount DECIMAL(19, 2) NOT NULL, note TEXT, made_at TIMESTAMPTZ NOT NULL)",
    "CREATE TABLE ledger_again (id INT8 PRIMARY KEY, account TEXT NOT NULL, amount DECIMAL(19, 2) NOT NULL, note TEXT, made_at TIMESTAMPTZ NOT NULL)",
];

const FILL: &str = "INSERT INTO ledger SELECT n, 'account ' || n % 97, (n % 20011)::DECIMAL / 100, CASE WHEN n % 3 = 0 THEN NULL ELSE \
                    'entry \"' || n || '\", paid' END, now() FROM generate_series(1, $1::INT8) AS g (n)";

/// Exports the ledger into files, verifies them, and loads them into another table, which must be the same then.
///
/// # Errors
/// When a row is lost, doubled or changed, or the server refuses.
pub(crate) async fn run(database: &Database) -> Result<()> {
    let directory = tempfile::tempdir().context("a directory for the ledger")?;
    for create in TABLES {
        database.execute(create, &[]).await?;
    }
    database.execute(FILL, &[&ENTRIES.cast_signed()]).await?;

    let told = Quarters::default();
    let manifest = Export::table("ledger", Csv::postgres())
        .parts(PARTS)
        .on_progress(move |progress| told.tell("export", ENTRIES, progress))
        .run(
            database.executor(),
            Destination::Directory(directory.path().to_owned()),
        )
        .await?;
    Manifest::verify(&directory.path().join("manifest.json"))?;
    println!(
        "exported {} rows into {} files as of {}; the manifest's checksums are right",
        manifest.rows,
        manifest.parts.len(),
        manifest.as_of.as_deref().unwrap_or("one snapshot")
    );

    for part in &manifest.parts {
        let (told, rows) = (Quarters::default(), part.rows);
        let report = Load::into_table("ledger_again")
            .resumable(&part.file)
            .chunk_rows(2_500)
            .on_progress(move |progress| told.tell("load", rows, progress))
            .run(
                database.executor(),
                Source::csv(directory.path().join(&part.file)),
            )
            .await?;
        println!("loaded {} rows of {}", report.rows, part.file);
    }
    let same = "SELECT count(*) FROM ledger AS a JOIN ledger_again AS b ON a.id = b.id AND a.account = b.account AND \
                a.amount = b.amount AND a.made_at = b.made_at AND a.note IS NOT DISTINCT FROM b.note";
    for (what, count) in [
        ("alike", same),
        ("loaded", "SELECT count(*) FROM ledger_again"),
    ] {
        let rows: i64 = database.fetch_one(count, &[]).await?.get(0)?;
        ensure!(
            rows == ENTRIES.cast_signed(),
            "{rows} rows of the ledger are {what}, not {ENTRIES}"
        );
    }
    println!("every row is there once, and is what it was");
    Ok(())
}

/// Prints a line for each quarter that is done.
#[derive(Debug, Default)]
struct Quarters(Mutex<u64>);

impl Quarters {
    fn tell(&self, what: &str, of: u64, progress: &Progress) {
        let quarter = progress.rows * 4 / of.max(1);
        let Ok(mut told) = self.0.lock() else { return };
        if quarter <= *told {
            return;
        }
        *told = quarter;
        let left = progress.remaining().map(Left);
        let left: &dyn Display = match &left {
            Some(left) => left,
            None => &"",
        };
        println!(
            "  {what}: {:>3} %  {:>6} rows  {:>7.1} KiB/s{left}",
            quarter * 25,
            progress.rows,
            progress.rate() / 1024.0
        );
    }
}

/// How long the rest will take.
struct Left(Duration);

impl Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "  {:.1} s left", self.0.as_secs_f64())
    }
}
