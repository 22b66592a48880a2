//! Values of Arrow as PostgreSQL's text, for loads.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use crdb_exec::{Date, Numeric, TimeOfDay, Timestamp};

use crate::value::Value;

/// More dimensions than this no server has (`MAXDIM` in PostgreSQL's src/include/utils/array.h).
const MOST_DIMENSIONS: usize = 6;

/// What the column of the table makes of bytes and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Sixteen bytes are a UUID.
    Uuid,
    /// Bytes are EWKB.
    Spatial,
    /// A list is a VECTOR.
    Vector,
    /// Bytes are bytes, and a list is an array.
    Plain,
}

impl Wanted {
    /// By the name of the column's type, an array's included.
    pub(crate) fn of(type_: &str) -> Self {
        match type_ {
            "uuid" | "uuid[]" => Self::Uuid,
            _ if type_.starts_with("geometry") || type_.starts_with("geography") => Self::Spatial,
            _ if type_.starts_with("vector") => Self::Vector,
            _ => Self::Plain,
        }
    }
}

/// Whether values of this type can be loaded.
pub(crate) fn is_known(data_type: &DataType) -> bool {
    is_known_within(data_type, MOST_DIMENSIONS)
}

fn is_known_within(data_type: &DataType, dimensions: usize) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(TimeUnit::Second | TimeUnit::Millisecond)
        | DataType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
        | DataType::Timestamp(..)
        | DataType::Null => true,
        DataType::Dictionary(keys, values) => {
            keys.is_integer() && !values.is_nested() && is_known_within(values, dimensions)
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            dimensions > 0 && is_known_within(item.data_type(), dimensions - 1)
        }
        _ => false,
    }
}

/// The value of a row of primitives.
fn get<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

/// The text of a value; `None` is NULL.
pub(crate) fn text(
    array: &dyn Array,
    row: usize,
    wanted: Wanted,
) -> Result<Option<String>, String> {
    if array.is_null(row) {
        return Ok(None);
    }
    let value = match array.data_type() {
        DataType::Null => return Ok(None),
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::UInt64 => return Ok(Some(get::<UInt64Type>(array, row).to_string())),
        data_type if data_type.is_integer() => Value::Int(integer(array, row)?),
        DataType::Float16 => Value::Float4(get::<Float16Type>(array, row).to_f32()),
        DataType::Float32 => Value::Float4(get::<Float32Type>(array, row)),
        DataType::Float64 => Value::Float8(get::<Float64Type>(array, row)),
        DataType::Decimal32(_, scale) => {
            return decimal(get::<Decimal32Type>(array, row).into(), *scale).map(Some);
        }
        DataType::Decimal64(_, scale) => {
            return decimal(get::<Decimal64Type>(array, row).into(), *scale).map(Some);
        }
        DataType::Decimal128(_, scale) => {
            return decimal(get::<Decimal128Type>(array, row), *scale).map(Some);
        }
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Value::Text(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row)),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row), wanted),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row), wanted),
        DataType::BinaryView => bytes(array.as_binary_view().value(row), wanted),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().value(row), wanted),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values();
            let key = usize::try_from(integer(dictionary.keys(), row)?).unwrap_or(usize::MAX);
            if key >= values.len() {
                return Err("the dictionary lacks the value".to_owned());
            }
            return text(values, key, wanted);
        }
        DataType::List(_) => return list(&array.as_list::<i32>().value(row), wanted).map(Some),
        DataType::LargeList(_) => {
            return list(&array.as_list::<i64>().value(row), wanted).map(Some);
        }
        DataType::FixedSizeList(..) => {
            return list(&array.as_fixed_size_list().value(row), wanted).map(Some);
        }
        _ => time(array, row)?,
    };
    Ok(Some(value.to_string()))
}

fn bytes(bytes: &[u8], wanted: Wanted) -> Value<'_> {
    match (wanted, bytes.try_into()) {
        (Wanted::Uuid, Ok(bytes)) => Value::Uuid(bytes),
        (Wanted::Spatial, _) => Value::Spatial(bytes),
        _ => Value::Bytes(bytes),
    }
}

/// An integer but a UInt64, which may be too large for a server's.
fn integer(array: &dyn Array, row: usize) -> Result<i64, String> {
    Ok(match array.data_type() {
        DataType::Int8 => get::<Int8Type>(array, row).into(),
        DataType::Int16 => get::<Int16Type>(array, row).into(),
        DataType::Int32 => get::<Int32Type>(array, row).into(),
        DataType::Int64 => get::<Int64Type>(array, row),
        DataType::UInt8 => get::<UInt8Type>(array, row).into(),
        DataType::UInt16 => get::<UInt16Type>(array, row).into(),
        DataType::UInt32 => get::<UInt32Type>(array, row).into(),
        DataType::UInt64 => {
            i64::try_from(get::<UInt64Type>(array, row)).map_err(|error| error.to_string())?
        }
        other => return Err(format!("Arrow's type {other} is no integer")),
    })
}

/// A day or a time. Servers keep microseconds: what is between them is refused.
fn time(array: &dyn Array, row: usize) -> Result<Value<'static>, String> {
    const BEYOND: &str = "the time is beyond the server's";
    const BETWEEN: &str = "the server keeps microseconds, and the value has nanoseconds";
    let whole = |nanoseconds: i64| match nanoseconds % 1_000 {
        0 => Ok(nanoseconds / 1_000),
        _ => Err(BETWEEN),
    };
    let of_day = |microseconds: i64| {
        TimeOfDay::from_microseconds(microseconds)
            .map(Value::Time)
            .ok_or(BEYOND)
    };
    let day = |days: i32| Date::from_unix_days(days).map(Value::Date).ok_or(BEYOND);
    let time = match array.data_type() {
        DataType::Date32 => day(get::<Date32Type>(array, row)),
        DataType::Date64 => {
            const DAY: i64 = 86_400_000;
            let milliseconds = get::<Date64Type>(array, row);
            match milliseconds % DAY {
                0 => day(i32::try_from(milliseconds / DAY).map_err(|_| BEYOND)?),
                _ => Err("the day has a time"),
            }
        }
        DataType::Time32(TimeUnit::Second) => {
            of_day(i64::from(get::<Time32SecondType>(array, row)) * 1_000_000)
        }
        DataType::Time32(_) => of_day(i64::from(get::<Time32MillisecondType>(array, row)) * 1_000),
        DataType::Time64(TimeUnit::Microsecond) => of_day(get::<Time64MicrosecondType>(array, row)),
        DataType::Time64(_) => of_day(whole(get::<Time64NanosecondType>(array, row))?),
        DataType::Timestamp(unit, zone) => {
            let microseconds = match unit {
                TimeUnit::Second => get::<TimestampSecondType>(array, row).checked_mul(1_000_000),
                TimeUnit::Millisecond => {
                    get::<TimestampMillisecondType>(array, row).checked_mul(1_000)
                }
                TimeUnit::Microsecond => Some(get::<TimestampMicrosecondType>(array, row)),
                TimeUnit::Nanosecond => Some(whole(get::<TimestampNanosecondType>(array, row))?),
            };
            let time = microseconds
                .and_then(Timestamp::from_unix_microseconds)
                .ok_or(BEYOND)?;
            // With a zone the value is in UTC.
            Ok(match zone {
                Some(_) => Value::TimestampTz(time),
                None => Value::Timestamp(time),
            })
        }
        other => return Err(format!("Arrow's type {other} has no mapping")),
    };
    time.map_err(str::to_owned)
}

fn decimal(mantissa: i128, scale: i8) -> Result<String, String> {
    let number = match u32::try_from(scale) {
        Ok(scale) => Numeric::from_mantissa_and_scale(mantissa, scale),
        Err(_) => 10_i128
            .checked_pow(u32::from(scale.unsigned_abs()))
            .and_then(|power| mantissa.checked_mul(power))
            .and_then(|mantissa| Numeric::from_mantissa_and_scale(mantissa, 0)),
    };
    number
        .map(|number| number.to_string())
        .ok_or_else(|| "the number is too large".to_owned())
}

fn list(array: &ArrayRef, wanted: Wanted) -> Result<String, String> {
    let is_vector = wanted == Wanted::Vector;
    let is_nested = array.data_type().is_nested();
    let mut out = String::from(if is_vector { "[" } else { "{" });
    for row in 0..array.len() {
        if row > 0 {
            out.push(',');
        }
        match text(array, row, wanted)? {
            None => out.push_str("NULL"),
            Some(element) if is_nested || is_vector => out.push_str(&element),
            Some(element) => {
                out.push('"');
                for character in element.chars() {
                    if matches!(character, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(character);
                }
                out.push('"');
            }
        }
    }
    out.push(if is_vector { ']' } else { '}' });
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{FixedSizeBinaryBuilder, ListBuilder, StringDictionaryBuilder};
    use arrow_array::{
        BinaryArray, Date64Array, Decimal64Array, Time32MillisecondArray, TimestampNanosecondArray,
        UInt64Array,
    };
    use arrow_schema::Field;

    use super::*;

    fn first(array: &dyn Array, type_: &str) -> Result<Option<String>, String> {
        assert!(is_known(array.data_type()), "{}", array.data_type());
        text(array, 0, Wanted::of(type_))
    }

    #[test]
    fn bytes_and_lists_become_what_the_column_holds() {
        let binary = BinaryArray::from(vec![&[1_u8, 0xab][..]]);
        assert_eq!(first(&binary, "bytea").unwrap().unwrap(), "\\x01ab");
        assert_eq!(first(&binary, "geometry").unwrap().unwrap(), "01AB");
        let mut ids = ListBuilder::new(FixedSizeBinaryBuilder::new(16));
        ids.values().append_value([7; 16]).unwrap();
        ids.append(true);
        assert_eq!(
            first(&ids.finish(), "uuid[]").unwrap().unwrap(),
            "{\"07070707-0707-0707-0707-070707070707\"}"
        );
        let mut numbers = ListBuilder::new(arrow_array::builder::Float32Builder::new());
        numbers.values().append_slice(&[1.0, -0.5]);
        numbers.append(true);
        let numbers = numbers.finish();
        assert_eq!(first(&numbers, "vector").unwrap().unwrap(), "[1,-0.5]");
        assert_eq!(
            first(&numbers, "real[]").unwrap().unwrap(),
            "{\"1\",\"-0.5\"}"
        );
    }

    #[test]
    fn other_writers_types_are_exact_or_refused() {
        let mut names = StringDictionaryBuilder::<Int8Type>::new();
        names.append("a").unwrap();
        assert_eq!(first(&names.finish(), "text").unwrap().unwrap(), "a");
        let times = |value| TimestampNanosecondArray::from(vec![value]);
        assert_eq!(
            first(&times(1_000), "timestamp").unwrap().unwrap(),
            "1970-01-01 00:00:00.000001"
        );
        assert!(first(&times(1_001), "timestamp").is_err());
        assert_eq!(
            first(&Date64Array::from(vec![86_400_000]), "date")
                .unwrap()
                .unwrap(),
            "1970-01-02"
        );
        assert!(first(&Date64Array::from(vec![1]), "date").is_err());
        assert_eq!(
            first(&Time32MillisecondArray::from(vec![1]), "time")
                .unwrap()
                .unwrap(),
            "00:00:00.001"
        );
        let number = Decimal64Array::from(vec![-125])
            .with_precision_and_scale(10, 2)
            .unwrap();
        assert_eq!(first(&number, "numeric").unwrap().unwrap(), "-1.25");
        assert_eq!(
            first(&UInt64Array::from(vec![u64::MAX]), "numeric")
                .unwrap()
                .unwrap(),
            u64::MAX.to_string()
        );
    }

    #[test]
    fn lists_beyond_the_servers_dimensions_are_unknown() {
        let mut data_type = DataType::Int32;
        for dimensions in 0..=8 {
            assert_eq!(is_known(&data_type), dimensions <= 6, "{dimensions}");
            data_type = DataType::List(Arc::new(Field::new("item", data_type, true)));
        }
    }
}
