//! Files of Arrow and Parquet as blocks of rows. Positions are numbers of rows.

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;

use super::arrow_file::{ArrowFile, guarded};
use super::arrow_text::{Wanted, is_known, text};
use super::block::{Block, Mark, Reject, RowForm, put_text};
use super::input::Input;
use super::reader::{BlockReader, Cutter, Limits, Selection, Step};
use super::source::BoxError;
#[cfg(feature = "parquet")]
use super::{parquet_codec, parquet_footer};
use crate::checkpoint::Ranges;
use crate::error::{Error, ErrorKind, Place};

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, BoxError>> + Send>;

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
    /// What each column of the table makes of its values.
    wanted: Vec<Wanted>,
}

impl ArrowReader {
    /// Arrow's IPC file format.
    pub(crate) fn ipc(input: Input) -> Result<Self, Error> {
        let file = input.reopen()?;
        let mut file = guarded(|| ArrowFile::open(file))
            .map_err(|error| wrong_kind(&input, "a file of Arrow's IPC format", error))?;
        let schema = file.schema();
        let batches = std::iter::from_fn(move || file.next().transpose());
        Ok(Self::new(input, schema, Box::new(batches), 0))
    }

    /// Parquet.
    #[cfg(feature = "parquet")]
    pub(crate) fn parquet(input: Input) -> Result<Self, Error> {
        use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

        let mut file = input.reopen()?;
        let deep = parquet_footer::too_deep(&mut file)
            .map_err(|error| Error::io("reading the file", input.path(), error))?;
        if let Some(column) = deep {
            return Err(no_mapping(
                &input,
                &column,
                "a type that is nested too deep",
            ));
        }
        let builder = guarded(|| Ok(ParquetRecordBatchReaderBuilder::try_new(file)?))
            .map_err(|error| wrong_kind(&input, "a Parquet file", error))?;
        parquet_codec::check(&input, builder.metadata())?;
        let rows = builder.metadata().file_metadata().num_rows();
        let schema = builder.schema().clone();
        let reader = guarded(|| Ok(builder.with_batch_size(1_024).build()?))
            .map_err(|error| wrong_kind(&input, "a Parquet file", error))?;
        Ok(Self::new(
            input,
            schema,
            Box::new(reader.map(|batch| batch.map_err(Into::into))),
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
            wanted: Vec::new(),
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
            match guarded(|| self.batches.next().transpose()) {
                Ok(None) => return Ok(false),
                Ok(Some(batch)) => self.batch = Some((batch, 0)),
                Err(error) => {
                    let mut place = Place::line(self.position + 1);
                    place.file = Some(self.input.path().to_owned());
                    return Err(Error::new(
                        ErrorKind::Input,
                        "the file cannot be read from this row on",
                    )
                    .at(place)
                    .with_source(error)
                    .with_advice(
                        "write it again, without compression if that is what is missing",
                    ));
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
            let wanted = self.wanted.get(index).copied().unwrap_or(Wanted::Plain);
            let array: Option<&dyn Array> = number
                .and_then(|number| batch.columns().get(number))
                .map(|array| &**array);
            let value = array.map_or(Ok(None), |array| text(array, *row, wanted));
            if index > 0 {
                block.data.push(b'\t');
            }
            match value {
                Ok(value) => put_text(&mut block.data, value.as_deref()),
                Err(reason) => {
                    block.data.truncate(offset);
                    let mut place = Place::line(self.position + 1);
                    place.column = self.selection.names.get(index).cloned();
                    block.add_reject(Reject {
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
                let what = format!("Arrow's type {}, which has no mapping", field.data_type());
                return Err(no_mapping(&self.input, field.name(), &what));
            }
        }
        self.wanted = selection
            .types
            .iter()
            .map(|type_| Wanted::of(type_))
            .collect();
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

fn no_mapping(input: &Input, column: &str, what: &str) -> Error {
    Error::new(ErrorKind::Type, format!("column \"{column}\" has {what}"))
        .in_file(input.path())
        .with_advice("ignore it, or write it as another type")
}

fn wrong_kind(input: &Input, wanted: &str, error: BoxError) -> Error {
    Error::new(ErrorKind::Input, format!("the file is not {wanted}"))
        .in_file(input.path())
        .with_source(error)
        .with_advice("name its format, or write it again")
}

#[cfg(test)]
mod tests;
