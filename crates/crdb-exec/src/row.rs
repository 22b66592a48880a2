use crate::error::{Error, ErrorKind};
use crate::verdict::Verdict;
use postgres_types::{FromSql, Type, WrongType};

/// The name and type of a column.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Column<'a> {
    /// The name the server gave it.
    pub name: &'a str,
    /// The type of its values.
    pub type_: &'a Type,
}

impl<'a> Column<'a> {
    /// A column of this name and type.
    #[must_use]
    pub const fn new(name: &'a str, type_: &'a Type) -> Self {
        Self { name, type_ }
    }
}

/// One row of a result.
///
/// Implementors give the columns and the raw bytes of the binary format; [`get`](Self::get) makes values of them.
pub trait Row: Send {
    /// The number of columns.
    fn len(&self) -> usize;

    /// The column at this index, counted from 0; `None` beyond the last.
    fn column(&self, index: usize) -> Option<Column<'_>>;

    /// The value at this index in the binary format; `None` for NULL and beyond the last column.
    fn value(&self, index: usize) -> Option<&[u8]>;

    /// Whether there are no columns at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a column, by index (from 0) or by name (the first column of exactly this name).
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] when there is no such column, or its value does not convert to `T`, NULL into anything
    /// but `Option` included.
    fn get<'a, T>(&'a self, index: impl ColumnIndex) -> Result<T, Error>
    where
        T: FromSql<'a>,
        Self: Sized,
    {
        let Some((position, column)) = index.find(self) else {
            return Err(conversion(format!(
                "reading column {}: the row has no such column",
                index.describe()
            )));
        };
        if !T::accepts(column.type_) {
            return Err(conversion(format!("reading column \"{}\"", column.name))
                .with_source(WrongType::new::<T>(column.type_.clone())));
        }
        T::from_sql_nullable(column.type_, self.value(position)).map_err(|source| {
            conversion(format!(
                "reading column \"{}\" of type {}",
                column.name, column.type_
            ))
            .with_source(source)
        })
    }
}

fn conversion(attempted: String) -> Error {
    Error::new(ErrorKind::Conversion, Verdict::Never, attempted)
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}

/// What names a column: its index (`usize`) or its name (`&str`). It is implemented for these only.
pub trait ColumnIndex: sealed::Sealed {
    #[doc(hidden)]
    fn find<'r, R: Row>(&self, row: &'r R) -> Option<(usize, Column<'r>)>;
    #[doc(hidden)]
    fn describe(&self) -> String;
}

impl ColumnIndex for usize {
    fn find<'r, R: Row>(&self, row: &'r R) -> Option<(usize, Column<'r>)> {
        row.column(*self).map(|column| (*self, column))
    }

    fn describe(&self) -> String {
        format!("number {self}")
    }
}

impl ColumnIndex for &str {
    fn find<'r, R: Row>(&self, row: &'r R) -> Option<(usize, Column<'r>)> {
        (0..row.len())
            .filter_map(|index| row.column(index).map(|column| (index, column)))
            .find(|(_, column)| column.name == *self)
    }

    fn describe(&self) -> String {
        format!("\"{self}\"")
    }
}
