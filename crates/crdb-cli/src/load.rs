//! `crdb load`: rows of a file into a table.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use crdb_facade::data::{Load, Source};
use serde_json::json;

use crate::connection::{Connection, block_on};
use crate::exit::Exit;
use crate::progress::Meter;

/// Loads the rows of a file into a table, each once.
///
/// The file's name says its format: .csv, .tsv, .jsonl, .arrow, .parquet. Chunks are committed as a whole or not at all. With --name a
/// load that was cut off goes on where it was; run it again as it was.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The table: table, schema.table or database.schema.table
    table: String,
    /// The file
    file: PathBuf,
    /// The load's name, under which it can be resumed; running one that is complete does nothing
    #[arg(long)]
    name: Option<String>,
    /// A row whose primary key is there replaces the old one
    #[arg(long, conflicts_with = "keep")]
    replace: bool,
    /// A row that a unique constraint would refuse is left out
    #[arg(long)]
    keep: bool,
    /// How many sessions load at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    sessions: u16,
    /// How many rows may be bad
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    bad_rows: u64,
    /// Where bad rows are written, as CSV of line, column, reason and row
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Load a column of the file into another one of the table; may be repeated
    #[arg(long = "column", value_name = "FILE=TABLE", value_parser = renamed)]
    columns: Vec<(String, String)>,
    /// A column of the file that is not loaded; may be repeated
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
}

fn renamed(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => {
            Ok((from.to_owned(), to.to_owned()))
        }
        _ => Err("write it as FILE=TABLE".to_owned()),
    }
}

impl Arguments {
    fn load(&self, meter: &Meter) -> Load {
        let mut load = Load::into_table(&self.table)
            .sessions(usize::from(self.sessions))
            .bad_rows(self.bad_rows)
            .on_progress(meter.observer());
        if self.replace {
            load = load.replace_existing();
        }
        if self.keep {
            load = load.keep_existing();
        }
        if let Some(name) = &self.name {
            load = load.resumable(name);
        }
        if let Some(file) = &self.rejects {
            load = load.reject_file(file);
        }
        for (from, to) in &self.columns {
            load = load.column(from, to);
        }
        for column in &self.ignore {
            load = load.ignore(column);
        }
        load
    }
}

/// Loads the file.
///
/// # Errors
/// What is wrong with the file, a row or the table; chunks that are committed stay.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let guarded = connection.guarded()?;
    guarded.guard.may_write("crdb load")?;
    block_on(guarded.write("crdb load", async |database| {
        let meter = Meter::new(as_json);
        let source = Source::file(&arguments.file)?;
        let done = arguments
            .load(&meter)
            .run(database.executor(), source)
            .await;
        meter.clear();
        let report = done?;
        if as_json {
            let object = json!({
                "rows": report.rows,
                "resumed_rows": report.resumed_rows,
                "rejected": report.rejected,
                "bytes": report.bytes,
                "seconds": report.elapsed.as_secs_f64(),
            });
            println!("{object}");
        } else {
            println!("{} rows loaded, {} bad", report.rows, report.rejected);
        }
        Ok(Exit::Done)
    }))
}
