//! Rows as bytes.

#[cfg(feature = "csv")]
mod csv;
mod encode;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "table")]
mod table;

#[cfg(feature = "csv")]
pub use csv::{Csv, CsvDialect};
pub use encode::{Encode, EncodedRows, encode};
#[cfg(feature = "json")]
pub use json::{Json, JsonLayout, JsonNumbers};
#[cfg(feature = "table")]
pub use table::TextTable;
