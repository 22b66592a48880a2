//! Rows, as views into the received buffer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use postgres_types::{FromSql, Type, WrongType};

use crate::error::Error;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    name: Box<str>,
    type_: Type,
}

impl Column {
    pub(crate) fn new(name: Box<str>, type_: Type) -> Self {
        Self { name, type_ }
    }

    /// The name that the server gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of its values.
    #[must_use]
    pub fn type_(&self) -> &Type {
        &self.type_
    }
}

/// One row of a result.
///
/// It is a view into the buffer in which it was received, shared with its neighbours: a value costs no copy and no
/// allocation, and one row that is kept keeps the buffer (up to 64 KiB, or the row's own size).
pub struct Row {
    body: Bytes,
    columns: Arc<[Column]>,
    /// A column whose place is known: its index in the upper half, where its length begins in the lower one. So that
    /// reading the columns in order passes over the row once. Any value that was ever stored is right.
    known: AtomicU64,
}

/// Where the first column's length begins, behind the number of columns.
const FIRST: u64 = 2;

impl Row {
    /// `body` has been checked: it has exactly these columns.
    pub(crate) fn new(body: Bytes, columns: Arc<[Column]>) -> Self {
        Self {
            body,
            columns,
            known: AtomicU64::new(FIRST),
        }
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether the row has no columns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The value at this index in the binary format; `None` for NULL and beyond the last column.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<&[u8]> {
        if index >= self.columns.len() {
            return None;
        }
        let known = self.known.load(Ordering::Relaxed);
        let (mut column, mut at) = ((known >> 32) as usize, (known & 0xffff_ffff) as usize);
        if column > index {
            (column, at) = (0, FIRST as usize);
        }
        loop {
            let length = i32::from_be_bytes(*self.body.get(at..)?.first_chunk::<4>()?);
            let from = at + 4;
            // NULL has the length -1 and no bytes.
            let to = from + usize::try_from(length).unwrap_or(0);
            if column == index {
                self.known
                    .store((column as u64) << 32 | at as u64, Ordering::Relaxed);
                return if length < 0 {
                    None
                } else {
                    self.body.get(from..to)
                };
            }
            at = to;
            column += 1;
        }
    }

    /// The value of a column, by index (from 0) or by name (the first column of exactly this name).
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) when there is no such column, or its value does not convert
    /// to `T`, NULL into anything but `Option` included.
    pub fn get<'a, T: FromSql<'a>>(&'a self, index: impl ColumnIndex) -> Result<T, Error> {
        let found = index.find(&self.columns);
        let Some((index, column)) = found.and_then(|at| Some((at, self.columns.get(at)?))) else {
            return Err(Error::conversion(format!(
                "reading column {}: the row has no such column",
                index.describe()
            )));
        };
        if !T::accepts(&column.type_) {
            return Err(
                Error::conversion(format!("reading column \"{}\"", column.name))
                    .with_source(WrongType::new::<T>(column.type_.clone())),
            );
        }
        T::from_sql_nullable(&column.type_, self.value(index)).map_err(|source| {
            Error::conversion(format!(
                "reading column \"{}\" of type {}",
                column.name, column.type_
            ))
            .with_source(source)
        })
    }
}

impl fmt::Debug for Row {
    /// Shows the columns and no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}

/// What names a column: its index (`usize`) or its name (`&str`). It is implemented for these only.
pub trait ColumnIndex: sealed::Sealed {
    #[doc(hidden)]
    fn find(&self, columns: &[Column]) -> Option<usize>;
    #[doc(hidden)]
    fn describe(&self) -> String;
}

impl ColumnIndex for usize {
    fn find(&self, columns: &[Column]) -> Option<usize> {
        (*self < columns.len()).then_some(*self)
    }

    fn describe(&self) -> String {
        format!("number {self}")
    }
}

impl ColumnIndex for &str {
    fn find(&self, columns: &[Column]) -> Option<usize> {
        columns.iter().position(|column| column.name() == *self)
    }

    fn describe(&self) -> String {
        format!("\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(values: &[Option<Vec<u8>>]) -> Row {
        let mut body = (values.len() as u16).to_be_bytes().to_vec();
        for value in values {
            match value {
                Some(value) => {
                    body.extend_from_slice(&(value.len() as i32).to_be_bytes());
                    body.extend_from_slice(value);
                }
                None => body.extend_from_slice(&(-1_i32).to_be_bytes()),
            }
        }
        let column = Column::new("c".into(), Type::BYTEA);
        Row::new(body.into(), vec![column; values.len()].into())
    }

    proptest! {
        #[test]
        fn every_value_is_found_in_any_order(
            values in proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..5)), 0..20),
            order in proptest::collection::vec(0_usize..25, 0..40),
        ) {
            let row = row(&values);
            for index in order {
                prop_assert_eq!(row.value(index), values.get(index).and_then(|value| value.as_deref()));
            }
        }
    }

    #[test]
    fn errors_name_the_column_and_not_the_value() {
        let row = row(&[Some(b"secret".to_vec())]);
        assert_eq!(row.get::<&[u8]>(0).unwrap(), b"secret");
        for error in [
            row.get::<i64>("c").unwrap_err(),
            row.get::<i64>("d").unwrap_err(),
            row.get::<i64>(1).unwrap_err(),
        ] {
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        assert!(!format!("{row:?}").contains("secret"));
    }
}
