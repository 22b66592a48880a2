//! What the enums and structs that `crdb-sql` generates for SQL types have in common.

use crate::value::BoxError;
use bytes::BytesMut;
use postgres_types::{IsNull, ToSql, Type, WrongType};

/// Implements `Display`, `FromStr`, [`ToSql`](crate::ToSql) and [`FromSql`](crate::FromSql) for the enum of an SQL enum, which has `ALL` and
/// `as_str`. Code that `crdb-sql` generates uses it.
///
/// ```
/// #[derive(Debug, Clone, Copy, PartialEq)]
/// pub enum Mood {
///     Good,
///     SoSo,
/// }
///
/// impl Mood {
///     pub const ALL: &'static [Self] = &[Self::Good, Self::SoSo];
///
///     pub const fn as_str(self) -> &'static str {
///         match self {
///             Self::Good => "good",
///             Self::SoSo => "so so",
///         }
///     }
/// }
///
/// crdb_exec::sql_enum!(Mood, "mood");
///
/// assert_eq!("so so".parse(), Ok(Mood::SoSo));
/// assert_eq!("bad".parse::<Mood>().unwrap_err().label(), "bad");
/// ```
// Everything by its absolute path: the module has names of the database, which may be those of the prelude.
#[macro_export]
macro_rules! sql_enum {
    ($type:ident, $name:literal) => {
        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $type {
            type Err = $crate::UnknownLabel;

            fn from_str(label: &str) -> ::core::result::Result<Self, Self::Err> {
                let mut all = ::core::iter::Iterator::copied(Self::ALL.iter());
                ::core::iter::Iterator::find(&mut all, |known| known.as_str() == label)
                    .ok_or_else(|| $crate::UnknownLabel::new($name, label))
            }
        }

        impl $crate::ToSql for $type {
            fn to_sql(
                &self,
                _: &$crate::Type,
                out: &mut $crate::BytesMut,
            ) -> ::core::result::Result<$crate::IsNull, $crate::BoxError> {
                out.extend_from_slice(self.as_str().as_bytes());
                ::core::result::Result::Ok($crate::IsNull::No)
            }

            fn accepts(sql_type: &$crate::Type) -> bool {
                sql_type.name() == $name
            }

            fn to_sql_checked(
                &self,
                sql_type: &$crate::Type,
                out: &mut $crate::BytesMut,
            ) -> ::core::result::Result<$crate::IsNull, $crate::BoxError> {
                $crate::write_checked(self, sql_type, out)
            }
        }

        impl<'a> $crate::FromSql<'a> for $type {
            fn from_sql(
                _: &$crate::Type,
                raw: &'a [u8],
            ) -> ::core::result::Result<Self, $crate::BoxError> {
                let label = ::core::str::from_utf8(raw)?;
                ::core::str::FromStr::from_str(label).map_err(|_| $crate::new_label($name, label))
            }

            fn accepts(sql_type: &$crate::Type) -> bool {
                sql_type.name() == $name
            }
        }
    };
}

/// Implements [`ToSql`](crate::ToSql) and [`FromSql`](crate::FromSql) for the struct of a composite type, whose fields are given in the
/// type's order. Code that `crdb-sql` generates uses it.
///
/// ```
/// #[derive(Debug, Clone, PartialEq)]
/// pub struct Place {
///     pub street: Option<String>,
///     pub number: Option<i32>,
/// }
///
/// crdb_exec::sql_composite!(Place, "place", [street, number]);
/// ```
#[macro_export]
macro_rules! sql_composite {
    ($type:ident, $name:literal, [$($field:ident),* $(,)?]) => {
        impl $crate::ToSql for $type {
            fn to_sql(
                &self,
                sql_type: &$crate::Type,
                out: &mut $crate::BytesMut,
            ) -> ::core::result::Result<$crate::IsNull, $crate::BoxError> {
                $crate::write_composite(sql_type, &[$(&self.$field),*], out)
            }

            fn accepts(sql_type: &$crate::Type) -> bool {
                let fields: &[&str] = &[$(::core::stringify!($field)),*];
                $crate::is_composite(sql_type, $name, fields.len())
            }

            fn to_sql_checked(
                &self,
                sql_type: &$crate::Type,
                out: &mut $crate::BytesMut,
            ) -> ::core::result::Result<$crate::IsNull, $crate::BoxError> {
                $crate::write_checked(self, sql_type, out)
            }
        }

        impl<'a> $crate::FromSql<'a> for $type {
            #[allow(unused_mut, unused_variables, reason = "a type may have no fields")]
            fn from_sql(
                sql_type: &$crate::Type,
                raw: &'a [u8],
            ) -> ::core::result::Result<Self, $crate::BoxError> {
                let mut fields = $crate::CompositeReader::new(sql_type, raw)?;
                ::core::result::Result::Ok(Self { $($field: fields.next_value()?),* })
            }

            fn accepts(sql_type: &$crate::Type) -> bool {
                <Self as $crate::ToSql>::accepts(sql_type)
            }
        }
    };
}

/// Writes a value of a type that it accepts.
///
/// # Errors
/// Another type, and those of the value.
#[doc(hidden)]
pub fn write_checked<T: ToSql>(
    value: &T,
    sql_type: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, BoxError> {
    if T::accepts(sql_type) {
        value.to_sql(sql_type, out)
    } else {
        Err(WrongType::new::<T>(sql_type.clone()).into())
    }
}

/// A label that the generated enum does not have.
#[doc(hidden)]
#[must_use]
pub fn new_label(name: &str, label: &str) -> BoxError {
    format!("the enum {name} has a new label `{label}`; generate the code again").into()
}
