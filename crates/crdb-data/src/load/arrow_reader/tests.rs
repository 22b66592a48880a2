//! Files of Arrow and Parquet that other programs write, and that are not what they should be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, DurationSecondArray, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow_schema::{DataType, Field, Fields};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

const LIMITS: Limits = Limits {
    bytes: 64 * 1024,
    rows: 100,
};

/// A directory that goes with the test, and a file in it.
fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    (directory, path)
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Numbers, texts with NULLs and lists.
fn rows(count: i64) -> RecordBatch {
    let mut tags = ListBuilder::new(Int64Builder::new());
    let mut names = StringBuilder::new();
    for id in 0..count {
        tags.values().append_value(id);
        tags.append(id % 5 > 0);
        names.append_option((id % 3 > 0).then(|| format!("name {id}")));
    }
    batch(vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..count))),
        ("name", Arc::new(names.finish())),
        ("tags", Arc::new(tags.finish())),
    ])
}

fn arrow(batch: &RecordBatch) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut file, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    file
}

fn open(path: &Path) -> Result<ArrowReader, Error> {
    let input = Input::open(path)?;
    match path.extension().and_then(|ending| ending.to_str()) {
        #[cfg(feature = "parquet")]
        Some("parquet") => ArrowReader::parquet(input),
        _ => ArrowReader::ipc(input),
    }
}

/// How many rows are read, those among them that are bad by themselves.
fn read(path: &Path) -> Result<usize, Error> {
    let mut reader = open(path)?;
    let names = reader.columns()?;
    reader.select(Selection {
        types: vec![String::new(); names.len()],
        names,
        ..Selection::default()
    })?;
    let mut count = 0;
    while let Some(block) = reader.next_block(&Ranges::default(), LIMITS)? {
        count += block.rows() + block.rejects.len();
    }
    Ok(count)
}

/// Reads damaged copies of a file: every outcome is rows, or an error that names the file and a remedy.
fn damage(name: &str, content: &[u8]) {
    let rounds = match std::env::var_os("CRDB_TEST_LONG") {
        Some(_) => 5_000,
        None => 120,
    };
    let mut rng = StdRng::seed_from_u64(content.len() as u64);
    for round in 0..rounds {
        let mut damaged = content.to_vec();
        if round % 4 == 0 {
            damaged.truncate(rng.random_range(0..content.len()));
        } else {
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..damaged.len());
                damaged[at] = rng.random();
            }
        }
        let (_directory, path) = file(name, &damaged);
        if let Err(error) = read(&path) {
            assert!(
                matches!(error.kind(), ErrorKind::Input | ErrorKind::Type),
                "{name}, round {round}: {error:?}"
            );
            let message = error.to_string();
            assert!(
                message.contains(name) && message.contains("; "),
                "{name}, round {round}: {message}"
            );
        }
    }
}

#[test]
fn a_damaged_arrow_file_is_an_error_with_its_name_and_a_remedy() {
    damage("rows.arrow", &arrow(&rows(300)));
}

#[test]
fn a_file_of_another_kind_is_named() {
    for (name, content) in [
        ("a.arrow", &b"id,name\n1,a\n"[..]),
        ("b.arrow", b""),
        ("c.arrow", b"ARROW1"),
        ("d.arrow", b"ARROW1\0\0\0\0\0\0ARROW1"),
        #[cfg(feature = "parquet")]
        ("a.parquet", b"id,name\n1,a\n"),
        #[cfg(feature = "parquet")]
        ("b.parquet", b""),
        #[cfg(feature = "parquet")]
        ("c.parquet", b"PAR1"),
        #[cfg(feature = "parquet")]
        ("d.parquet", b"PAR1\xff\xff\xff\xffPAR1"),
        #[cfg(feature = "parquet")]
        ("e.parquet", b"PAR1\x02\x00\x00\x00\x15\x15PAR1"),
    ] {
        let (_directory, path) = file(name, content);
        let error = read(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{name}: {error}");
        let message = error.to_string();
        assert!(
            message.contains(name) && message.contains("is not a"),
            "{message}"
        );
        assert!(message.contains("name its format"), "{message}");
    }
}

#[test]
fn a_type_without_a_mapping_is_named_with_its_column() {
    let fields = Fields::from(vec![Field::new("x", DataType::Utf8, true)]);
    let inner: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let pair: ArrayRef = Arc::new(StructArray::new(fields, vec![inner], None));
    let wait: ArrayRef = Arc::new(DurationSecondArray::from(vec![1]));
    for (column, array) in [("pair", pair), ("wait", wait)] {
        let (_directory, path) = file("t.arrow", &arrow(&batch(vec![(column, array)])));
        let error = read(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Type, "{error}");
        let message = error.to_string();
        for part in ["t.arrow", column, "no mapping", "ignore it"] {
            assert!(message.contains(part), "{message}");
        }
    }
}

/// Lists within lists, deeper than any reader goes.
fn nested(depth: usize) -> RecordBatch {
    let mut array: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    for _ in 0..depth {
        let field = Arc::new(Field::new("item", array.data_type().clone(), true));
        let offsets = arrow_buffer::OffsetBuffer::from_lengths([1]);
        array = Arc::new(arrow_array::ListArray::new(field, offsets, array, None));
    }
    batch(vec![("deep", array)])
}

#[test]
fn deep_nesting_is_an_error() {
    for depth in [7, 30] {
        let (_directory, path) = file("deep.arrow", &arrow(&nested(depth)));
        let error = read(&path).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Type, "{message}");
        assert!(
            message.contains("deep.arrow") && message.contains("\"deep\""),
            "{message}"
        );
    }
    let (_directory, path) = file("deep.arrow", &arrow(&nested(200)));
    let error = read(&path).unwrap_err();
    assert!(error.to_string().contains("deep.arrow"), "{error}");
}

#[cfg(any(feature = "lz4", feature = "zstd"))]
#[test]
fn compressed_arrow_is_read() {
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions};

    for compression in [
        #[cfg(feature = "lz4")]
        CompressionType::LZ4_FRAME,
        #[cfg(feature = "zstd")]
        CompressionType::ZSTD,
    ] {
        let rows = rows(300);
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(compression))
            .unwrap();
        let mut content = Vec::new();
        let mut writer =
            FileWriter::try_new_with_options(&mut content, &rows.schema(), options).unwrap();
        writer.write(&rows).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let (_directory, path) = file("rows.arrow", &content);
        assert_eq!(read(&path).unwrap(), 300);
        damage("rows.arrow", &content);
    }
}

#[cfg(feature = "parquet")]
mod parquet_files {
    use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
    use parquet::basic::{BrotliLevel, Compression};
    use parquet::file::metadata::{
        ColumnChunkMetaData, FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter,
        RowGroupMetaData,
    };
    use parquet::file::properties::WriterProperties;

    use super::*;

    fn parquet(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
        let mut file = Vec::new();
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        file
    }

    fn compressions() -> Vec<Compression> {
        vec![
            Compression::UNCOMPRESSED,
            #[cfg(feature = "snappy")]
            Compression::SNAPPY,
            #[cfg(feature = "gzip")]
            Compression::GZIP(parquet::basic::GzipLevel::default()),
            #[cfg(feature = "lz4")]
            Compression::LZ4,
            #[cfg(feature = "lz4")]
            Compression::LZ4_RAW,
            #[cfg(feature = "zstd")]
            Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        ]
    }

    #[test]
    fn compressed_files_are_read() {
        for compression in compressions() {
            let (_directory, path) = file("rows.parquet", &parquet(&rows(300), compression));
            assert_eq!(read(&path).unwrap(), 300, "{compression}");
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_with_its_name_and_a_remedy() {
        for compression in compressions() {
            damage("rows.parquet", &parquet(&rows(300), compression));
        }
    }

    /// A file whose only column is compressed in this way, by its footer: its pages are not reached.
    fn claims(compression: Compression) -> Vec<u8> {
        let rows = rows(1);
        let schema = ArrowSchemaConverter::new().convert(&rows.schema()).unwrap();
        let schema = Arc::new(schema);
        let columns = schema
            .columns()
            .iter()
            .map(|column| {
                ColumnChunkMetaData::builder(Arc::clone(column))
                    .set_compression(compression)
                    .build()
                    .unwrap()
            })
            .collect();
        let group = RowGroupMetaData::builder(Arc::clone(&schema))
            .set_num_rows(1)
            .set_column_metadata(columns)
            .build()
            .unwrap();
        let file = FileMetaData::new(2, 1, None, None, schema, None);
        let metadata = ParquetMetaDataBuilder::new(file)
            .set_row_groups(vec![group])
            .build();
        let mut content = b"PAR1".to_vec();
        ParquetMetaDataWriter::new(&mut content, &metadata)
            .finish()
            .unwrap();
        content
    }

    #[test]
    fn a_compression_that_is_not_understood_is_refused_by_name() {
        for (compression, name, remedy) in [
            (
                Compression::BROTLI(BrotliLevel::default()),
                "Brotli",
                "write it with Snappy",
            ),
            (Compression::LZO, "LZO", "write it with Snappy"),
            #[cfg(not(feature = "zstd"))]
            (
                Compression::ZSTD(parquet::basic::ZstdLevel::default()),
                "Zstandard",
                "feature `zstd`",
            ),
            #[cfg(not(feature = "snappy"))]
            (Compression::SNAPPY, "Snappy", "feature `snappy`"),
        ] {
            let (_directory, path) = file("rows.parquet", &claims(compression));
            let error = read(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input, "{error}");
            let message = error.to_string();
            for part in ["rows.parquet", "column id", name, remedy] {
                assert!(message.contains(part), "{message}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        for depth in [7, 15, 30] {
            let content = parquet(&nested(depth), Compression::UNCOMPRESSED);
            let (_directory, path) = file("deep.parquet", &content);
            let error = read(&path).unwrap_err();
            let message = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Type, "{message}");
            for part in ["deep.parquet", "\"deep\"", "ignore it"] {
                assert!(message.contains(part), "{message}");
            }
        }
    }

    /// So deep that a reader which goes down by recursion would overflow its stack. Its own writer would, too: the footer is made by hand.
    #[test]
    fn nesting_without_end_does_not_end_the_process() {
        const LEVELS: usize = 100_000;
        // FileMetaData: version 1, and the schema as a list of this many structs.
        let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
        let mut count = LEVELS;
        while count >= 0x80 {
            footer.push(u8::try_from(count & 0x7f).unwrap() | 0x80);
            count >>= 7;
        }
        footer.push(u8::try_from(count).unwrap());
        for level in 0..LEVELS {
            // The name `d` and one child, but for the last, which is an INT32.
            if level + 1 < LEVELS {
                footer.extend_from_slice(&[0x48, 0x01, b'd', 0x15, 0x02, 0x00]);
            } else {
                footer.extend_from_slice(&[0x15, 0x02, 0x38, 0x01, b'd', 0x00]);
            }
        }
        let mut content = b"PAR1".to_vec();
        content.extend_from_slice(&footer);
        content.extend_from_slice(&u32::try_from(footer.len()).unwrap().to_le_bytes());
        content.extend_from_slice(b"PAR1");
        let (_directory, path) = file("deep.parquet", &content);
        let error = read(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Type, "{error}");
        assert!(error.to_string().contains("column \"d\""), "{error}");
    }
}
