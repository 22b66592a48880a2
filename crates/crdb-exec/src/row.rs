use crate::error::{Error, ErrorKind};
use crate::value::{below_domains, explain, refuse};
use crate::verdict::Verdict;
use postgres_types::{FromSql, Type, WasNull, WrongType};

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

    /// The index of the first column of exactly this name.
    fn position(&self, name: &str) -> Option<usize> {
        (0..self.len()).find(|index| {
            self.column(*index)
                .is_some_and(|column| column.name == name)
        })
    }

    /// Whether there are no columns at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a column, by index (from 0) or by name (the first column of exactly this name).
    ///
    /// A value that `T` would change is refused: a NUMERIC that 96 bits do not hold as `rust_decimal::Decimal`, an INET with a
    /// network as `IpAddr`, `24:00:00` as a time of chrono. The error names the type of this crate that holds it; the
    /// [crate's table](crate#values) has all pairs. For a type of another crate that does hold everything, see
    /// [`Exact`](crate::Exact).
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] when there is no such column, or its value does not convert to `T` unchanged, NULL into
    /// anything but `Option` included.
    fn get<'a, T>(&'a self, index: impl ColumnIndex) -> Result<T, Error>
    where
        T: FromSql<'a>,
        Self: Sized,
    {
        let Some((position, column)) = index.find(self) else {
            return Err(conversion(format!(
                "reading column {}: the row has no such column ({})",
                index.describe(),
                those_there_are(self)
            )));
        };
        let below = match T::accepts(column.type_) {
            true => None,
            false => below_domains(column.type_).filter(T::accepts),
        };
        if below.is_none() && !T::accepts(column.type_) {
            return Err(conversion(format!("reading column \"{}\"", column.name))
                .with_source(WrongType::new::<T>(column.type_.clone())));
        }
        let type_ = below.as_ref().unwrap_or(column.type_);
        let Some(raw) = self.value(position) else {
            return T::from_sql_null(type_)
                .map_err(|_| unreadable::<T>(column, ", which was NULL,").with_advice(OPTION));
        };
        refuse(type_, raw, &T::accepts)
            .map_err(|advice| unreadable::<T>(column, "").with_advice(advice))?;
        T::from_sql(type_, raw).map_err(|source| {
            let error = unreadable::<T>(column, "");
            match explain(type_, raw, source.is::<WasNull>(), &T::accepts) {
                Some(advice) => error.with_advice(advice),
                None => error.with_source(source),
            }
        })
    }
}

/// Columns that an error names; a row can have hundreds.
const NAMED: usize = 20;

/// The columns of a row, for an error about one that it does not have.
fn those_there_are(row: &impl Row) -> String {
    let columns = (0..row.len().min(NAMED)).filter_map(|index| row.column(index));
    let names: Vec<String> = columns
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    match row.len() {
        0 => "it has none".to_owned(),
        count if count > NAMED => {
            format!("it has {count}, among them {}", names.join(", "))
        }
        _ => format!("it has {}", names.join(", ")),
    }
}

const OPTION: &str = "read it as an Option";

fn unreadable<T>(column: Column<'_>, state: &str) -> Error {
    let Column { name, type_ } = column;
    let wanted = std::any::type_name::<T>();
    conversion(format!(
        "reading column \"{name}\" of type {type_}{state} as {wanted}"
    ))
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
        let index = row.position(self)?;
        row.column(index).map(|column| (index, column))
    }

    fn describe(&self) -> String {
        format!("\"{self}\"")
    }
}
