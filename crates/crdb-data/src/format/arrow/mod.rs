//! Rows as Arrow's record batches, and what is written of them.

mod batches;
mod column;
mod ipc;
#[cfg(feature = "parquet")]
mod parquet;

pub use batches::{BatchBuilder, record_batches};
pub use ipc::ArrowIpc;
#[cfg(feature = "parquet")]
pub use parquet::{Parquet, ParquetCompression};

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;

/// A buffer that a writer owns and its user empties.
#[derive(Clone, Debug, Default)]
struct Drained(Arc<Mutex<Vec<u8>>>);

impl Drained {
    fn drain_into(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock());
    }
}

impl Write for Drained {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
