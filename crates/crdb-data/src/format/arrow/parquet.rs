use std::fmt;

use crdb_exec::Row;
use parking_lot::Mutex;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Drained;
use super::batches::BatchBuilder;
use crate::error::{Error, ErrorKind};
use crate::format::Encode;
use crate::value::Columns;

/// How many rows are handed on at once.
const BATCH: usize = 4_096;

/// How many bytes a row group gathers in memory before it is written. It is in memory three times for a moment: as columns, as the file's
/// bytes, and as those on their way.
const ROW_GROUP: usize = 2 << 20;

/// How many bytes the dictionary of a column may have before its values are written plainly.
const DICTIONARY: usize = 256 << 10;

/// How many bytes a page of a column has.
const PAGE: usize = 256 << 10;

/// A file that has begun.
type Writing = (BatchBuilder, ArrowWriter<Drained>, Drained);

/// How Parquet's pages are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParquetCompression {
    /// Not at all.
    #[default]
    None,
    /// Snappy, which most programs write.
    #[cfg(feature = "snappy")]
    Snappy,
    /// Gzip.
    #[cfg(feature = "gzip")]
    Gzip,
    /// LZ4, raw.
    #[cfg(feature = "lz4")]
    Lz4,
    /// Zstandard, at its level 1.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl ParquetCompression {
    fn codec(self) -> Compression {
        match self {
            Self::None => Compression::UNCOMPRESSED,
            #[cfg(feature = "snappy")]
            Self::Snappy => Compression::SNAPPY,
            #[cfg(feature = "gzip")]
            Self::Gzip => Compression::GZIP(parquet::basic::GzipLevel::default()),
            #[cfg(feature = "lz4")]
            Self::Lz4 => Compression::LZ4_RAW,
            #[cfg(feature = "zstd")]
            Self::Zstd => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        }
    }
}

/// Parquet: row groups of about 2 MiB before compression, so that memory stays flat: what gathers, the dictionaries of at most 256 KiB a column, and a
/// row group on its way.
#[derive(Default)]
pub struct Parquet {
    decimal: Option<(u8, i8)>,
    compression: ParquetCompression,
    /// Never locked: parquet's writer is `Send` and not `Sync`, and a future that holds an export by reference must be `Send`.
    writing: Mutex<Option<Box<Writing>>>,
}

impl Parquet {
    /// DECIMAL as text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// DECIMAL as Parquet's decimal of this precision (38 at most) and scale. A number that does not fit is an error.
    #[must_use]
    pub fn decimals(mut self, precision: u8, scale: i8) -> Self {
        self.decimal = Some((precision, scale));
        self
    }

    /// Compresses its pages: not at all by default.
    #[must_use]
    pub fn compression(mut self, compression: ParquetCompression) -> Self {
        self.compression = compression;
        self
    }
}

impl Encode for Parquet {
    fn begin(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), Error> {
        let builder = BatchBuilder::new(columns.clone(), self.decimal);
        let drained = Drained::default();
        let properties = WriterProperties::builder()
            .set_compression(self.compression.codec())
            .set_dictionary_page_size_limit(DICTIONARY)
            .set_data_page_size_limit(PAGE)
            .build();
        let writer = ArrowWriter::try_new(drained.clone(), builder.schema(), Some(properties))
            .map_err(failed)?;
        drained.drain_into(out);
        *self.writing.get_mut() = Some(Box::new((builder, writer, drained)));
        Ok(())
    }

    fn row<R: Row>(&mut self, _: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some((builder, writer, drained)) = self.writing.get_mut().as_deref_mut() {
            builder.push(row)?;
            if builder.rows() >= BATCH {
                writer.write(&builder.finish()?).map_err(failed)?;
                if writer.in_progress_size() >= ROW_GROUP {
                    writer.flush().map_err(failed)?;
                }
                drained.drain_into(out);
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(writing) = self.writing.get_mut().take() {
            let (mut builder, mut writer, drained) = *writing;
            if builder.rows() > 0 {
                writer.write(&builder.finish()?).map_err(failed)?;
            }
            writer.close().map_err(failed)?;
            drained.drain_into(out);
        }
        Ok(())
    }
}

fn failed(error: ParquetError) -> Error {
    Error::new(ErrorKind::Value, "writing Parquet").with_source(error)
}

/// Without what has been written.
impl Clone for Parquet {
    fn clone(&self) -> Self {
        Self {
            decimal: self.decimal,
            compression: self.compression,
            writing: Mutex::new(None),
        }
    }
}

impl fmt::Debug for Parquet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parquet")
            .field("decimal", &self.decimal)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}
