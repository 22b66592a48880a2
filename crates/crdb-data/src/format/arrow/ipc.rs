use std::fmt;

use arrow_ipc::writer::FileWriter;
use crdb_exec::Row;

use super::Drained;
use super::batches::{BatchBuilder, arrow_failed};
use crate::error::Error;
use crate::format::Encode;
use crate::value::Columns;

/// How many rows a batch has.
const BATCH: usize = 8_192;

/// A file that has begun.
type Writing = (BatchBuilder, FileWriter<Drained>, Drained);

/// Arrow's IPC file format, also known as Feather version 2: batches of 8,192 rows.
#[derive(Default)]
pub struct ArrowIpc {
    decimal: Option<(u8, i8)>,
    writing: Option<Box<Writing>>,
}

impl ArrowIpc {
    /// DECIMAL as text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// DECIMAL as Decimal128 of this precision (38 at most) and scale. A number that does not fit is an error.
    #[must_use]
    pub fn decimals(mut self, precision: u8, scale: i8) -> Self {
        self.decimal = Some((precision, scale));
        self
    }
}

impl Encode for ArrowIpc {
    fn begin(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), Error> {
        let builder = BatchBuilder::new(columns.clone(), self.decimal);
        let drained = Drained::default();
        let writer =
            FileWriter::try_new(drained.clone(), &builder.schema()).map_err(arrow_failed)?;
        drained.drain_into(out);
        self.writing = Some(Box::new((builder, writer, drained)));
        Ok(())
    }

    fn row<R: Row>(&mut self, _: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some((builder, writer, drained)) = self.writing.as_deref_mut() {
            builder.push(row)?;
            if builder.rows() >= BATCH {
                writer.write(&builder.finish()?).map_err(arrow_failed)?;
                drained.drain_into(out);
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(writing) = self.writing.take() {
            let (mut builder, mut writer, drained) = *writing;
            if builder.rows() > 0 {
                writer.write(&builder.finish()?).map_err(arrow_failed)?;
            }
            writer.finish().map_err(arrow_failed)?;
            drained.drain_into(out);
        }
        Ok(())
    }
}

/// Without what has been written.
impl Clone for ArrowIpc {
    fn clone(&self) -> Self {
        Self {
            decimal: self.decimal,
            writing: None,
        }
    }
}

impl fmt::Debug for ArrowIpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrowIpc")
            .field("decimal", &self.decimal)
            .finish_non_exhaustive()
    }
}
