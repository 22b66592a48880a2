//! Rows of a result, written in a format.

mod pager;
mod sink;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use crdb_facade::Row;
use crdb_facade::data::{Columns, Csv, Encode, Error, Format, Json, TextTable};

pub(crate) use sink::Sink;

use crate::exit::Usage;
use crate::terminal;

/// How rows are written, and where.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RowOptions {
    /// How rows are written [default: table; json with --json]
    #[arg(short, long, value_enum)]
    format: Option<RowFormat>,
    /// A file to write the rows to, instead of standard output; it appears when all are there
    #[arg(short, long, value_name = "FILE")]
    output: Option<std::path::PathBuf>,
}

/// A format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// A table for people
    Table,
    /// An array of objects for each result
    Json,
    /// An object a line
    Jsonl,
    /// CSV with a header (RFC 4180)
    Csv,
    /// Arrow's IPC file format
    #[cfg(feature = "parquet")]
    Arrow,
    /// Parquet
    #[cfg(feature = "parquet")]
    Parquet,
}

impl RowFormat {
    /// Whether a file of it holds one result, in bytes that are no text.
    fn is_binary(self) -> bool {
        !matches!(self, Self::Table | Self::Json | Self::Jsonl | Self::Csv)
    }

    fn encoder(self) -> Encoder {
        match self {
            Self::Table => {
                let table = TextTable::new();
                Encoder::Table(Box::new(match terminal::width() {
                    Some(width) => table.width(width),
                    None => table,
                }))
            }
            Self::Json => Encoder::File(Json::array().into()),
            Self::Jsonl => Encoder::File(Json::lines().into()),
            Self::Csv => Encoder::File(Csv::rfc4180().into()),
            #[cfg(feature = "parquet")]
            Self::Arrow => Encoder::File(crdb_facade::data::ArrowIpc::new().into()),
            #[cfg(feature = "parquet")]
            Self::Parquet => Encoder::File(crdb_facade::data::Parquet::new().into()),
        }
    }
}

enum Encoder {
    Table(Box<TextTable>),
    File(Format),
}

impl Encoder {
    fn begin(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Table(table) => table.begin(columns, out),
            Self::File(format) => format.begin(columns, out),
        }
    }

    fn row<R: Row>(&mut self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Table(table) => table.row(columns, row, out),
            Self::File(format) => format.row(columns, row, out),
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Table(table) => table.end(out),
            Self::File(format) => format.end(out),
        }
    }
}

/// Where the results of a command go.
pub(crate) struct Results {
    format: RowFormat,
    sink: Sink,
    written: usize,
}

impl Results {
    /// Opens what the options name.
    ///
    /// # Errors
    /// [`Usage`] for bytes that a terminal cannot show; else why the file cannot be made.
    pub(crate) fn open(options: &RowOptions, as_json: bool) -> Result<Self> {
        let format = match options.format {
            Some(format) => format,
            None if as_json => RowFormat::Json,
            None => RowFormat::Table,
        };
        let sink = Sink::open(options.output.as_deref())?;
        if format.is_binary() && sink.is_terminal() {
            return Err(Usage::new(
                "a terminal cannot show this format; name a file with --output",
            )
            .into());
        }
        Ok(Self {
            format,
            sink,
            written: 0,
        })
    }

    /// Tables for the person at the terminal, in a pager where they are long.
    pub(crate) fn for_people() -> Self {
        Self {
            format: RowFormat::Table,
            sink: Sink::paged(),
            written: 0,
        }
    }

    /// Says something of the result before: behind its rows in the pager, else on standard error.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.sink.follow(text) {
            terminal::note(text);
        }
    }

    /// Whether people read it.
    pub(crate) fn is_table(&self) -> bool {
        self.format == RowFormat::Table
    }

    /// Begins another result with these columns, where they are known before its first row.
    ///
    /// # Errors
    /// When the format holds one result and has one, or has no form for a column.
    pub(crate) fn begin(&mut self, columns: Option<Columns>) -> Result<ResultRows<'_>> {
        if self.format.is_binary() && self.written > 0 {
            bail!("a file of this format holds one result, and this is another");
        }
        self.written += 1;
        let mut rows = ResultRows {
            encoder: self.format.encoder(),
            columns: None,
            out: Vec::new(),
            count: 0,
            sink: &mut self.sink,
        };
        if let Some(columns) = columns {
            rows.encoder.begin(&columns, &mut rows.out)?;
            rows.columns = Some(columns);
        }
        Ok(rows)
    }

    /// Ends them all: a file gets its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(self) -> Result<()> {
        self.sink.finish()
    }
}

/// How many bytes are gathered before they are written.
const PIECE: usize = 64 * 1024;

/// One result that is being written.
pub(crate) struct ResultRows<'a> {
    encoder: Encoder,
    columns: Option<Columns>,
    out: Vec<u8>,
    count: u64,
    sink: &'a mut Sink,
}

impl ResultRows<'_> {
    /// Adds a row.
    ///
    /// # Errors
    /// When the format has no form for it, or it cannot be written.
    pub(crate) fn push<R: Row>(&mut self, row: &R) -> Result<()> {
        let columns = match self.columns.take() {
            Some(columns) => columns,
            None => {
                let columns = Columns::of(row)?;
                self.encoder.begin(&columns, &mut self.out)?;
                columns
            }
        };
        self.encoder.row(&columns, row, &mut self.out)?;
        self.columns = Some(columns);
        self.count += 1;
        if self.out.len() >= PIECE {
            self.sink.write(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    /// Ends the result and says how many rows it had.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn end(mut self) -> Result<u64> {
        self.encoder.end(&mut self.out)?;
        self.sink.write(&self.out)?;
        self.sink.flush()?;
        Ok(self.count)
    }
}
