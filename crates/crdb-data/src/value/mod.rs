//! What a value is, read from the binary format.

mod array;
mod column;
mod kind;
mod text;

pub use array::ArrayValue;
pub use column::{Columns, DataColumn};
pub use kind::ValueKind;

use std::collections::BTreeMap;

use crdb_exec::{
    BitString, Date, FromSql as _, Inet, Interval, Numeric, Row, TimeOfDay, TimeTz, Timestamp, Type,
};

use crate::error::{Error, ErrorKind};

/// A value of a row, borrowed from it. [`Display`](std::fmt::Display) writes it as PostgreSQL's text format does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// BOOL.
    Bool(bool),
    /// INT2, INT4, INT8, and OID with its siblings.
    Int(i64),
    /// FLOAT4.
    Float4(f32),
    /// FLOAT8.
    Float8(f64),
    /// DECIMAL.
    Numeric(Numeric),
    /// Every type that is text: TEXT, VARCHAR, CHAR, NAME, enums, CITEXT, LTREE, JSONPATH, `"char"`.
    Text(&'a str),
    /// BYTES.
    Bytes(&'a [u8]),
    /// UUID.
    Uuid([u8; 16]),
    /// DATE.
    Date(Date),
    /// TIME.
    Time(TimeOfDay),
    /// TIMETZ.
    TimeTz(TimeTz),
    /// TIMESTAMP.
    Timestamp(Timestamp),
    /// TIMESTAMPTZ, in UTC.
    TimestampTz(Timestamp),
    /// INTERVAL.
    Interval(Interval),
    /// INET and CIDR.
    Inet(Inet),
    /// BIT and VARBIT.
    Bits(BitString),
    /// JSON and JSONB, as text.
    Json(&'a str),
    /// GEOMETRY and GEOGRAPHY, as EWKB.
    Spatial(&'a [u8]),
    /// VECTOR.
    Vector(Vec<f32>),
    /// An array.
    Array(ArrayValue<'a>),
}

impl Value<'_> {
    /// Whether it is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// The row as a map from the names of its columns to their values.
///
/// # Errors
/// [`ErrorKind::Type`] for a type without a mapping, and for a name that several columns have: name them apart with AS.
/// [`ErrorKind::Value`] for bytes that are no value of their type.
pub fn map<R: Row>(row: &R) -> Result<BTreeMap<&str, Value<'_>>, Error> {
    let mut map = BTreeMap::new();
    for index in 0..row.len() {
        let Some(column) = row.column(index) else {
            continue;
        };
        let kind =
            ValueKind::of(column.type_).ok_or_else(|| no_mapping(column.name, column.type_))?;
        let value = kind
            .read_nullable(row.value(index))
            .map_err(|reason| malformed(column.name, reason))?;
        if map.insert(column.name, value).is_some() {
            return Err(repeated(column.name));
        }
    }
    Ok(map)
}

pub(crate) fn no_mapping(name: &str, type_: &Type) -> Error {
    Error::new(
        ErrorKind::Type,
        format!("column \"{name}\" has the type {type_}, which has no mapping"),
    )
    .with_advice("cast it to TEXT in the query")
}

pub(crate) fn malformed(name: &str, reason: BadValue) -> Error {
    Error::new(ErrorKind::Value, format!("column \"{name}\": {}", reason.0))
}

pub(crate) fn repeated(name: &str) -> Error {
    Error::new(
        ErrorKind::Type,
        format!("several columns have the name \"{name}\""),
    )
    .with_advice("name them apart with AS")
}

/// Why bytes are no value of their type.
#[derive(Debug)]
pub(crate) struct BadValue(pub(crate) String);

impl From<Box<dyn std::error::Error + Send + Sync>> for BadValue {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self(error.to_string())
    }
}

impl From<&str> for BadValue {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

fn utf8(raw: &[u8]) -> Result<&str, BadValue> {
    std::str::from_utf8(raw).map_err(|_| BadValue::from("the server sent a text that is no UTF-8"))
}

fn fixed<const N: usize>(raw: &[u8]) -> Result<[u8; N], BadValue> {
    raw.try_into()
        .map_err(|_| BadValue(format!("expected {N} bytes, got {}", raw.len())))
}

impl ValueKind {
    /// Reads a value of this kind from the binary format; `None` is NULL.
    pub(crate) fn read_nullable<'a>(&self, raw: Option<&'a [u8]>) -> Result<Value<'a>, BadValue> {
        raw.map_or(Ok(Value::Null), |raw| self.read(raw))
    }

    pub(crate) fn read<'a>(&self, raw: &'a [u8]) -> Result<Value<'a>, BadValue> {
        Ok(match self {
            Self::Bool => Value::Bool(fixed::<1>(raw)? != [0]),
            Self::Char => match raw {
                [0] => Value::Text(""),
                raw => Value::Text(utf8(raw)?),
            },
            Self::Int2 => Value::Int(i16::from_be_bytes(fixed(raw)?).into()),
            Self::Int4 => Value::Int(i32::from_be_bytes(fixed(raw)?).into()),
            Self::Int8 => Value::Int(i64::from_be_bytes(fixed(raw)?)),
            Self::Oid => Value::Int(u32::from_be_bytes(fixed(raw)?).into()),
            Self::Float4 => Value::Float4(f32::from_be_bytes(fixed(raw)?)),
            Self::Float8 => Value::Float8(f64::from_be_bytes(fixed(raw)?)),
            Self::Numeric => Value::Numeric(Numeric::from_sql(&Type::NUMERIC, raw)?),
            Self::Text => Value::Text(utf8(raw)?),
            Self::VersionedText => match raw {
                [1, text @ ..] => Value::Text(utf8(text)?),
                _ => return Err("it is of an unknown version".into()),
            },
            Self::Bytes => Value::Bytes(raw),
            Self::Uuid => Value::Uuid(fixed(raw)?),
            Self::Date => Value::Date(Date::from_sql(&Type::DATE, raw)?),
            Self::Time => Value::Time(TimeOfDay::from_sql(&Type::TIME, raw)?),
            Self::TimeTz => Value::TimeTz(TimeTz::from_sql(&Type::TIMETZ, raw)?),
            Self::Timestamp => Value::Timestamp(Timestamp::from_sql(&Type::TIMESTAMP, raw)?),
            Self::TimestampTz => Value::TimestampTz(Timestamp::from_sql(&Type::TIMESTAMPTZ, raw)?),
            Self::Interval => Value::Interval(Interval::from_sql(&Type::INTERVAL, raw)?),
            Self::Inet => Value::Inet(Inet::from_sql(&Type::INET, raw)?),
            Self::Bits => Value::Bits(BitString::from_sql(&Type::VARBIT, raw)?),
            Self::Json => Value::Json(utf8(raw)?),
            Self::Jsonb => match raw {
                [1, text @ ..] => Value::Json(utf8(text)?),
                _ => return Err("the JSONB is of an unknown version".into()),
            },
            Self::Spatial => Value::Spatial(raw),
            Self::Vector => Value::Vector(vector(raw)?),
            Self::Void => Value::Text(""),
            Self::Array(element) => Value::Array(ArrayValue::read(element, raw)?),
        })
    }
}

/// A count, two bytes of nothing, and so many floats (`vector_send` of pgvector, which CockroachDB follows).
fn vector(raw: &[u8]) -> Result<Vec<f32>, BadValue> {
    let (head, floats) = raw
        .split_first_chunk::<4>()
        .ok_or("the VECTOR is cut short")?;
    let count = usize::from(u16::from_be_bytes([head[0], head[1]]));
    if floats.len() != count * 4 {
        return Err("the VECTOR's length does not fit its dimensions".into());
    }
    floats
        .chunks_exact(4)
        .map(|four| Ok(f32::from_be_bytes(fixed(four)?)))
        .collect()
}
