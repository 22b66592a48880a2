//! Rows in and out of CockroachDB.
//!
//! A result becomes [maps](map), [CSV](Csv), [JSON and JSON lines](Json) or a table for people (`TextTable`), as a stream of bytes with
//! flat memory, from any [`Executor`](crdb_exec::Executor):
//!
//! ```
//! use crdb_data::{Error, Json, encode};
//! use crdb_exec::{Executor, ExecutorExt};
//! use futures_util::StreamExt as _;
//!
//! async fn lines(db: &impl Executor) -> Result<Vec<u8>, Error> {
//!     let rows = db.fetch_stream("SELECT id, balance FROM accounts", &[]).await?;
//!     let mut pieces = encode(rows, Json::lines());
//!     let mut all = Vec::new();
//!     while let Some(piece) = pieces.next().await {
//!         all.extend_from_slice(&piece?);
//!     }
//!     Ok(all)
//! }
//! ```
//!
//! # Types
//! What each type of CockroachDB becomes. Every form is exact: it reads back as the same value, but for the one that is named. "Text" is PostgreSQL's text format with
//! `DateStyle = ISO`, `IntervalStyle = postgres`, `bytea_output = hex` and the time zone UTC, which CockroachDB reads too.
//!
//! | type | CSV, table | JSON | Arrow, Parquet |
//! | --- | --- | --- | --- |
//! | BOOL | `t`, `f` | `true`, `false` | Boolean |
//! | INT2, INT4, OID, REGCLASS and the other REG types | digits | number | Int16, Int32, UInt32 |
//! | INT8 | digits | number with all digits, or a [string](JsonNumbers) | Int64 |
//! | FLOAT4, FLOAT8 | shortest digits that read back | number; `"NaN"`, `"Infinity"`, `"-Infinity"` | Float32, Float64 |
//! | DECIMAL | all digits and zeros | number with all digits, or a [string](JsonNumbers); `"NaN"`, `"Infinity"`, `"-Infinity"` | Utf8 of the text, or Decimal128 of a chosen precision |
//! | TEXT, VARCHAR, CHAR, `"char"`, NAME, CITEXT, LTREE, JSONPATH, enums, REFCURSOR | itself | string | Utf8 |
//! | BYTES | `\x` and hexadecimal digits | the same as a string | Binary |
//! | UUID | lower case with hyphens | string | FixedSizeBinary(16) |
//! | DATE, TIME, TIMETZ, INTERVAL, INET, BIT, VARBIT | text | string of the text | Date32, Time64(us) without `24:00:00`, Utf8 of the text for the others |
//! | TIMESTAMP | `2024-02-29 08:05:00.25` | `"2024-02-29T08:05:00.25"` | Timestamp(us), to the year 294246 |
//! | TIMESTAMPTZ | `2024-02-29 08:05:00.25+00` | `"2024-02-29T08:05:00.25+00:00"` | Timestamp(us, UTC), to the year 294246 |
//! | infinite dates and times | `infinity`, `-infinity` | the same as strings | refused |
//! | JSON, JSONB | its text | itself, without white space between its parts; a JSON null is read back as NULL | Utf8 |
//! | GEOMETRY, GEOGRAPHY | EWKB in hexadecimal | the same as a string | Binary |
//! | VECTOR | `[1,2.5]` | array of numbers | List of Float32 |
//! | arrays | `{1,NULL,"a b"}` | array of the elements' forms; refused where an index does not begin at 1 (PostgreSQL), and of JSON with several dimensions | List; refused with several dimensions or another first index |
//! | domains | as the type beneath | as the type beneath | as the type beneath |
//! | NULL | empty, or a text of your choice; `NULL` in a table | `null` | null |
//! | tuples and composite types, BOX2D, TSVECTOR, TSQUERY, PG_LSN, ranges, MONEY, PostgreSQL's geometric types, and every other type | refused | refused | refused |
//!
//! What is refused is an [error](ErrorKind::Type) that names the column: cast it to TEXT in the query. A table shows control characters
//! as escapes and cuts long values, so it is for people only.
//!
//! # Features
//! | feature | what |
//! | --- | --- |
//! | `csv` (default) | [`Csv`] |
//! | `json` (default) | [`Json`], and JSON lines as a source of loads |
//! | `table` | `TextTable` |
//! | `arrow` | `ArrowIpc`, `record_batches`, and Arrow files as a source of loads |
//! | `parquet` | `Parquet`, and Parquet files as a source of loads |
//! | `snappy`, `gzip`, `lz4`, `zstd` | Parquet that is compressed so; `lz4` and `zstd` also Arrow files as a source of loads |
//! | `object-store` | `Destination::Objects`: exports to a store of the crate `object_store` |
//!
//! # Modules in reading order
//! `value` (what a row holds), `format` (rows as bytes), `session` (what is asked of a session); `load`, `export`, `batch` (many rows),
//! `checkpoint` (what has been done of them); `pages`, `changes`; `identifier`, `table`, `fault`, `error`.

mod batch;
mod changes;
mod checkpoint;
mod error;
#[cfg(any(feature = "csv", feature = "json", feature = "arrow"))]
mod export;
mod fault;
mod format;
mod identifier;
mod load;
pub mod observer;
mod pages;
mod session;
mod table;
mod value;

pub use batch::{BatchReport, BatchStatement, ChunkOutcome, ChunkReport};
pub use changes::{Change, ChangeEvent, ChangeStream, Changes, JsonNumeric};
pub use error::{Error, ErrorKind, Place};
#[cfg(any(feature = "csv", feature = "json", feature = "arrow"))]
pub use export::{Destination, Export, Manifest, ManifestColumn, ManifestPart};
#[cfg(any(feature = "csv", feature = "json", feature = "arrow"))]
pub use format::Format;
#[cfg(feature = "table")]
pub use format::TextTable;
#[cfg(feature = "arrow")]
pub use format::{ArrowIpc, BatchBuilder, record_batches};
#[cfg(feature = "csv")]
pub use format::{Csv, CsvDialect};
pub use format::{Encode, EncodedRows, encode};
#[cfg(feature = "json")]
pub use format::{Json, JsonLayout, JsonNumbers};
#[cfg(feature = "parquet")]
pub use format::{Parquet, ParquetCompression};
pub use load::{Load, LoadReport, Progress, RowValues, Source, TextRow, ValueRow};
#[cfg(feature = "object-store")]
pub use object_store;
pub use pages::{CursorKey, Page, Pages};
pub use session::{CopyForm, CopySession, PipelineSession};
pub use value::{ArrayValue, Columns, DataColumn, Value, ValueKind, map};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
