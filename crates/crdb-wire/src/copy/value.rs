//! What can be copied in: values and rows.

use std::borrow::Cow;
use std::fmt::Display;

use bytes::BytesMut;
use postgres_types::{IsNull, ToSql, Type};

use super::encode::{Encoded, Field, RowWriter, ValueError};
use super::encode_error::EncodeError;
use super::format::CopyFormat;
use crate::far_time::check_time;

/// A value of one column.
///
/// In the binary format the server converts nothing: `i64` is INT8, `i32` INT4, `&str` TEXT, `&[u8]` BYTEA. For other types there
/// are [`Sql`] in the binary format and [`Text`] in the others.
pub trait CopyValue {
    /// Writes the value.
    ///
    /// # Errors
    /// The value does not encode.
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError>;
}

/// A row.
///
/// Implemented for tuples and slices of values. A type of your own writes its columns in order:
///
/// ```
/// use crdb_wire::{CopyRow, EncodeError, RowWriter};
///
/// struct Account {
///     id: i64,
///     owner: Option<String>,
/// }
///
/// impl CopyRow for Account {
///     fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
///         row.value(&self.id)?.value(&self.owner)?;
///         Ok(())
///     }
/// }
/// ```
pub trait CopyRow {
    /// Writes the row's columns.
    ///
    /// # Errors
    /// A value does not encode.
    fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError>;
}

/// A value by its text form: what it displays must be what the server reads for the column's type.
#[derive(Clone, Copy, Debug)]
pub struct Text<T>(pub T);

impl<T: Display> CopyValue for Text<T> {
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
        field.display(&self.0)
    }
}

/// A value by its binary form as the column's type.
#[derive(Clone, Debug)]
pub struct Sql<T>(pub T, pub Type);

impl<T: ToSql> CopyValue for Sql<T> {
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
        let mut bytes = BytesMut::new();
        check_time(&self.0, &self.1).map_err(ValueError::new)?;
        match self.0.to_sql_checked(&self.1, &mut bytes) {
            Ok(IsNull::Yes) => Ok(field.null()),
            Ok(IsNull::No) => field.binary(&bytes),
            Err(error) => Err(ValueError::new(error)),
        }
    }
}

impl CopyValue for str {
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
        field.text(self)
    }
}

impl CopyValue for [u8] {
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
        match field.format() {
            CopyFormat::Binary => field.binary(self),
            CopyFormat::Text | CopyFormat::Csv => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let mut hex = String::with_capacity(2 + 2 * self.len());
                hex.push_str("\\x");
                for byte in self {
                    hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
                    hex.push(char::from(DIGITS[usize::from(byte & 15)]));
                }
                field.text(&hex)
            }
        }
    }
}

impl CopyValue for bool {
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
        match field.format() {
            CopyFormat::Binary => field.binary(&[u8::from(*self)]),
            CopyFormat::Text | CopyFormat::Csv => field.text(if *self { "t" } else { "f" }),
        }
    }
}

/// Numbers: big endian in binary, their digits in text. `{:?}` of a float has an exponent where that is shorter, and `NaN` and `inf`
/// as both servers read them.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl CopyValue for $number {
            fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
                match field.format() {
                    CopyFormat::Binary => field.binary(&self.to_be_bytes()),
                    CopyFormat::Text | CopyFormat::Csv => field.display(format_args!("{self:?}")),
                }
            }
        }
    )*};
}

numbers!(i16, i32, i64, f32, f64);

/// Values that stand for another one.
macro_rules! forwards {
    ($({$($generics:tt)*} $from:ty),* $(,)?) => {$(
        impl<$($generics)*> CopyValue for $from {
            fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
                (**self).encode(field)
            }
        }
    )*};
}

forwards!(
    {V: CopyValue + ?Sized} &V,
    {V: CopyValue + ?Sized} Box<V>,
    {} String,
    {} Vec<u8>,
    {} bytes::Bytes,
    {} Cow<'_, str>,
);

impl<V: CopyValue> CopyValue for Option<V> {
    fn encode(&self, field: Field<'_>) -> Result<Encoded, ValueError> {
        match self {
            Some(value) => value.encode(field),
            None => Ok(field.null()),
        }
    }
}

impl<V: CopyValue> CopyRow for [V] {
    fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
        for value in self {
            row.value(value)?;
        }
        Ok(())
    }
}

impl<V: CopyValue> CopyRow for Vec<V> {
    fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
        self.as_slice().encode(row)
    }
}

impl<V: CopyValue, const N: usize> CopyRow for [V; N] {
    fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
        self.as_slice().encode(row)
    }
}

impl<R: CopyRow + ?Sized> CopyRow for &R {
    fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
        (**self).encode(row)
    }
}

macro_rules! tuples {
    ($($value:ident)*) => {
        impl<$($value: CopyValue),*> CopyRow for ($($value,)*) {
            #[expect(non_snake_case, reason = "each value is named as its type")]
            fn encode(&self, row: &mut RowWriter<'_>) -> Result<(), EncodeError> {
                let ($($value,)*) = self;
                $(row.value($value)?;)*
                Ok(())
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
