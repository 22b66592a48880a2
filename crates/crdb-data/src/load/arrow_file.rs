//! Arrow's IPC file format, batch by batch, with every length checked against the file before memory is taken for it.
//!
//! `arrow_ipc::reader::FileReader` takes as much memory as a damaged length says, which ends the process.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, BodyCompression, CompressionType, root_as_footer, root_as_message};
use arrow_schema::SchemaRef;

use super::source::BoxError;

/// The magic word and the length of the footer, at the end of a file.
const TRAILER: usize = 10;

/// More than this no buffer of an array holds whose offsets have 32 bits.
const LARGEST_BUFFER: i64 = 1 << 31;

/// Reads with arrow's and parquet's own readers, which panic at lengths and positions in damaged files that contradict each other. What
/// they have read until then is dropped with them: an error ends the load.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T, BoxError>) -> Result<T, BoxError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result,
        Err(panic) => {
            let said = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
            Err(said
                .unwrap_or_else(|| "it contradicts itself".to_owned())
                .into())
        }
    }
}

/// The record batches of a file.
pub(crate) struct ArrowFile {
    file: File,
    length: u64,
    decoder: FileDecoder,
    schema: SchemaRef,
    batches: std::vec::IntoIter<Block>,
}

impl ArrowFile {
    pub(crate) fn open(mut file: File) -> Result<Self, BoxError> {
        let length = file.metadata()?.len();
        let mut trailer = [0; TRAILER];
        let from_end = |bytes: usize| -> Result<SeekFrom, BoxError> {
            if bytes as u64 > length {
                return Err("it is too short".into());
            }
            Ok(SeekFrom::End(-i64::try_from(bytes)?))
        };
        file.seek(from_end(TRAILER)?)?;
        file.read_exact(&mut trailer)?;
        let footer_length = read_footer_length(trailer)?;
        file.seek(from_end(footer_length.saturating_add(TRAILER))?)?;
        let mut footer = vec![0; footer_length];
        file.read_exact(&mut footer)?;
        let footer = root_as_footer(&footer).map_err(|error| error.to_string())?;
        let schema = footer.schema().ok_or("its footer has no schema")?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err("its bytes are in another order than this machine's".into());
        }
        let schema = SchemaRef::new(try_fb_to_schema(schema)?);
        let mut opened = Self {
            file,
            length,
            decoder: FileDecoder::new(SchemaRef::clone(&schema), footer.version()),
            schema,
            batches: footer
                .recordBatches()
                .iter()
                .flatten()
                .copied()
                .collect::<Vec<_>>()
                .into_iter(),
        };
        for block in footer.dictionaries().iter().flatten() {
            let data = opened.block(block)?;
            opened.decoder.read_dictionary(block, &data)?;
        }
        Ok(opened)
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// The next batch; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, BoxError> {
        while let Some(block) = self.batches.next() {
            let data = self.block(&block)?;
            if let Some(batch) = self.decoder.read_record_batch(&block, &data)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The bytes of a message and its body.
    fn block(&mut self, block: &Block) -> Result<Buffer, BoxError> {
        const OUTSIDE: &str = "a block of it is said to lie outside of it";
        let start = u64::try_from(block.offset()).map_err(|_| OUTSIDE)?;
        let head = usize::try_from(block.metaDataLength()).map_err(|_| OUTSIDE)?;
        let body = usize::try_from(block.bodyLength()).map_err(|_| OUTSIDE)?;
        let length = head.checked_add(body).ok_or(OUTSIDE)?;
        let end = start.checked_add(length as u64).ok_or(OUTSIDE)?;
        if end > self.length {
            return Err(OUTSIDE.into());
        }
        self.file.seek(SeekFrom::Start(start))?;
        // Aligned, as arrays want their values.
        let mut data = MutableBuffer::from_len_zeroed(length);
        self.file.read_exact(&mut data)?;
        let (head, body) = data.split_at_checked(head).ok_or(OUTSIDE)?;
        check_lengths(head, body)?;
        Ok(data.into())
    }
}

/// Refuses a message whose compressed buffers are said to become larger than any is, and a compression that is not understood here.
fn check_lengths(head: &[u8], body: &[u8]) -> Result<(), BoxError> {
    const CUT: &str = "a message of it is cut short";
    // A length, behind a mark in files of the newer versions.
    let marked = head.starts_with(&[0xff; 4]);
    let message = head.get(if marked { 8 } else { 4 }..).ok_or(CUT)?;
    let message = root_as_message(message).map_err(|error| error.to_string())?;
    let batch = match message.header_as_dictionary_batch() {
        Some(dictionary) => dictionary.data(),
        None => message.header_as_record_batch(),
    };
    let Some((batch, compression)) = batch.and_then(|batch| Some((batch, batch.compression()?)))
    else {
        return Ok(());
    };
    check_codec(compression)?;
    for buffer in batch.buffers().iter().flatten() {
        if buffer.length() == 0 {
            continue;
        }
        let start = usize::try_from(buffer.offset())?;
        let prefix = body.get(start..).and_then(|rest| rest.first_chunk());
        let length = i64::from_le_bytes(*prefix.ok_or(CUT)?);
        if length > LARGEST_BUFFER {
            return Err("a buffer of it is said to be larger than any is".into());
        }
    }
    Ok(())
}

fn check_codec(compression: BodyCompression<'_>) -> Result<(), BoxError> {
    let (name, feature, known) = match compression.codec() {
        CompressionType::LZ4_FRAME => ("LZ4", "lz4", cfg!(feature = "lz4")),
        CompressionType::ZSTD => ("Zstandard", "zstd", cfg!(feature = "zstd")),
        other => return Err(format!("it is compressed by {other:?}, which is not known").into()),
    };
    if known {
        return Ok(());
    }
    let advice = format!(
        "it is compressed by {name}, which is understood where this is built with the feature `{feature}`"
    );
    Err(advice.into())
}
