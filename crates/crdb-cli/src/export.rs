//! `crdb export`: a table or a query into files, as of one moment.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use crdb_facade::data::{Csv, Destination, Export, Format, Json};
use crdb_facade::sql::Repository;

use crate::connection::{Connection, block_on};
use crate::exit::{Exit, Usage};
use crate::progress::Meter;

/// Exports a table, or the result of a named query without parameters, as of one moment.
///
/// A file or a directory appears when it is whole, with a manifest of its rows, columns and checksums.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    relation: Relation,
    /// The file, or the directory with --parts
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// The format [default: what the output's name says, else csv]
    #[arg(short, long, value_enum)]
    format: Option<FileFormat>,
    /// How many sessions read the table, into as many files of a directory
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    parts: Option<u16>,
    /// The columns that tell every row from every other, by which rows are ordered [default: a table's primary key]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    key: Vec<String>,
}

#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
struct Relation {
    /// The table: table, schema.table or database.schema.table
    #[arg(long)]
    table: Option<String>,
    /// A named query of the SQL files
    #[arg(long, value_name = "NAME")]
    query: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// CSV with a header (RFC 4180)
    Csv,
    /// CSV as PostgreSQL's COPY writes it
    CopyCsv,
    /// An object a line
    Jsonl,
    /// An array of objects
    Json,
    /// Arrow's IPC file format
    #[cfg(feature = "parquet")]
    Arrow,
    /// Parquet
    #[cfg(feature = "parquet")]
    Parquet,
}

impl FileFormat {
    fn format(self) -> Format {
        match self {
            Self::Csv => Csv::rfc4180().into(),
            Self::CopyCsv => Csv::postgres().into(),
            Self::Jsonl => Json::lines().into(),
            Self::Json => Json::array().into(),
            #[cfg(feature = "parquet")]
            Self::Arrow => crdb_facade::data::ArrowIpc::new().into(),
            #[cfg(feature = "parquet")]
            Self::Parquet => crdb_facade::data::Parquet::new().into(),
        }
    }
}

impl Arguments {
    fn format(&self) -> Result<FileFormat> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(ending) = self.output.extension() else {
            return Ok(FileFormat::Csv);
        };
        match &*ending.to_string_lossy().to_lowercase() {
            "csv" => Ok(FileFormat::Csv),
            "jsonl" | "ndjson" => Ok(FileFormat::Jsonl),
            "json" => Ok(FileFormat::Json),
            #[cfg(feature = "parquet")]
            "arrow" | "feather" => Ok(FileFormat::Arrow),
            #[cfg(feature = "parquet")]
            "parquet" => Ok(FileFormat::Parquet),
            ending => Err(Usage::new(format!(
                "the ending .{ending} names no format; choose one with --format"
            ))
            .into()),
        }
    }

    fn destination(&self) -> Destination {
        match self.parts {
            Some(_) => Destination::Directory(self.output.clone()),
            None => Destination::File(self.output.clone()),
        }
    }
}

/// Exports.
///
/// # Errors
/// What the format has no form for, what the server said, or why a file cannot be written.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let guarded = connection.guarded()?;
    let format = arguments.format()?.format();
    block_on(guarded.read(async |database| {
        let export = match (&arguments.relation.table, &arguments.relation.query) {
            (Some(table), _) => Export::table(table, format),
            (None, Some(name)) => Export::query(text(&database.repository(), name)?, format),
            (None, None) => return Err(Usage::new("name a --table or a --query").into()),
        };
        let meter = Meter::new(as_json);
        let mut export = export.on_progress(meter.observer());
        if !arguments.key.is_empty() {
            export = export.key(arguments.key.iter().map(String::as_str));
        }
        if let Some(parts) = arguments.parts {
            export = export.parts(usize::from(parts));
        }
        let done = export
            .run(database.executor(), arguments.destination())
            .await;
        meter.clear();
        let manifest = done?;
        if as_json {
            println!("{}", serde_json::to_string(&manifest)?);
        } else {
            println!(
                "{} rows, {} bytes in {}",
                manifest.rows,
                manifest.bytes,
                arguments.output.display()
            );
        }
        Ok(Exit::Done)
    }))
}

/// The text of a named query, which an export runs without parameters.
fn text(repository: &Repository, name: &str) -> Result<String> {
    let query = repository.get(name).map_err(crdb_facade::Error::from)?;
    if query.parameters().is_empty() {
        return Ok(query.text().to_owned());
    }
    Err(Usage::new(format!(
        "the query {name} has parameters; an export is of a query without"
    ))
    .into())
}
