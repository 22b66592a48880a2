//! Rows as structs of the caller's: the trait alone, without the derive of the same name.

use crate::error::Error;
use crate::row::Row;

/// A type that a row is read into. Derive it for structs; tuples of up to 12 values have it.
///
/// ```
/// # #[cfg(feature = "derive")]
/// # {
/// use crdb_exec::{Error, Executor, ExecutorExt, FromRow};
///
/// #[derive(FromRow)]
/// struct Account {
///     number: String,
///     /// NULL needs an `Option`; anywhere else it is an error that names the column.
///     note: Option<String>,
///     #[row(rename = "owner_id")]
///     owner: i64,
/// }
///
/// async fn accounts(db: &impl Executor) -> Result<Vec<Account>, Error> {
///     db.fetch_all_as("SELECT number, owner_id, note FROM accounts", &[]).await
/// }
/// # }
/// ```
///
/// # Rules
/// - A field is read from the column of exactly its name (the first, where there are several), a field of a tuple struct or tuple from the
///   column at its place. Columns beyond are ignored.
/// - Values follow the rules of [`Row::get`]: none is changed, NULL needs an `Option`, and the error names the column and, where
///   there is none of that name, the columns that there are.
/// - A field may borrow from the row: `&'a str`, `&'a [u8]`, [`JsonStr<'a>`](crate::JsonStr), also in an `Option` or a `Vec`. Such a
///   struct lives as long as the row; with one lifetime and no type parameter it is a [`BorrowedRow`](crate::BorrowedRow) too, which
///   [`fetch_borrowed`](crate::ExecutorExt::fetch_borrowed) reads row by row.
///
/// # Attributes
/// | on | attribute | what |
/// | --- | --- | --- |
/// | a field | `#[row(rename = "owner_id")]` | reads the column of this name |
/// | a field | `#[row(default)]` | the type's default where the row has no such column; a NULL stays an error |
/// | a field | `#[row(flatten)]` | reads the field, which is a `FromRow` too, from the columns of the same row (a tuple from the first ones) |
/// | a field | `#[row(skip)]` | always the type's default |
/// | the struct | `#[row(rename_all = "camelCase")]` | as with serde: also `lowercase`, `UPPERCASE`, `PascalCase`, `SCREAMING_SNAKE_CASE`, `kebab-case` |
/// | the struct | `#[row(crate = "my::exec")]` | the path by which the code reaches crdb-exec; default: `::crdb_exec` |
///
/// Borrowing, generic and tuple structs:
///
/// ```
/// # #[cfg(feature = "derive")]
/// # {
/// use crdb_exec::{Error, FromRow, FromSql, Row};
///
/// #[derive(FromRow)]
/// struct Label<'a> {
///     name: &'a str,
///     picture: Option<&'a [u8]>,
/// }
///
/// #[derive(FromRow)]
/// struct Page<T> {
///     total: i64,
///     #[row(flatten)]
///     item: T,
/// }
///
/// #[derive(FromRow)]
/// struct Pair(i64, String);
///
/// fn read<'r>(row: &'r impl Row) -> Result<(Label<'r>, Page<Pair>, (i64, Option<&'r str>)), Error> {
///     Ok((Label::from_row(row)?, Page::from_row(row)?, FromRow::from_row(row)?))
/// }
/// # }
/// ```
///
/// What the derive cannot do is refused when it is compiled. An enum, for one:
///
/// ```compile_fail
/// #[derive(crdb_exec::FromRow)]
/// enum Account {
///     Open,
/// }
/// ```
///
/// An attribute that there is not:
///
/// ```compile_fail
/// #[derive(crdb_exec::FromRow)]
/// struct Account {
///     #[row(renamed = "owner_id")]
///     owner: i64,
/// }
/// ```
///
/// A type that no column has:
///
/// ```compile_fail
/// #[derive(crdb_exec::FromRow)]
/// struct Account {
///     owner: std::thread::Thread,
/// }
/// ```
///
/// A struct that outlives the row that it borrows from:
///
/// ```compile_fail
/// # #[derive(crdb_exec::FromRow)]
/// # struct Label<'a> { name: &'a str }
/// async fn label(db: &impl crdb_exec::Executor) -> Result<Label<'static>, crdb_exec::Error> {
///     use crdb_exec::{ExecutorExt, FromRow};
///     let row = db.fetch_one("SELECT name FROM labels", &[]).await?;
///     Label::from_row(&row)
/// }
/// ```
pub trait FromRow<'r>: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) when a column is missing, or its value does not convert.
    fn from_row<R: Row>(row: &'r R) -> Result<Self, Error>;
}

/// Tuples by position.
macro_rules! tuples {
    ($($value:ident $position:tt),+) => {
        impl<'r, $($value: postgres_types::FromSql<'r>),+> FromRow<'r> for ($($value,)+) {
            fn from_row<R: Row>(row: &'r R) -> Result<Self, Error> {
                Ok(($(row.get::<$value>($position)?,)+))
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, F 4);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5, H 6);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5, H 6, I 7);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5, H 6, I 7, J 8);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5, H 6, I 7, J 8, K 9);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5, H 6, I 7, J 8, K 9, L 10);
tuples!(A 0, B 1, C 2, D 3, F 4, G 5, H 6, I 7, J 8, K 9, L 10, M 11);
