//! Rows as values of the caller's type, one by one.

use crate::error::Error;
use crate::executor::Rows;
use futures_util::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A result that is being read, each row made into a `T`. Functions that `crdb-sql` generates return it.
///
/// ```
/// use crdb_exec::{Error, Executor, ExecutorExt, MappedRows, Row};
///
/// async fn owners<E: Executor>(db: &E) -> Result<MappedRows<E::Rows<'_>, String>, Error> {
///     let rows = db.fetch_stream("SELECT owner FROM account ORDER BY id", &[]).await?;
///     Ok(MappedRows::new(rows, |row| row.get(0)))
/// }
/// ```
///
/// Dropping it before its end leaves the session unfinished, as with the rows below it.
pub struct MappedRows<R: Rows, T> {
    rows: R,
    map: fn(&R::Row) -> Result<T, Error>,
}

impl<R: Rows, T> MappedRows<R, T> {
    /// The rows, each given to `map`.
    pub fn new(rows: R, map: fn(&R::Row) -> Result<T, Error>) -> Self {
        Self { rows, map }
    }

    /// The number of rows affected, known once the stream has ended.
    pub fn rows_affected(&self) -> Option<u64> {
        self.rows.rows_affected()
    }
}

impl<R: Rows, T> Stream for MappedRows<R, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let map = self.map;
        let row = Pin::new(&mut self.rows).poll_next(context);
        row.map(|row| row.map(|row| row.and_then(|row| map(&row))))
    }
}

impl<R: Rows, T> fmt::Debug for MappedRows<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedRows").finish_non_exhaustive()
    }
}
