use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use futures_util::{Stream, StreamExt as _};

use super::values::{ValueFeed, ValueRow, Values};
use crate::error::{Error, ErrorKind};

/// The texts of a row's values; `None` is NULL.
pub type TextRow = Vec<Option<String>>;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type RowStream = Pin<Box<dyn Stream<Item = Result<TextRow, BoxError>> + Send>>;

/// Where rows come from.
///
/// ```
/// use crdb_data::Source;
///
/// let accounts = Source::csv("accounts.csv");
/// let french = Source::csv("comptes.csv").delimiter(b';');
/// let plain = Source::csv("plain.csv").without_header(["id", "owner"]);
/// ```
pub struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) delimiter: u8,
    pub(crate) names: Option<Vec<String>>,
}

pub(crate) enum SourceKind {
    Csv(PathBuf),
    #[cfg(feature = "json")]
    JsonLines(PathBuf),
    #[cfg(feature = "arrow")]
    ArrowIpc(PathBuf),
    #[cfg(feature = "parquet")]
    Parquet(PathBuf),
    Rows(RowStream),
    Values(Box<dyn ValueFeed>),
}

impl Source {
    fn new(kind: SourceKind) -> Self {
        Self {
            kind,
            delimiter: b',',
            names: None,
        }
    }

    /// A file by what its name says: `.csv`, `.tsv`, and with their features `.jsonl`, `.ndjson`, `.arrow`, `.feather` and
    /// `.parquet`.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for another ending.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        match ending.as_str() {
            "csv" => Ok(Self::csv(path)),
            "tsv" => Ok(Self::csv(path).delimiter(b'\t')),
            #[cfg(feature = "json")]
            "jsonl" | "ndjson" => Ok(Self::json_lines(path)),
            #[cfg(feature = "arrow")]
            "arrow" | "feather" => Ok(Self::arrow(path)),
            #[cfg(feature = "parquet")]
            "parquet" => Ok(Self::parquet(path)),
            _ => Err(Error::new(
                ErrorKind::Refused,
                "the name of the file does not say its format",
            )
            .in_file(&path)
            .with_advice("name the format: .csv, .tsv, .jsonl, .arrow or .parquet")),
        }
    }

    /// A file of CSV with a header, in UTF-8. An empty field is NULL, `""` an empty text; blank lines are no rows.
    pub fn csv(path: impl Into<PathBuf>) -> Self {
        Self::new(SourceKind::Csv(path.into()))
    }

    /// A file of JSON lines: an object a line, in UTF-8. The first one says which names there are, unless
    /// [`columns`](Self::columns) does; a name that a row lacks is NULL.
    #[cfg(feature = "json")]
    pub fn json_lines(path: impl Into<PathBuf>) -> Self {
        Self::new(SourceKind::JsonLines(path.into()))
    }

    /// A file of Arrow's IPC format; compressed by LZ4 or Zstandard with the features of these names. Values become what they are in
    /// [the crate's table](crate#types). Other integers, floats and decimals, times in other units, large and view types of text and
    /// bytes, and dictionaries are known too. Structs, maps and unions are refused.
    #[cfg(feature = "arrow")]
    pub fn arrow(path: impl Into<PathBuf>) -> Self {
        Self::new(SourceKind::ArrowIpc(path.into()))
    }

    /// A file of Parquet, with the types of [`arrow`](Self::arrow); compressed by Snappy, Gzip, LZ4 or Zstandard with the features of these
    /// names.
    #[cfg(feature = "parquet")]
    pub fn parquet(path: impl Into<PathBuf>) -> Self {
        Self::new(SourceKind::Parquet(path.into()))
    }

    /// Rows of a stream, as the texts of their values. A load of a stream is resumed from the beginning of the same stream: rows that
    /// were loaded are passed over by their number.
    pub fn rows<S, E>(columns: impl IntoIterator<Item = impl Into<String>>, rows: S) -> Self
    where
        S: Stream<Item = Result<TextRow, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let rows = rows.map(|row| row.map_err(Into::into));
        Self {
            names: Some(columns.into_iter().map(Into::into).collect()),
            ..Self::new(SourceKind::Rows(Box::pin(rows)))
        }
    }

    /// Rows of a stream, by their values: they are sent in COPY's binary format, which costs the server and the client the least. Every value has to
    /// be of its column's own type, one that the server brings along: an `i32` is none for a column of INT8. They are resumed as
    /// [`rows`](Self::rows) are.
    ///
    /// ```
    /// use crdb_data::{Error, RowValues, Source, ValueRow};
    ///
    /// struct Reading(i64, f64);
    ///
    /// impl ValueRow for Reading {
    ///     fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
    ///         row.put(&self.0)?.put(&self.1)?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let readings = (1..=1_000).map(|id| Ok::<_, Error>(Reading(id, 20.5)));
    /// let source = Source::values(["id", "degrees"], futures_util::stream::iter(readings));
    /// ```
    pub fn values<S, R, E>(columns: impl IntoIterator<Item = impl Into<String>>, rows: S) -> Self
    where
        S: Stream<Item = Result<R, E>> + Send + 'static,
        R: ValueRow + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        Self {
            names: Some(columns.into_iter().map(Into::into).collect()),
            ..Self::new(SourceKind::Values(Box::new(Values::of(rows))))
        }
    }

    /// What stands between two fields of CSV.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// The columns of a file of CSV without a header.
    #[must_use]
    pub fn without_header(self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.columns(columns)
    }

    /// The names of JSON lines.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.kind {
            SourceKind::Csv(path) => Some(path),
            #[cfg(feature = "json")]
            SourceKind::JsonLines(path) => Some(path),
            #[cfg(feature = "arrow")]
            SourceKind::ArrowIpc(path) => Some(path),
            #[cfg(feature = "parquet")]
            SourceKind::Parquet(path) => Some(path),
            SourceKind::Rows(_) | SourceKind::Values(_) => None,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path())
            .field("columns", &self.names)
            .finish_non_exhaustive()
    }
}
