//! Rows as bytes.

#[cfg(any(feature = "csv", feature = "json", feature = "arrow"))]
mod any;
#[cfg(feature = "arrow")]
mod arrow;
#[cfg(feature = "csv")]
mod csv;
mod encode;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "table")]
mod table;

#[cfg(any(feature = "csv", feature = "json", feature = "arrow"))]
pub use any::Format;
#[cfg(feature = "arrow")]
pub use arrow::{ArrowIpc, BatchBuilder, record_batches};
#[cfg(feature = "parquet")]
pub use arrow::{Parquet, ParquetCompression};
#[cfg(feature = "csv")]
pub use csv::{Csv, CsvDialect};
pub use encode::{Encode, EncodedRows, encode};
#[cfg(feature = "json")]
pub use json::{Json, JsonLayout, JsonNumbers};
#[cfg(feature = "table")]
pub use table::TextTable;
