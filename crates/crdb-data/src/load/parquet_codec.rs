//! How the columns of a Parquet file are compressed, and whether that is understood here.

use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;

use super::input::Input;
use crate::error::{Error, ErrorKind, Place};

/// Refuses a file with a column that cannot be read.
///
/// # Errors
/// [`ErrorKind::Input`] with the file, the column and the compression.
pub(super) fn check(input: &Input, metadata: &ParquetMetaData) -> Result<(), Error> {
    let columns = metadata
        .row_groups()
        .iter()
        .flat_map(parquet::file::metadata::RowGroupMetaData::columns);
    for column in columns {
        let (name, feature) = of(column.compression());
        let known = match feature {
            None => name == UNCOMPRESSED,
            Some("snappy") => cfg!(feature = "snappy"),
            Some("gzip") => cfg!(feature = "gzip"),
            Some("lz4") => cfg!(feature = "lz4"),
            Some("zstd") => cfg!(feature = "zstd"),
            Some(_) => false,
        };
        if known {
            continue;
        }
        let advice = match feature {
            Some(feature) => format!("build with the feature `{feature}`, or write it without"),
            None => "write it with Snappy, Gzip, LZ4 or Zstandard, or without".to_owned(),
        };
        let message = format!("the column is compressed by {name}, which is not understood here");
        return Err(Error::new(ErrorKind::Input, message)
            .at(Place {
                file: Some(input.path().to_owned()),
                line: None,
                column: Some(column.column_path().string()),
            })
            .with_advice(advice));
    }
    Ok(())
}

const UNCOMPRESSED: &str = "nothing";

/// Its name for people, and the feature that understands it.
fn of(compression: Compression) -> (&'static str, Option<&'static str>) {
    match compression {
        Compression::UNCOMPRESSED => (UNCOMPRESSED, None),
        Compression::SNAPPY => ("Snappy", Some("snappy")),
        Compression::GZIP(_) => ("Gzip", Some("gzip")),
        Compression::LZ4 | Compression::LZ4_RAW => ("LZ4", Some("lz4")),
        Compression::ZSTD(_) => ("Zstandard", Some("zstd")),
        Compression::BROTLI(_) => ("Brotli", None),
        Compression::LZO => ("LZO", None),
    }
}
