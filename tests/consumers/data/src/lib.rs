//! A custom format: one line a row, with as many marks as the row has columns.

use crdb_data::{Columns, Encode, Error};
use crdb_exec::Row;

/// Draws the shape of a result.
pub struct Marks;

impl Encode for Marks {
    fn begin(&mut self, _: &Columns, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }

    fn row<R: Row>(&mut self, columns: &Columns, _: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend(std::iter::repeat_n(b'#', columns.len()));
        out.push(b'\n');
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}
