use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use crdb_exec::Row;
use futures_util::Stream;

use crate::error::Error;
use crate::value::Columns;

/// How many bytes are gathered into one piece.
const PIECE: usize = 64 * 1024;

/// A format that rows are written in. Each method appends to `out`.
pub trait Encode {
    /// What stands before the first row, such as a header. Called once.
    ///
    /// # Errors
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a column that the format has no form for.
    fn begin(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), Error>;

    /// One row, whose columns are those that it began with.
    ///
    /// # Errors
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a value that the format has no form for. Nothing of the row is kept then.
    fn row<R: Row>(&mut self, columns: &Columns, row: &R, out: &mut Vec<u8>) -> Result<(), Error>;

    /// What stands behind the last row. Called once, also when there were no rows, and then perhaps without
    /// [`begin`](Self::begin).
    ///
    /// # Errors
    /// As [`row`](Self::row), for formats that hold rows back.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;
}

/// Writes the rows of a stream in a format, as a stream of pieces of about 64 KiB.
///
/// The stream of rows is asked for more only when a piece is asked for, so memory stays flat.
///
/// ```
/// use crdb_data::{Csv, Error, encode};
/// use crdb_exec::{Executor, ExecutorExt};
/// use futures_util::StreamExt as _;
///
/// async fn print(db: &impl Executor) -> Result<(), Error> {
///     let rows = db.fetch_stream("SELECT id, owner FROM accounts", &[]).await?;
///     let mut pieces = encode(rows, Csv::rfc4180());
///     while let Some(piece) = pieces.next().await {
///         print!("{}", String::from_utf8_lossy(&piece?));
///     }
///     Ok(())
/// }
/// ```
///
/// A result without rows does not tell its columns: the stream is then as the format has it without a header.
pub fn encode<S, F>(rows: S, format: F) -> EncodedRows<S, F> {
    EncodedRows {
        rows,
        format,
        columns: None,
        count: 0,
        ended: false,
    }
}

/// Rows in a format, piece by piece: see [`encode`].
///
/// An error ends the stream; what came before it is not all.
///
/// # Cancel safety
/// Nothing is lost between two pieces. Dropping it leaves the rest of the rows unread.
pub struct EncodedRows<S, F> {
    rows: S,
    format: F,
    columns: Option<Columns>,
    count: u64,
    ended: bool,
}

impl<S, F> EncodedRows<S, F> {
    /// How many rows have been written.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.count
    }
}

impl<S, F> EncodedRows<S, F>
where
    F: Encode,
{
    fn take<R: Row>(&mut self, row: &R, out: &mut Vec<u8>) -> Result<(), Error> {
        let columns = match self.columns.take() {
            Some(columns) => columns,
            None => {
                let columns = Columns::of(row)?;
                self.format.begin(&columns, out)?;
                columns
            }
        };
        self.format.row(&columns, row, out)?;
        self.columns = Some(columns);
        self.count += 1;
        Ok(())
    }

    fn poll_piece<R>(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<Result<(), Error>>
    where
        R: Row,
        S: Stream<Item = Result<R, crdb_exec::Error>> + Unpin,
    {
        while out.len() < PIECE {
            match Pin::new(&mut self.rows).poll_next(cx) {
                Poll::Ready(Some(row)) => self.take(&row?, out)?,
                Poll::Ready(None) => {
                    self.ended = true;
                    self.format.end(out)?;
                    break;
                }
                // What is there goes on now.
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, F, R> Stream for EncodedRows<S, F>
where
    R: Row,
    S: Stream<Item = Result<R, crdb_exec::Error>> + Unpin,
    F: Encode + Unpin,
{
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let mut out = Vec::new();
        while !this.ended {
            match ready!(this.poll_piece(cx, &mut out)) {
                Ok(()) if out.is_empty() => {}
                Ok(()) => return Poll::Ready(Some(Ok(out.into()))),
                Err(error) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<S, F> fmt::Debug for EncodedRows<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedRows")
            .field("rows", &self.count)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
