use crdb_exec::Row;

#[cfg(feature = "arrow")]
use super::ArrowIpc;
#[cfg(feature = "csv")]
use super::Csv;
use super::Encode;
#[cfg(feature = "json")]
use super::Json;
#[cfg(feature = "parquet")]
use super::Parquet;
use crate::error::Error;
use crate::value::Columns;

/// One of the formats of files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Format {
    /// CSV.
    #[cfg(feature = "csv")]
    Csv(Csv),
    /// JSON lines, or one array of JSON.
    #[cfg(feature = "json")]
    Json(Json),
    /// Arrow's IPC file format.
    #[cfg(feature = "arrow")]
    ArrowIpc(ArrowIpc),
    /// Parquet.
    #[cfg(feature = "parquet")]
    Parquet(Parquet),
}

impl Format {
    /// Its name, which is also the ending of its files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "csv")]
            Self::Csv(_) => "csv",
            #[cfg(feature = "json")]
            Self::Json(json) => json.ending(),
            #[cfg(feature = "arrow")]
            Self::ArrowIpc(_) => "arrow",
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => "parquet",
        }
    }
}

impl Encode for Format {
    fn begin(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            #[cfg(feature = "csv")]
            Self::Csv(format) => format.begin(columns, out),
            #[cfg(feature = "json")]
            Self::Json(format) => format.begin(columns, out),
            #[cfg(feature = "arrow")]
            Self::ArrowIpc(format) => format.begin(columns, out),
            #[cfg(feature = "parquet")]
            Self::Parquet(format) => format.begin(columns, out),
        }
    }

    fn row<R: Row>(&mut self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            #[cfg(feature = "csv")]
            Self::Csv(format) => format.row(columns, row, out),
            #[cfg(feature = "json")]
            Self::Json(format) => format.row(columns, row, out),
            #[cfg(feature = "arrow")]
            Self::ArrowIpc(format) => format.row(columns, row, out),
            #[cfg(feature = "parquet")]
            Self::Parquet(format) => format.row(columns, row, out),
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            #[cfg(feature = "csv")]
            Self::Csv(format) => format.end(out),
            #[cfg(feature = "json")]
            Self::Json(format) => format.end(out),
            #[cfg(feature = "arrow")]
            Self::ArrowIpc(format) => format.end(out),
            #[cfg(feature = "parquet")]
            Self::Parquet(format) => format.end(out),
        }
    }
}

#[cfg(feature = "csv")]
impl From<Csv> for Format {
    fn from(csv: Csv) -> Self {
        Self::Csv(csv)
    }
}

#[cfg(feature = "json")]
impl From<Json> for Format {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}

#[cfg(feature = "arrow")]
impl From<ArrowIpc> for Format {
    fn from(arrow: ArrowIpc) -> Self {
        Self::ArrowIpc(arrow)
    }
}

#[cfg(feature = "parquet")]
impl From<Parquet> for Format {
    fn from(parquet: Parquet) -> Self {
        Self::Parquet(parquet)
    }
}
