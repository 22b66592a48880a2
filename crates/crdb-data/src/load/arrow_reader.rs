//! Files of Arrow and Parquet as blocks of rows. Positions are numbers of rows.

use std::io::BufReader;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};

use super::arrow_text::{is_known, text};
use super::block::{Block, Mark, Reject, RowForm, put_text};
use super::input::Input;
use super::reader::{BlockReader, Cutter, Limits, Selection, Step};
use crate::checkpoint::Ranges;
use crate::error::{Error, ErrorKind, Place};

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// A file of record batches.
pub(crate) struct ArrowReader {
    input: Input,
    schema: SchemaRef,
    batches: Batches,
    /// The batch that is being read, and its next row.
    batch: Option<(RecordBatch, usize)>,
    position: u64,
    rows: u64,
    selection: Selection,
}

impl ArrowReader {
    /// Arrow's IPC file format.
    pub(crate) fn ipc(input: Input) -> Result<Self, Error> {
        let reader = BufReader::new(input.reopen()?);
        let reader = arrow_ipc::reader::FileReader::try_new(reader, None)
            .map_err(|error| wrong_kind(&input, "a file of Arrow's IPC format", error))?;
        let schema = reader.schema();
        Ok(Self::new(input, schema, Box::new(reader), 0))
    }

    /// Parquet.
    #[cfg(feature = "parquet")]
    pub(crate) fn parquet(input: Input) -> Result<Self, Error> {
        use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

        let file = input.reopen()?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| wrong_kind(&input, "a Parquet file", error))?;
        let rows = builder.metadata().file_metadata().num_rows();
        let schema = builder.schema().clone();
        let reader = builder
            .with_batch_size(1_024)
            .build()
            .map_err(|error| wrong_kind(&input, "a Parquet file", error))?;
        Ok(Self::new(
            input,
            schema,
            Box::new(reader),
            rows.unsigned_abs(),
        ))
    }

    fn new(input: Input, schema: SchemaRef, batches: Batches, rows: u64) -> Self {
        Self {
            input,
            schema,
            batches,
            batch: None,
            position: 0,
            rows,
            selection: Selection::default(),
        }
    }

    /// Whether there is another row.
    fn fetch(&mut self) -> Result<bool, Error> {
        loop {
            if let Some((batch, next)) = &self.batch
                && *next < batch.num_rows()
            {
                return Ok(true);
            }
            match self.batches.next() {
                None => return Ok(false),
                Some(Ok(batch)) => self.batch = Some((batch, 0)),
                Some(Err(error)) => {
                    let mut place = Place::line(self.position + 1);
                    place.file = Some(self.input.path().to_owned());
                    return Err(Error::new(
                        ErrorKind::Input,
                        "the file is damaged behind this row",
                    )
                    .at(place)
                    .with_source(error));
                }
            }
        }
    }

    /// Passes the row over.
    fn advance(&mut self) {
        if let Some((_, next)) = &mut self.batch {
            *next += 1;
        }
        self.position += 1;
    }

    fn encode(&self, block: &mut Block) {
        let Some((batch, row)) = &self.batch else {
            return;
        };
        let offset = block.data.len();
        let count = self.selection.names.len();
        for index in 0..count {
            let number = match &self.selection.kept {
                Some(kept) => kept.get(index).copied(),
                None => Some(index),
            };
            let uuid = self
                .selection
                .types
                .get(index)
                .is_some_and(|type_| type_ == "uuid");
            let array: Option<&dyn Array> = number
                .and_then(|number| batch.columns().get(number))
                .map(|array| &**array);
            let value = array.map_or(Ok(None), |array| text(array, *row, uuid));
            if index > 0 {
                block.data.push(b'\t');
            }
            match value {
                Ok(value) => put_text(&mut block.data, value.as_deref()),
                Err(reason) => {
                    block.data.truncate(offset);
                    let mut place = Place::line(self.position + 1);
                    place.column = self.selection.names.get(index).cloned();
                    block.rejects.push(Reject {
                        place,
                        reason,
                        row: Vec::new(),
                    });
                    return;
                }
            }
        }
        block.data.push(b'\n');
        block.marks.push(Mark {
            line: self.position + 1,
            start: self.position,
            offset,
        });
    }
}

impl BlockReader for ArrowReader {
    fn columns(&mut self) -> Result<Vec<String>, Error> {
        Ok(self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect())
    }

    fn select(&mut self, selection: Selection) -> Result<(), Error> {
        for (index, field) in self.schema.fields().iter().enumerate() {
            let kept = selection
                .kept
                .as_ref()
                .is_none_or(|kept| kept.contains(&index));
            if kept && !is_known(field.data_type()) {
                return Err(Error::new(
                    ErrorKind::Type,
                    format!(
                        "column \"{}\" has Arrow's type {}, which has no mapping",
                        field.name(),
                        field.data_type()
                    ),
                )
                .in_file(self.input.path())
                .with_advice("ignore it, or write it as another type"));
            }
        }
        self.selection = selection;
        Ok(())
    }

    fn form(&self) -> RowForm {
        RowForm::Text
    }

    fn length(&self) -> Option<u64> {
        (self.rows > 0).then_some(self.rows)
    }

    fn next_block(&mut self, done: &Ranges, limits: Limits) -> Result<Option<Block>, Error> {
        let mut cutter = Cutter::new(done, limits, self.position);
        while self.fetch()? {
            match cutter.step(self.position, 0) {
                Step::Full => break,
                Step::Skip => {
                    self.advance();
                    cutter.skipped(self.position);
                }
                Step::Take => {
                    self.encode(&mut cutter.block);
                    self.advance();
                    cutter.block.finish = self.position;
                }
            }
        }
        let block = cutter.block;
        Ok((block.finish > block.start).then_some(block))
    }

    fn input(&self) -> &Input {
        &self.input
    }
}

fn wrong_kind(
    input: &Input,
    wanted: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::new(ErrorKind::Input, format!("the file is not {wanted}"))
        .in_file(input.path())
        .with_source(error)
        .with_advice("name its format, or write it again")
}
