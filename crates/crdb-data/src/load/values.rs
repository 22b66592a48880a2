//! Rows by their values, in COPY's binary format: what the server neither parses nor converts.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut as _, BytesMut};
use crdb_exec::{IsNull, ToSql, Type};
use futures_util::Stream;

use super::source::BoxError;
use crate::error::{Error, ErrorKind};

/// What stands before the rows of a binary COPY, and behind them (PostgreSQL's manual, COPY, "Binary Format").
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TAIL: &[u8] = &[0xff, 0xff];

/// A row that [`Source::values`](crate::Source::values) loads.
///
/// ```
/// use crdb_data::{Error, RowValues, ValueRow};
///
/// struct Account {
///     id: i64,
///     owner: Option<String>,
/// }
///
/// impl ValueRow for Account {
///     fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
///         row.put(&self.id)?.put(&self.owner)?;
///         Ok(())
///     }
/// }
/// ```
pub trait ValueRow {
    /// Puts every value of the row, in the order of the source's columns.
    ///
    /// # Errors
    /// What [`RowValues::put`] gives: the row is bad then.
    fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error>;
}

/// A column of the input: its name, and the table's type where it is loaded.
#[derive(Clone, Debug)]
pub(crate) struct ValueColumn {
    pub(crate) name: String,
    pub(crate) type_: Option<Type>,
}

/// A row as it is put together from its values.
#[derive(Debug)]
pub struct RowValues<'a> {
    columns: &'a [ValueColumn],
    next: usize,
    loaded: i16,
    /// A value was refused: what is written is no row, whatever becomes of the error.
    failed: Option<String>,
    spare: &'a mut BytesMut,
    out: &'a mut Vec<u8>,
}

impl<'a> RowValues<'a> {
    fn begin(columns: &'a [ValueColumn], spare: &'a mut BytesMut, out: &'a mut Vec<u8>) -> Self {
        // The number of fields, which is known at the end.
        out.extend_from_slice(&[0, 0]);
        Self {
            columns,
            next: 0,
            loaded: 0,
            failed: None,
            spare,
            out,
        }
    }

    /// Puts the value of the next column. `None` of an `Option` is NULL.
    ///
    /// # Errors
    /// [`ErrorKind::Value`] with the column's name: its type in the table is none that the value has, or the value cannot be written as
    /// that; and where the source has no further column.
    pub fn put<T: ToSql>(&mut self, value: &T) -> Result<&mut Self, Error> {
        match self.write(value) {
            Ok(()) => Ok(self),
            Err(message) => {
                self.failed.get_or_insert_with(|| message.clone());
                Err(refused(message))
            }
        }
    }

    fn write<T: ToSql>(&mut self, value: &T) -> Result<(), String> {
        let Some(column) = self.columns.get(self.next) else {
            let count = self.columns.len();
            return Err(format!("the row has more values than the {count} columns"));
        };
        self.next += 1;
        let Some(type_) = &column.type_ else {
            return Ok(());
        };
        self.loaded += 1;
        let name = &column.name;
        if !T::accepts(type_) {
            let rust = std::any::type_name::<T>();
            return Err(format!(
                "column \"{name}\" is of the type {type_}, which a {rust} is not"
            ));
        }
        self.spare.clear();
        let is_null = crdb_exec::check_time(value, type_)
            .and_then(|()| value.to_sql(type_, self.spare))
            .map_err(|error| format!("column \"{name}\": {error}"))?;
        if let IsNull::Yes = is_null {
            self.out.extend_from_slice(&(-1_i32).to_be_bytes());
            return Ok(());
        }
        let length = i32::try_from(self.spare.len())
            .map_err(|_| format!("column \"{name}\": the value is too long"))?;
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(self.spare);
        Ok(())
    }

    fn finish(self) -> Result<(), Error> {
        if let Some(message) = self.failed {
            return Err(refused(message));
        }
        if self.next < self.columns.len() {
            return Err(refused(format!(
                "the row has {} values instead of {}",
                self.next,
                self.columns.len()
            )));
        }
        if let Some(count) = self.out.get_mut(..2) {
            count.copy_from_slice(&self.loaded.to_be_bytes());
        }
        Ok(())
    }
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Value, message)
}

/// Whether a stream's next row can be loaded.
pub(crate) type Fed = Result<(), Error>;

/// A stream of rows that writes them.
pub(crate) trait ValueFeed: Send {
    /// Writes the next row into `out`, which is empty.
    fn poll_row(
        &mut self,
        context: &mut Context<'_>,
        columns: &[ValueColumn],
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<Fed, BoxError>>>;
}

/// The feed of a stream.
pub(crate) struct Values<S> {
    rows: Pin<Box<S>>,
    spare: BytesMut,
}

impl<S> Values<S> {
    pub(crate) fn of(rows: S) -> Self {
        Self {
            rows: Box::pin(rows),
            spare: BytesMut::new(),
        }
    }
}

impl<S, R, E> ValueFeed for Values<S>
where
    S: Stream<Item = Result<R, E>> + Send,
    R: ValueRow,
    E: Into<BoxError>,
{
    fn poll_row(
        &mut self,
        context: &mut Context<'_>,
        columns: &[ValueColumn],
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<Fed, BoxError>>> {
        let row = match std::task::ready!(self.rows.as_mut().poll_next(context)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Some(Ok(row)) => row,
        };
        let mut values = RowValues::begin(columns, &mut self.spare, out);
        let fed = row.put(&mut values).and_then(|()| values.finish());
        Poll::Ready(Some(Ok(fed)))
    }
}

/// What a COPY sends for rows that [`RowValues`] wrote.
pub(crate) fn framed(rows: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(HEAD.len() + rows.len() + TAIL.len());
    data.put_slice(HEAD);
    data.put_slice(rows);
    data.put_slice(TAIL);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair(i64, Option<&'static str>);

    impl ValueRow for Pair {
        fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
            row.put(&self.0)?.put(&self.1)?;
            Ok(())
        }
    }

    fn column(name: &str, type_: Option<Type>) -> ValueColumn {
        ValueColumn {
            name: name.to_owned(),
            type_,
        }
    }

    fn put(row: &impl ValueRow, columns: &[ValueColumn]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut spare = BytesMut::new();
        let mut values = RowValues::begin(columns, &mut spare, &mut out);
        row.put(&mut values)
            .and_then(|()| values.finish())
            .map_err(|error| error.to_string())?;
        Ok(out)
    }

    #[test]
    fn a_row_is_its_fields_with_their_lengths() {
        let columns = [
            column("id", Some(Type::INT8)),
            column("owner", Some(Type::TEXT)),
        ];
        let row = put(&Pair(7, Some("ab")), &columns).unwrap();
        assert_eq!(
            row,
            b"\0\x02\0\0\0\x08\0\0\0\0\0\0\0\x07\0\0\0\x02ab".to_vec()
        );
        let row = put(&Pair(7, None), &columns).unwrap();
        assert!(row.ends_with(&[0xff; 4]));
        // A column that is not loaded is left out.
        let row = put(&Pair(7, None), &[columns[0].clone(), column("owner", None)]).unwrap();
        assert_eq!(row, b"\0\x01\0\0\0\x08\0\0\0\0\0\0\0\x07".to_vec());
        assert!(framed(&row).starts_with(b"PGCOPY\n"));
    }

    /// Puts its second value where its first is refused.
    struct Stubborn;

    impl ValueRow for Stubborn {
        fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
            if row.put(&1_i32).is_err() {
                row.put(&"x")?;
            }
            Ok(())
        }
    }

    #[test]
    fn a_refused_value_spoils_its_row_though_its_error_is_swallowed() {
        let id = column("id", Some(Type::INT8));
        let owner = column("owner", Some(Type::TEXT));
        let wrong = put(&Stubborn, &[id, owner]).unwrap_err();
        assert!(wrong.contains("column \"id\""), "{wrong}");
    }

    #[test]
    fn a_row_that_does_not_fit_its_table_says_where() {
        let id = column("id", Some(Type::INT4));
        let owner = column("owner", Some(Type::TEXT));
        let told = |columns: &[ValueColumn]| put(&Pair(7, None), columns).unwrap_err();
        let wrong = told(&[id, owner.clone()]);
        assert!(
            wrong.contains("column \"id\" is of the type int4"),
            "{wrong}"
        );
        let id = column("id", Some(Type::INT8));
        let few = told(&[id.clone(), owner.clone(), owner]);
        assert!(few.contains("2 values instead of 3"), "{few}");
        let many = told(&[id]);
        assert!(many.contains("more values than the 1 columns"), "{many}");
    }
}
