//! Rows that are read in place: their texts and bytes are not copied.

use crate::error::Error;
use crate::executor::Rows;
use crate::row::Row;
use crate::value::JsonStr;
use futures_util::StreamExt as _;
use std::fmt;
use std::marker::PhantomData;

/// A type that borrows from the row that it is read from.
///
/// `#[derive(FromRow)]` writes it for a struct whose only parameter, besides constants, is a lifetime; `crdb-sql` for the rows
/// of queries with texts, bytes or JSON. `&str`, `&[u8]` and [`JsonStr`], also in an `Option`, are the first column.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not borrow from a row",
    note = "`#[derive(FromRow)]` makes it so for a struct with one lifetime: `struct Label<'a> {{ name: &'a str }}`",
    note = "what borrows nothing is fetched with `fetch_stream_as` or `fetch_all_as`"
)]
pub trait BorrowedRow {
    /// This type, borrowing from a row that lives for `'r`.
    type Of<'r>;

    /// Reads the row.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) when a column is missing, or its value does not convert.
    fn read(row: &impl Row) -> Result<Self::Of<'_>, Error>;
}

/// Values that are the only column.
macro_rules! values {
    ($row:lifetime: $($value:ty => $of:ty),+ $(,)?) => {$(
        impl BorrowedRow for $value {
            type Of<$row> = $of;

            fn read(row: &impl Row) -> Result<Self::Of<'_>, Error> {
                row.get(0)
            }
        }
    )+};
}

values! { 'r:
    &str => &'r str,
    Option<&str> => Option<&'r str>,
    &[u8] => &'r [u8],
    Option<&[u8]> => Option<&'r [u8]>,
    JsonStr<'_> => JsonStr<'r>,
    Option<JsonStr<'_>> => Option<JsonStr<'r>>,
}

/// A result that is read row by row, each borrowed until the next one is asked for.
/// [`ExecutorExt::fetch_borrowed`](crate::ExecutorExt::fetch_borrowed) and functions that `crdb-sql` generates return it.
///
/// It is no `Stream`, whose items would outlive the row; loop over [`try_next`](Self::try_next):
///
/// ```
/// use crdb_exec::{Error, Executor, ExecutorExt};
///
/// async fn longest(db: &impl Executor) -> Result<usize, Error> {
///     let mut rows = db.fetch_borrowed::<&str>("SELECT name FROM customer", &[]).await?;
///     let mut longest = 0;
///     while let Some(name) = rows.try_next().await? {
///         longest = longest.max(name.len());
///     }
///     Ok(longest)
/// }
/// ```
///
/// What borrows from a row does not outlive it:
///
/// ```compile_fail
/// # use crdb_exec::{Error, Executor, ExecutorExt};
/// async fn both(db: &impl Executor) -> Result<(), Error> {
///     let mut rows = db.fetch_borrowed::<&str>("SELECT name FROM customer", &[]).await?;
///     let first = rows.try_next().await?;
///     let second = rows.try_next().await?;
///     assert_ne!(first, second);
///     Ok(())
/// }
/// ```
///
/// Dropping it before its end leaves the session unfinished, as with the rows below it.
pub struct BorrowedRows<R: Rows, T> {
    rows: R,
    /// The row that was read last.
    row: Option<R::Row>,
    read_as: PhantomData<fn() -> T>,
}

impl<R: Rows, T: BorrowedRow> BorrowedRows<R, T> {
    /// The rows, each read as a `T`.
    pub fn new(rows: R) -> Self {
        Self {
            rows,
            row: None,
            read_as: PhantomData,
        }
    }

    /// The next row; `None` behind the last.
    ///
    /// # Errors
    /// As the stream below; [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) when the row does not become a `T`, behind which
    /// the rows go on.
    ///
    /// # Cancel safety
    /// No row is lost when the future is dropped.
    pub async fn try_next(&mut self) -> Result<Option<T::Of<'_>>, Error> {
        self.row = None;
        match self.rows.next().await.transpose()? {
            Some(row) => T::read(&*self.row.insert(row)).map(Some),
            None => Ok(None),
        }
    }

    /// The number of rows affected, known once there are no more rows.
    pub fn rows_affected(&self) -> Option<u64> {
        self.rows.rows_affected()
    }
}

impl<R: Rows, T> fmt::Debug for BorrowedRows<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedRows").finish_non_exhaustive()
    }
}
