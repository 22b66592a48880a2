use std::fmt;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema, SchemaRef};
use crdb_exec::Row;
use futures_util::{Stream, StreamExt as _};

use super::column::{ColumnBuilder, data_type};
use crate::error::{Error, ErrorKind};
use crate::value::{Columns, DataColumn};

/// Gathers rows and gives them as record batches.
pub struct BatchBuilder {
    columns: Columns,
    schema: SchemaRef,
    builders: Vec<ColumnBuilder>,
    rows: usize,
}

impl BatchBuilder {
    /// For rows of these columns. DECIMAL becomes text, which holds every value, or with a precision and a scale Decimal128.
    #[must_use]
    pub fn new(columns: Columns, decimal: Option<(u8, i8)>) -> Self {
        let fields: Vec<_> = columns
            .iter()
            .map(|column| Field::new(column.name(), data_type(column.kind(), decimal), true))
            .collect();
        let builders = columns
            .iter()
            .map(|column| ColumnBuilder::new(column.kind(), decimal))
            .collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            builders,
            columns,
            rows: 0,
        }
    }

    /// The schema of its batches.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How many rows have gathered.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] for what Arrow has no form for: infinite days and times, `24:00:00`, arrays of several dimensions, numbers beyond
    /// the chosen precision. The batch is spoiled then.
    pub fn push<R: Row>(&mut self, row: &R) -> Result<(), Error> {
        for (value, builder) in self.columns.values(row).zip(&mut self.builders) {
            let (column, value) = value?;
            builder
                .push(&value)
                .map_err(|reason| refused(column, reason))?;
        }
        self.rows += 1;
        Ok(())
    }

    /// The rows that have gathered, as a batch.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] if Arrow refuses the batch.
    pub fn finish(&mut self) -> Result<RecordBatch, Error> {
        let arrays = self
            .builders
            .iter_mut()
            .map(ColumnBuilder::finish)
            .collect::<Result<_, _>>();
        let options =
            RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        arrays
            .and_then(|arrays| RecordBatch::try_new_with_options(self.schema(), arrays, &options))
            .map_err(arrow_failed)
    }
}

fn refused(column: &DataColumn, reason: &str) -> Error {
    Error::new(
        ErrorKind::Value,
        format!("column \"{}\": {reason}", column.name()),
    )
    .with_advice("leave such rows out, or cast the column to TEXT in the query")
}

pub(super) fn arrow_failed(error: arrow_schema::ArrowError) -> Error {
    Error::new(ErrorKind::Value, "writing Arrow").with_source(error)
}

impl fmt::Debug for BatchBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchBuilder")
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// The rows of a stream as record batches of so many rows, at least 1; the last one may have fewer. The stream of rows is asked for more only when a
/// batch is asked for.
pub fn record_batches<S, R>(rows: S, size: usize) -> impl Stream<Item = Result<RecordBatch, Error>>
where
    S: Stream<Item = Result<R, crdb_exec::Error>> + Unpin,
    R: Row,
{
    let state = (rows, None::<BatchBuilder>, false);
    futures_util::stream::try_unfold(state, move |(mut rows, mut builder, ended)| async move {
        if ended {
            return Ok(None);
        }
        while let Some(row) = rows.next().await {
            let row = row?;
            let mut gathering = match builder.take() {
                Some(builder) => builder,
                None => BatchBuilder::new(Columns::of(&row)?, None),
            };
            gathering.push(&row)?;
            if gathering.rows() >= size {
                let batch = gathering.finish()?;
                return Ok(Some((batch, (rows, Some(gathering), false))));
            }
            builder = Some(gathering);
        }
        match builder {
            Some(mut last) if last.rows() > 0 => {
                let batch = last.finish()?;
                Ok(Some((batch, (rows, Some(last), true))))
            }
            _ => Ok(None),
        }
    })
}
